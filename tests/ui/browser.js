// A headless Chromium on pages of this folder, served from the loopback; it draws 3-D without a GPU.
import { access, readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const KINDS = { ".html": "text/html", ".js": "text/javascript", ".glb": "model/gltf-binary", ".json": "application/json" };
const WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"];

/** `folders`: more that are served, by the path they begin with. */
export async function openBrowser(folders) {
  const server = await serve({ ...folders, "": HERE });
  const address = `http://127.0.0.1:${server.address().port}`;
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [...WEBGL, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  });
  const complaints = [];
  return {
    complaints,
    async open(page) {
      const tab = await browser.newPage({ viewport: { width: 900, height: 900 } });
      tab.on("pageerror", (error) => complaints.push(String(error)));
      tab.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
      tab.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(address) && !/^(blob|data):/.test(url)) complaints.push(`went out: ${url}`);
      });
      await tab.goto(address + page);
      return tab;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

async function serve(folders) {
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const start = Object.keys(folders).find((prefix) => pathname.startsWith(`${prefix}/`));
    const file = path.join(folders[start], path.normalize(pathname.slice(start.length)));
    try {
      await access(file);
      response.setHeader("content-type", KINDS[path.extname(file)] ?? "application/octet-stream");
      response.end(await readFile(file));
    } catch {
      response.statusCode = pathname === "/favicon.ico" ? 204 : 404;
      response.end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return server;
}
