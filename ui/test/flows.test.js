// Every flow of the web interface, in order, on one server: what the first makes the next ones use.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { drawn, openProfile, pause, startBrowser, startServer } from "./harness.js";
import { EMPTY } from "./pages.js";

const RENDERED = 180_000;
let server, browser, profile, page;
const received = [];
let hook;

before(async () => {
  hook = http.createServer((request, response) => {
    received.push(request.headers["webhook-id"]);
    request.resume();
    response.statusCode = 204;
    response.end();
  });
  await new Promise((done) => hook.listen(0, "127.0.0.1", done));
  server = await startServer({ TIRAGE_FETCH_ALLOW: `127.0.0.1:${hook.address().port}` });
  browser = await startBrowser();
  profile = await openProfile(browser, server, { viewport: { width: 1200, height: 640 }, deviceScaleFactor: 0.5 });
  page = profile.page;
});

after(async () => {
  await browser?.close();
  await server?.stop();
  hook?.close();
});

const button = (name, options) => page.getByRole("button", { name, exact: true, ...options });
const field = (name) => page.getByRole("textbox", { name, exact: true });
const value = async (name) => Number.parseFloat(await field(name).inputValue());
const stage = () => page.getByRole("application");
const preset = (name) => page.getByRole("group", { name: "Placement" }).getByText(name, { exact: true }).click();
const go = (where) => page.goto(`${server.url}/studio${where}`);

/** Drags from one place of the stage to another, both 0–1. */
async function drag([x, y], [toX, toY], { steps = 6, inside } = {}) {
  const box = await stage().boundingBox();
  const at = (u, v) => [box.x + u * box.width, box.y + v * box.height];
  await page.mouse.move(...at(x, y));
  await page.mouse.down();
  await page.mouse.move(...at(toX, toY), { steps });
  await pause(150);
  const seen = inside ? await inside() : null;
  await page.mouse.up();
  await pause(150);
  return seen;
}

/** Where a handle of the chosen design is on the stage, 0–1. */
async function handle(index) {
  const circle = page.locator("[role=application] svg circle").nth(index);
  return [Number(await circle.getAttribute("cx")), Number(await circle.getAttribute("cy"))];
}

describe("a first mockup", () => {
  test("an empty garment offers a sample, which lies where it usually does", async () => {
    await drawn(page);
    await button("Try the sample").click();
    await page.getByRole("list", { name: "Designs on the garment" }).getByText("sample.png").waitFor();
    assert.equal(await value("Width"), 22);
    await drawn(page);
  });

  test("it is dragged, with its measures shown, and snaps to the middle", async () => {
    const seen = await drag([0.5, 0.45], [0.54, 0.52], { inside: () => page.getByTestId("measures").textContent() });
    assert.match(seen, /22\.0 × 2\d\.\d cm · \d+ DPI/);
    assert.ok((await value("Across")) > 1, `moved to ${await value("Across")}`);
    const [x, y] = [await value("Across"), await value("Down")];
    assert.ok(y > 21);
    await drag([0.54, 0.5], [0.502, 0.5]);
    assert.equal(await value("Across"), 0, `from ${x} it did not snap`);
  });

  test("a corner scales it, the upper handle turns it, and it can be undone and redone", async () => {
    const before = await value("Width");
    const corner = await handle(2);
    await drag(corner, [corner[0] + 0.06, corner[1] + 0.06]);
    const grown = await value("Width");
    assert.ok(grown > before + 1, `${before} to ${grown}`);
    const top = await handle(4);
    await drag(top, [top[0] + 0.12, top[1] + 0.03]);
    assert.ok(Math.abs(await value("Turned")) > 5);
    await page.keyboard.press("Control+z");
    assert.equal(await value("Turned"), 0);
    await button("Undo").click();
    assert.equal(await value("Width"), before);
    await button("Redo").click();
    assert.equal(await value("Width"), grown);
  });

  test("the keyboard moves it; a preset puts it back", async () => {
    await stage().focus();
    const from = await value("Across");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    assert.equal(await value("Across"), from + 2.5);
    await preset("chest large");
    assert.equal(await value("Across"), 0);
    await preset("chest medium");
    assert.equal(await value("Width"), 22);
  });

  test("what is wrong is said beside it, and mended with one click", async () => {
    await field("Width").fill("60");
    await page.getByText(/\d+ DPI looks soft/).waitFor();
    await page.getByText("A part of it lies outside").waitFor();
    await button("Move it inside").click();
    await page.getByText("inside the print area").waitFor();
    await preset("chest medium");
  });

  test("it is rendered for a product that is named on the way, live", async () => {
    await page.getByRole("radio", { name: "navy" }).click();
    await field("Its title").fill("Golden hour tee");
    await button("Render").click();
    await page.getByRole("progressbar").first().waitFor();
    await button("Publish").waitFor({ timeout: RENDERED });
    await page.getByRole("button", { name: /^Open / }).nth(6).waitFor();
    const { products } = await server.call("GET", "/v1/products");
    assert.deepEqual(products.map((each) => [each.title, each.media.length]), [["Golden hour tee", 0]], "nothing is shown before it is published");
  });

  test("a picture is opened and zoomed; the turntable is turned by hand", async () => {
    await button("Open front").click();
    const dialog = page.getByRole("dialog");
    const picture = dialog.locator("img");
    await button("Larger").click();
    assert.match(await picture.getAttribute("style"), /scale\(1\.6\)/);
    for (let i = 0; i < 6; i++) await button("The next one").click();
    const film = dialog.locator("video");
    await film.waitFor();
    await page.waitForFunction(() => document.querySelector("[role=dialog] video").readyState >= 2);
    const before = await film.evaluate((video) => video.currentTime);
    const box = await film.boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.2, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    assert.notEqual(await film.evaluate((video) => video.currentTime), before);
    await page.keyboard.press("Escape");
  });

  test("the preview and the render are compared", async () => {
    await button("Compare").click();
    const dialog = page.getByRole("dialog", { name: "Preview and Render" });
    await dialog.getByRole("img", { name: "Preview, front" }).waitFor({ timeout: RENDERED });
    await dialog.getByRole("img", { name: "Render, front" }).waitFor();
    await dialog.getByRole("slider").focus();
    await page.keyboard.press("Home");
    assert.match(await dialog.getByRole("img", { name: "Preview, front" }).getAttribute("style"), /inset\(0px 100% 0px 0px\)/);
    await page.keyboard.press("Escape");
  });

  test("it is published after a look at what changes, and can be taken back", async () => {
    await button("Publish").click();
    const dialog = page.getByRole("dialog", { name: "What changes" });
    await dialog.getByText("+ 7").waitFor();
    await dialog.getByText("thumbnail").waitFor();
    await dialog.getByRole("button", { name: "Publish" }).click();
    await page.getByText("Published.").waitFor();
    const shown = async () => (await server.call("GET", "/v1/products")).products[0];
    assert.equal((await shown()).media.length, 7);
    assert.ok((await shown()).thumbnail);
    await button("Undo", { exact: true }).last().click();
    await page.getByText("As it was before.").waitFor();
    assert.equal((await shown()).media.length, 0);
    await button("Publish").click();
    await dialog.getByRole("button", { name: "Publish" }).click();
    await button("Published").waitFor();
    assert.equal((await shown()).media.length, 7);
  });

  test("all of it survives that the page is loaded again", async () => {
    await page.reload();
    await button("Published").waitFor({ timeout: 60_000 });
    await page.getByRole("list", { name: "Designs on the garment" }).getByText("sample.png").waitFor();
    assert.equal(await page.getByRole("radio", { name: "navy" }).getAttribute("aria-checked"), "true");
  });
});

describe("designs", () => {
  test("a white box is noticed and taken away", async () => {
    const data = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(600, 600);
      const draw = canvas.getContext("2d");
      draw.fillStyle = "white";
      draw.fillRect(0, 0, 600, 600);
      draw.fillStyle = "#c02040";
      draw.beginPath();
      draw.arc(300, 300, 200, 0, 7);
      draw.fill();
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    });
    await page.locator("input[type=file]").first().setInputFiles({ name: "disc.png", mimeType: "image/png", buffer: Buffer.from(data) });
    await page.getByText("It stands on a white box").waitFor();
    await button("Remove the white").click();
    await page.getByRole("list", { name: "Designs on the garment" }).getByText("disc-cut-out.png").waitFor();
    await page.getByText("It stands on a white box").waitFor({ state: "detached" });
    const corner = await page.evaluate(async () => {
      const { designs } = await (await fetch("/v1/designs")).json();
      const image = await createImageBitmap(await (await fetch(designs.find((each) => each.name.includes("cut-out")).url)).blob());
      const draw = new OffscreenCanvas(600, 600).getContext("2d");
      draw.drawImage(image, 0, 0);
      return [draw.getImageData(3, 3, 1, 1).data[3], draw.getImageData(300, 300, 1, 1).data[3]];
    });
    assert.deepEqual(corner, [0, 255]);
  });

  test("several lie on one garment, and one is taken off again", async () => {
    const list = page.getByRole("list", { name: "Designs on the garment" });
    assert.equal(await list.getByRole("listitem").count(), 2);
    await button("Remove disc-cut-out.png").click();
    assert.equal(await list.getByRole("listitem").count(), 1);
  });

  test("a file that is no picture is refused in words", async () => {
    await page.locator("input[type=file]").first().setInputFiles({ name: "x.png", mimeType: "image/png", buffer: Buffer.from("hello") });
    await page.locator(".mantine-Notification-root").filter({ hasText: /PNG|picture|file/i }).first().waitFor();
  });

  test("drafts are put aside and opened again", async () => {
    await button("Drafts").click();
    await page.getByRole("menuitem", { name: "New, and keep this one" }).click();
    await page.getByText("Drop a design here").waitFor();
    await button("Drafts").click();
    await page.getByRole("menuitem", { name: /sample\.png/ }).click();
    await page.getByRole("list", { name: "Designs on the garment" }).getByText("sample.png").waitFor();
  });
});

describe("many at once", () => {
  test("a matrix says what it comes to, and knows what was rendered before", async () => {
    await button("Matrix").click();
    const dialog = page.getByRole("dialog", { name: "Many mockups at once" });
    await dialog.getByText("1rendered before").waitFor();
    await dialog.getByRole("button", { name: "white", exact: true }).click();
    await dialog.getByText("2mockups, 14 files").waitFor();
    await dialog.getByRole("group", { name: "Places" }).getByText("back medium", { exact: true }).click();
    await dialog.getByText("Six views", { exact: true }).click();
    await dialog.getByText("4mockups, 24 files").waitFor();
    await dialog.getByRole("textbox", { name: "Name of the batch" }).fill("Summer");
    await button("Order 4 mockups").click();
    await page.getByRole("heading", { name: "Summer" }).waitFor();
  });

  test("it is reviewed with the keyboard alone", async () => {
    await page.getByText("to review").waitFor({ timeout: RENDERED });
    const cells = page.locator("[data-cell]");
    await page.locator("[data-cell] img").nth(3).waitFor({ timeout: 60_000 });
    await cells.first().focus();
    await page.keyboard.press("a");
    await page.keyboard.press("r");
    await page.getByTestId("tally").getByText("1 approved, 1 rejected, 2 open").waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("u");
    await page.getByTestId("tally").getByText("1 approved, 0 rejected, 3 open").waitFor();
    await page.keyboard.press("r");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByTestId("tally").getByText("1 approved, 1 rejected, 2 open").waitFor();
  });

  test("a design is moved a little and rendered again", async () => {
    await page.locator("[data-cell]").first().focus();
    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "Move the design" });
    await dialog.getByRole("application").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await dialog.getByRole("button", { name: "Render again" }).click();
    await page.getByText("moved", { exact: true }).waitFor({ timeout: 60_000 });
    await button("Publish").and(page.locator(":enabled")).waitFor({ timeout: RENDERED });
  });

  test("what is not rejected is published, and rolled back", async () => {
    await button("Publish").click();
    const dialog = page.getByRole("dialog", { name: "What changes" });
    await dialog.getByText("Then", { exact: true }).first().waitFor();
    await dialog.getByRole("button", { name: "Publish" }).click();
    await page.getByText("published", { exact: true }).first().waitFor();
    const [product] = (await server.call("GET", "/v1/products")).products;
    assert.ok(product.media.length > 7, `${product.media.length} media`);
    await go("/batches");
    await page.getByRole("link", { name: "Summer" }).click();
    await button("Roll back").click();
    await page.getByText("The products show again").waitFor();
  });
});

describe("jobs", () => {
  test("the table filters by status, product and text; addresses keep the filter", async () => {
    await go("/jobs");
    const rows = page.locator("tbody tr");
    await rows.first().waitFor();
    await field("Search").fill("back-medium");
    await page.waitForFunction(() => [...document.querySelectorAll("tbody tr")].every((row) => /back medium/.test(row.textContent)));
    assert.ok(page.url().includes("q=back-medium"));
    await field("Search").fill("nothing like it");
    await page.getByText("No job is like that").waitFor();
    await go("/jobs?status=completed");
    await rows.first().waitFor();
  });

  test("several are cancelled at once, while their queue is held", async () => {
    await go("/operation");
    await page.locator("[data-queue=mockup]").getByRole("button", { name: "Pause" }).click();
    await page.locator("[data-queue=mockup]").getByText("paused").waitFor();
    const [design] = (await server.call("GET", "/v1/designs")).designs;
    const [product] = (await server.call("GET", "/v1/products")).products;
    for (const fabric_color of ["red", "black"])
      await server.call("POST", "/v1/mockups", { design_id: design.id, product_id: product.id, preset: "chest-small", fabric_color });
    await go("/jobs?status=pending");
    await page.getByRole("checkbox", { name: "All on this page" }).click();
    await button("Cancel 2").click();
    await page.getByText("2 cancelled.").waitFor();
    await go("/operation");
    await button("Resume").click();
    await page.locator("[data-queue=mockup]").getByRole("button", { name: "Pause" }).waitFor();
  });

  test("a job that fails says why, and is ordered again with what was wrong changed", async () => {
    const design = await server.upload(Buffer.from(EMPTY, "base64"), "empty.png");
    const [product] = (await server.call("GET", "/v1/products")).products;
    const job = await server.call("POST", "/v1/mockups?wait=60", { design_id: design.id, product_id: product.id, preset: "chest-small" });
    assert.equal(job.status, "failed");
    await go(`/jobs/${job.id}`);
    await page.getByText(job.error.message).first().waitFor();
    await page.getByText("attempt 1", { exact: true }).waitFor();
    await button("Retry…").click();
    await page.getByRole("dialog").getByRole("textbox", { name: "Fabric colour" }).fill("navy");
    await page.getByRole("dialog").getByRole("button", { name: "Retry" }).click();
    await page.waitForURL((url) => /\/jobs\/rjob_/.test(url.pathname) && !url.pathname.endsWith(job.id));
    await go("/jobs?status=failed");
    await page.getByRole("checkbox", { name: `Job ${job.id}` }).click();
    await button("Retry 1").click();
    await page.getByText("1 ordered again.").waitFor();
  });

  test("a job's page has its steps, files and order, and opens in the editor", async () => {
    const { jobs } = await server.call("GET", "/v1/jobs?status=completed");
    await go(`/jobs/${jobs[0].id}`);
    for (const step of ["waiting", "compose", "render", "store", "publish"]) await page.getByText(step, { exact: true }).first().waitFor();
    await page.getByText("The order as JSON").click();
    await page.getByText('"fabric_color"').waitFor();
    await button("Compare with…").click();
    await page.getByRole("menuitem").first().click();
    await page.getByRole("dialog").getByRole("img").first().waitFor();
    await page.keyboard.press("Escape");
    await button("Open in the editor").click();
    await page.getByRole("list", { name: "Designs on the garment" }).waitFor({ timeout: 60_000 });
  });
});

describe("products and templates", () => {
  test("media are put in order by hand and by keyboard; a thumbnail is chosen", async () => {
    await go("/products");
    await page.getByText("Golden hour tee").click();
    const media = page.locator("[data-medium]");
    await media.nth(6).waitFor();
    const order = () => media.evaluateAll((all) => all.map((each) => each.dataset.medium));
    const before = await order();
    await media.nth(2).dragTo(media.nth(0));
    await page.waitForFunction((first) => document.querySelector("[data-medium]").dataset.medium === first, before[2]);
    await media.nth(0).focus();
    await page.keyboard.press("Alt+ArrowRight");
    await page.waitForFunction((first) => document.querySelector("[data-medium]").dataset.medium === first, before[0]);
    await pause(500);
    const [product] = (await server.call("GET", "/v1/products")).products;
    assert.deepEqual(product.media.map((each) => each.id), await order());
    await media.nth(3).getByRole("button", { name: /^More about/ }).click();
    await page.getByRole("menuitem", { name: "Make it the thumbnail" }).click();
    await media.nth(3).getByText("thumbnail").waitFor();
  });

  test("a product is added", async () => {
    await go("/products");
    await button("Add a product").click();
    await field("Title").fill("Second tee");
    await button("Add").click();
    await page.getByRole("heading", { name: "Second tee" }).waitFor();
  });

  test("templates show views, colours and every preset on its panel", async () => {
    await go("/templates");
    await page.getByRole("img", { name: "front", exact: true }).first().waitFor({ timeout: 60_000 });
    const names = await page.locator("figure title").allTextContents();
    for (const preset of ["chest-small", "chest-large", "back-medium", "back-bottom-large"]) assert.ok(names.includes(preset), preset);
  });
});

describe("operation", () => {
  test("figures tell of workers, steps and failures", async () => {
    await go("/operation");
    await page.getByText("worker alive").waitFor();
    await page.getByRole("cell", { name: "render", exact: true }).waitFor();
    await page.getByText(/^bad input|^invalid|input/i).first().waitFor();
  });

  test("a key is made, works, and is revoked", async () => {
    await go("/operation/keys");
    await button("Make a key").click();
    await field("Name").fill("Shop");
    await button("Make it").click();
    const secret = (await page.getByTestId("secret").textContent()).trim();
    const ask = () => fetch(`${server.url}/v1/jobs`, { headers: { "x-api-key": secret } });
    assert.equal((await ask()).status, 200);
    await page.keyboard.press("Escape");
    await button("Revoke").click();
    await page.getByText("revoked").waitFor();
    assert.equal((await ask()).status, 401);
  });

  test("a webhook is added, tested, and its message sent again", async () => {
    await go("/operation/webhooks");
    await button("Add a webhook").click();
    await field("Address").fill(`http://127.0.0.1:${hook.address().port}/hook`);
    await button("Add").click();
    await page.getByTestId("secret").waitFor();
    await page.keyboard.press("Escape");
    await button("More about this webhook").click();
    await page.getByRole("menuitem", { name: "Send a test" }).click();
    await button("Deliveries").click();
    await page.getByText("delivered").first().waitFor();
    await button("Send again").first().click();
    for (let i = 0; i < 100 && received.length < 2; i++) await pause(100);
    assert.equal(received.length, 2);
    assert.equal(received[0], received[1], "the same message");
  });

  test("the clean-up says what would go, and changes nothing", async () => {
    await go("/operation/clean-up");
    const before = await server.call("GET", "/v1/jobs");
    await button("What would go?").click();
    await page.getByTestId("cleaned").waitFor();
    assert.equal((await server.call("GET", "/v1/jobs")).count, before.count);
  });
});

test("nothing complained on the way", () => assert.deepEqual(profile.complaints, []));
