// Every page, light and dark, on a desktop and on a phone, into out/studio: `make screenshots`.
// Names of pages as arguments: only those.  SCREENS and SCHEMES: only some of these.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { drawn, openProfile, pause, ROOT, startBrowser, startServer } from "./harness.js";
import { fillShop, pagesOf } from "./pages.js";

const OUT = path.join(ROOT, "out/studio");
const SCREENS = [
  { name: "desktop", options: { viewport: { width: 1360, height: 860 } } },
  { name: "phone", options: { viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true } },
];
const wanted = process.argv.slice(2);
const chosen = (name, all) => (process.env[name] ? process.env[name].split(",") : all);
const screens = chosen("SCREENS", SCREENS.map((each) => each.name));

await mkdir(OUT, { recursive: true });
const server = await startServer();
const browser = await startBrowser();
try {
  const ids = await fillShop(server);
  for (const { name: screen, options } of SCREENS.filter((each) => screens.includes(each.name)))
    for (const colorScheme of chosen("SCHEMES", ["light", "dark"])) {
      const { context, page } = await openProfile(browser, server, { ...options, colorScheme });
      const shoot = async (name, options) => page.screenshot({ path: path.join(OUT, `${name}-${screen}-${colorScheme}.png`), timeout: 120_000, ...options });
      for (const { name, where, ready } of pagesOf(ids).filter((each) => !wanted.length || wanted.includes(each.name))) {
        await page.goto(`${server.url}/studio${where}`);
        await page.locator(ready).first().waitFor();
        await pause(800);
        if (name === "mockups") await mockups(page, ids, shoot);
        else await shoot(name, { fullPage: true });
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wider > 0) console.log(`${name}-${screen}: ${wider} pixels wider than the screen`);
      }
      await context.close();
      console.log(`${screen} ${colorScheme}`);
    }
  const stranger = await browser.newPage();
  await stranger.goto(`${server.url}/studio/`);
  await stranger.getByRole("heading").waitFor();
  await stranger.screenshot({ path: path.join(OUT, "sign-in.png") });
} finally {
  await browser.close();
  await server.stop();
}

/** The empty garment; a design on it; the matrix. */
async function mockups(page, ids, shoot) {
  await drawn(page, "finished");
  await shoot("mockups-first");
  await page.goto(`${page.url().split("/studio")[0]}/studio/mockups?job=${ids.job}&made=${ids.batch}`);
  await page.getByRole("list", { name: "Designs on the garment" }).waitFor();
  await pause(500);
  await drawn(page, "finished");
  await page.evaluate(() => scrollTo(0, 0));
  await shoot("mockups");
  await page.getByRole("button", { name: "Matrix" }).click();
  await page.getByTestId("cost").getByText(/mockups?,/).waitFor();
  await pause(400);
  await shoot("matrix");
  await page.keyboard.press("Escape");
}
