// From recordings to a video that is watched, by hand, on one server: what the first makes the next ones use.
import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { after, before, test } from "node:test";
import { openProfile, startBrowser, startServer } from "./harness.js";
import { edit, record } from "./media.js";

const RENDERED = 180_000;
/** Milliseconds. */
const PATIENCE = Number(process.env.PATIENCE ?? 90_000);
let server, browser, profile, page, media, session;

before(async () => {
  media = await record();
  server = await startServer();
  browser = await startBrowser();
  profile = await openProfile(browser, server, { viewport: { width: 1200, height: 800 } });
  page = profile.page;
  page.setDefaultTimeout(PATIENCE);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await media?.stop();
});

const button = (name, options) => page.getByRole("button", { name, exact: true, ...options });
const tab = (name) => page.getByRole("tab", { name }).click();
const event = () => page.getByTestId("event");

async function choose(name, files) {
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), button(name).click()]);
  await chooser.setFiles(files);
}

/** A file dropped from outside the browser. */
async function drop(target, name, text) {
  const data = await page.evaluateHandle(([name, text]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], name));
    return transfer;
  }, [name, text]);
  await target.dispatchEvent("drop", { dataTransfer: data });
}

// rows: R166 R168
test("recordings make a session, are sent with progress, and looked into", async () => {
  await page.getByRole("link", { name: "Videos", exact: true }).click();
  await page.getByText("No sessions yet").waitFor();
  await button("New session").click();
  await page.getByRole("textbox", { name: "Name" }).fill("Golden evening");
  await choose("Choose recordings", media.files);
  assert.equal(await page.getByRole("combobox", { name: "Sound comes from" }).inputValue(), "recorder");
  await button("Make it and send 3 recordings").click();
  await page.getByRole("heading", { name: "Golden evening" }).waitFor();
  session = new URL(page.url()).pathname.split("/").pop();
  const wide = page.getByRole("region", { name: "Recorder wide" });
  await wide.getByText("h264 640 × 360").waitFor();
  for (const name of ["wide", "close", "recorder"]) await page.getByRole("region", { name: `Recorder ${name}` }).getByText("ready", { exact: true }).waitFor();
  assert.match(await wide.textContent(), /25 fps.*8\.0 s/);
  assert.match(await page.getByRole("region", { name: "Recorder recorder" }).textContent(), /pcm_s16le 48 kHz/);
});

// rows: R166
test("a recorder's clock is set by hand", async () => {
  await button("Sync of close").click();
  await page.getByRole("textbox", { name: "Offset, seconds" }).fill("1/3");
  await page.getByRole("textbox", { name: "Drift, parts per million" }).fill("-12.5");
  await button("Save").click();
  await page.getByRole("region", { name: "Recorder close" }).getByText("Offset +0.3333 s · drift -12.5 ppm").waitFor();
});

test("an edit is dropped; what is wrong with it leads to its event", async () => {
  await tab(/Edit/);
  await drop(page.locator("main").getByText("Drop an edit"), "first.json", JSON.stringify(edit({ wrong: true })));
  await page.getByText("Revision 1", { exact: false }).first().waitFor();
  const found = page.getByRole("region", { name: "Findings" });
  await found.getByText(/Error: .*after its last/).waitFor();
  assert.ok(await button("Lock").isDisabled(), "what is wrong cannot be locked");
  await found.getByRole("button", { name: /^Show camera wide, event 003/ }).first().click();
  await event().getByText("wide · event 003").waitFor();
  assert.equal(await page.getByRole("option", { selected: true }).getAttribute("data-shot"), "2");
  assert.match(await page.getByRole("option", { selected: true }).getAttribute("aria-label"), /something is wrong here/);
});

test("a file that is no edit is refused in words", async () => {
  await drop(page.locator("main").getByText("Drop an edit"), "cut.otio", "{}");
  await page.locator("main").getByRole("alert").first().waitFor();
  assert.equal((await server.call("GET", `/v1/sessions/${session}/edls`)).edls.length, 1);
});

test("the next revision shows its tracks, goes by keyboard, and says what it changed", async () => {
  await choose("Bring another revision", await media.write("second.json", edit()));
  await page.locator("main").getByText(/^second\.json/).waitFor();
  const timeline = page.getByRole("listbox", { name: /Events of the edit/ });
  assert.deepEqual(await timeline.getByRole("group").evaluateAll((all) => all.map((each) => each.getAttribute("aria-label"))), ["wide", "close"]);
  for (const text of ["Welcome", "The song", "best", "Evening", "Good evening.", "3.0 s"]) await timeline.getByText(text, { exact: true }).waitFor();
  await timeline.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await event().getByText("close · event 002").waitFor();
  await event().getByText("dissolve of 10 frames").waitFor();
  await event().getByText("00:00:02:00 – 00:00:04:00").waitFor();
  await page.getByRole("combobox", { name: "Compare with" }).click();
  await page.getByRole("option", { name: /^Revision 1/ }).click();
  const changes = page.getByRole("region", { name: "Changes" });
  await changes.getByText("50 of 150 frames show something else.").waitFor();
  await changes.getByRole("button", { name: /event at 00:00:04:00/ }).click();
  await event().getByText("wide · event 003").waitFor();
});

// rows: R168
test("it is locked and rendered, live; the video is watched by chapters and downloaded", async () => {
  await button("Lock").click();
  await button("Render it").click();
  await page.getByRole("checkbox", { name: /^Full/ }).uncheck();
  await page.getByRole("checkbox", { name: /^Short/ }).check();
  await page.getByRole("checkbox", { name: /^Thumbnail/ }).check();
  await page.getByRole("combobox", { name: "Size" }).click();
  await page.getByRole("option", { name: "smallest draft" }).click();
  await button("Render").click();
  await page.getByRole("progressbar").first().waitFor({ state: "attached" }); // at 0 % it has no width
  const short = page.getByRole("article", { name: "Short, completed" });
  await short.waitFor({ timeout: RENDERED });
  const film = short.locator("video");
  await page.waitForFunction(() => document.querySelector("article video")?.readyState >= 1);
  assert.ok(Math.abs((await film.evaluate((each) => each.duration)) - 3) < 0.1, "the marked range of three seconds");
  await short.getByRole("button", { name: /The song/ }).click();
  assert.ok((await film.evaluate((each) => each.currentTime)) >= 1.9);
  const [file] = await Promise.all([page.waitForEvent("download"), short.getByRole("link", { name: /^video/ }).click()]);
  assert.equal(file.suggestedFilename(), "short_9_16.mp4");
  assert.ok((await stat(await file.path())).size > 1000);
  await page.getByRole("article", { name: "Thumbnail, completed" }).locator("img").waitFor({ timeout: RENDERED });
});

test("it is all there after loading again; addresses lead to every part", async () => {
  await page.reload();
  await page.getByRole("article").nth(1).waitFor();
  assert.equal(await page.getByRole("article").count(), 2);
  await page.goto(`${server.url}/studio/videos/${session}/edit`);
  await page.getByRole("listbox", { name: /Events of the edit/ }).waitFor();
  await page.goto(`${server.url}/studio/videos`);
  await page.getByRole("link", { name: "Golden evening" }).click();
  await page.getByRole("region", { name: "Recorder wide" }).waitFor();
});

// rows: R166
test("a changed recorder breaks the lock, and the page says so before anything is ordered", async () => {
  await button("Sync of wide").click();
  await page.getByRole("textbox", { name: "Offset, seconds" }).fill("0.04");
  await button("Save").click();
  await page.getByText("Offset +0.04 s").waitFor();
  await tab(/Videos/);
  await page.getByText(/is not what was locked/).waitFor();
  assert.ok(await button("Render").isDisabled());
});

test("nothing complained on the way", () => assert.deepEqual(profile.complaints, []));
