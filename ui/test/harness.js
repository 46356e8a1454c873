// A real `tirage serve` with its worker, and Chromium on its pages.  Nothing is mocked.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const ROOT = path.resolve(import.meta.dirname, "../..");
export const SAMPLE = path.join(ROOT, "examples/design.png");
export const PYTHON = process.env.PYTHON ?? path.join(ROOT, ".venv/bin/python");
const WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"];
const EXIT_SECONDS = 30;
/** Milliseconds: a machine that draws 3-D without a graphics processor and does other things besides. */
const SLOWEST = 90_000;

/** A server on a free port with an empty data folder of its own. */
export async function startServer(variables = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), "tirage-studio-"));
  const child = spawn(PYTHON, ["-m", "tirage", "serve", "--port", "0", "--data-dir", folder], {
    cwd: ROOT,
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = await lines(child.stdout, 2);
  const url = /http:\/\/[\d.:]+/.exec(said.join("\n"))[0];
  const key = said.join(" ").match(/sk_\S+/)[0];
  const call = async (method, where, body, headers = {}) => {
    const json = body !== undefined && !(body instanceof FormData);
    const answer = await fetch(url + where, {
      method,
      headers: { Authorization: `Bearer ${key}`, ...(json ? { "Content-Type": "application/json" } : {}), ...headers },
      body: json ? JSON.stringify(body) : body,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  const upload = async (bytes, name, type = "image/png") => {
    const form = new FormData();
    form.set("file", new File([bytes], name, { type }));
    return call("POST", "/v1/designs", form);
  };
  return {
    url,
    key,
    folder,
    call,
    upload,
    uploadSample: async (name = "sample.png") => upload(await readFile(SAMPLE), name),
    async stop() {
      child.kill("SIGTERM");
      await Promise.race([new Promise((done) => child.once("exit", done)), pause(EXIT_SECONDS * 1000).then(() => child.kill("SIGKILL"))]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function lines(stream, count) {
  const found = [];
  const reader = createInterface({ input: stream });
  await new Promise((done, fail) => {
    reader.on("line", (line) => {
      found.push(line);
      if (found.length === count) done();
    });
    reader.on("close", () => fail(new Error(`The server ended:\n${found.join("\n")}`)));
  });
  return found;
}

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [...WEBGL, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  });
}

/** A browser profile of its own, let in with the server's key; complaints are errors, refused scripts, requests elsewhere. */
export async function openProfile(browser, server, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, reducedMotion: "reduce", acceptDownloads: true, ...options });
  const complaints = [];
  context.on("weberror", (error) => complaints.push(`error: ${error.error().message}`));
  context.on("console", (message) => {
    const text = message.text();
    if (/Content.Security.Policy|Refused to/i.test(text)) complaints.push(`policy: ${text}`);
  });
  context.on("request", (request) => {
    if (!request.url().startsWith(server.url) && !/^(blob|data):/.test(request.url())) complaints.push(`went out: ${request.url()}`);
  });
  context.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const first = await context.newPage();
  first.setDefaultTimeout(SLOWEST);
  await first.goto(`${server.url}/studio/#key=${server.key}`);
  await first.getByRole("heading", { name: "Mockups" }).waitFor();
  return {
    context,
    complaints,
    page: first,
    async open(where) {
      const page = await context.newPage();
      page.setDefaultTimeout(SLOWEST);
      await page.goto(`${server.url}/studio${where}`);
      return page;
    },
  };
}

/** Waits until the garment is seen; "finished": as finely as it gets. */
export async function drawn(page, how = "first") {
  await page.waitForFunction((least) => [least, "finished"].includes(document.querySelector("[data-drawn]")?.dataset.drawn), how, { timeout: 120_000 });
}
