// Draws orders with the live preview, outside the pages: `node test/draw.js FOLDER` reads orders.json and data/ there
// and writes NAME.SAMPLES.rgba, premultiplied rows from the top.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { createServer } from "vite";
import { startBrowser } from "./harness.js";

const folder = path.resolve(process.argv[2]);
const { orders, samples } = JSON.parse(await readFile(path.join(folder, "orders.json"), "utf8"));
const vite = await createServer({
  configFile: false,
  root: path.resolve(import.meta.dirname, ".."),
  publicDir: folder,
  logLevel: "error",
  server: { host: "127.0.0.1", port: 0, hmr: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
await vite.listen();
const browser = await startBrowser();
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(240_000);
  page.on("pageerror", (error) => console.error(String(error)));
  await page.goto(`http://127.0.0.1:${vite.httpServer.address().port}/test/preview.html`);
  await page.waitForFunction(() => window.ready);
  for (const { name, ...order } of orders) {
    await page.evaluate((each) => window.begin(each), order);
    for (const count of samples) {
      const text = await page.evaluate((each) => window.until(each), count);
      await writeFile(path.join(folder, `${name}.${count}.rgba`), Buffer.from(text, "base64"));
    }
  }
} finally {
  await browser.close();
  await vite.close();
}
