// The GLB that `tirage mockup --glb` writes, as its users have it: valid, and in a browser's viewer.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import validator from "gltf-validator";
import { openBrowser } from "./browser.js";

const OUT = process.env.TIRAGE_UI_OUT;
const GREY = 0.1; // chroma below which bare white cloth has to stay
const TURN = 15; // degrees of hue that light and tone mapping may add

let browser, page, expected;

before(async () => {
  expected = JSON.parse(await readFile(path.join(OUT, "points.json")));
  browser = await openBrowser({ "/out": OUT });
  page = await browser.open("/model.html");
  await page.waitForFunction("window.ready");
});
after(() => browser?.close());

test("the file is valid glTF 2.0", async () => {
  const data = new Uint8Array(await readFile(path.join(OUT, "model.glb")));
  assert.ok(data.length <= 10e6, `${data.length} bytes`);
  const { issues } = await validator.validateBytes(data);
  const serious = issues.messages.filter(({ severity }) => severity <= 1);
  assert.deepEqual(serious, []);
});

test("it stands on the ground, as large as the garment", async () => {
  const { size, lowest } = await page.evaluate(() => window.show("/out/model.glb"));
  assert.ok(Math.abs(lowest) < 1e-4, `its lowest point is at ${lowest} m`);
  size.forEach((length, axis) => {
    const asked = expected.size[axis];
    assert.ok(Math.abs(length - asked) < 0.004, `axis ${axis}: ${length} m, not ${asked} m`);
  });
});

for (const view of ["front", "back", "left"]) {
  test(`its prints are in place: ${view}`, async () => {
    const points = expected.points.filter((point) => point.view === view);
    const found = await page.evaluate(
      ([side, places]) => window.look(side, places), [view, points.map(({ at }) => at)],
    );
    await writeFile(path.join(OUT, `${view}.png`), await page.locator("canvas").screenshot());
    points.forEach(({ colour }, number) => {
      const said = `${colour} shows as rgb(${found[number].map(Math.round)})`;
      if (colour === "#ffffff") {
        assert.ok(chroma(found[number]) < GREY, said);
      } else {
        assert.ok(apart(hue(found[number]), hue(parse(colour))) < TURN, said);
        assert.ok(chroma(found[number]) > 0.3, said);
      }
    });
  });
}

test("viewers can convert it for AR on iPhones", async () => {
  assert.ok((await page.evaluate(() => window.usdz())) > 1e6);
});

test("nothing came from anywhere but this machine, and nothing failed", () => {
  assert.deepEqual(browser.complaints, []);
});

const parse = (code) => [1, 3, 5].map((start) => Number.parseInt(code.slice(start, start + 2), 16));
const chroma = (rgb) => (Math.max(...rgb) - Math.min(...rgb)) / 255;
const hue = ([r, g, b]) => (Math.atan2(Math.sqrt(3) * (g - b), 2 * r - g - b) * 180) / Math.PI;
const apart = (one, other) => Math.abs(((one - other + 540) % 360) - 180);
