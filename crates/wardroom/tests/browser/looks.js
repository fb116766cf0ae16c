// Every page that a click leads to, on two screens and in two lights: it can be used by everybody, breaks no rule of
// its own, is small, and has its picture taken.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "@playwright/test";
import { complaintsOf, crawl, kind, output } from "./support.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const screens = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
/** A page's weight with all that it needs, in bytes, with nothing from a cache. */
const heaviest = 100_000;

for (const [screen, viewport] of Object.entries(screens)) {
  for (const light of ["light", "dark"]) {
    test.describe(`${screen}, ${light}`, () => {
      test.use({ viewport, colorScheme: light });

      test("every page is sound", async ({ page }) => {
        const complaints = complaintsOf(page);
        const seen = await crawl(page, (path) => look(page, path, `${output}/${name(path)}.${screen}.${light}.png`));
        report([...seen.entries()]);
        complaints.push(...[...seen.values()].flatMap((figures) => figures.complaints));
        expect(complaints).toEqual([]);
        expect(seen.size).toBeGreaterThan(50);
      });
    });
  }
}

for (const [screen, viewport] of Object.entries(screens)) {
  test.describe(`before signing in, ${screen}`, () => {
    test.use({ viewport, storageState: { cookies: [], origins: [] } });

    test("the door and what leads nowhere are sound", async ({ page }) => {
      for (const path of ["/sign-in", "/sign-in/link/spent", "/nowhere"]) {
        await page.goto(path);
        const { complaints } = await look(page, path, `${output}/${name(path)}.${screen}.light.png`);
        expect(complaints).toEqual([]);
      }
    });
  });
}

/** Takes the picture of the page, and says what is wrong with it. */
async function look(page, path, picture) {
  const figures = await page.evaluate(async () => {
    const [document_] = performance.getEntriesByType("navigation");
    const loaded = performance.getEntriesByType("resource").filter(({ initiatorType }) => initiatorType !== "eventsource");
    const paints = await new Promise((resolve) => {
      new PerformanceObserver((list) => resolve(list.getEntries())).observe({ type: "largest-contentful-paint", buffered: true });
      setTimeout(() => resolve([]), 1000);
    });
    return {
      firstByte: document_.responseStart - document_.requestStart,
      paint: Math.max(0, ...paints.map(({ startTime }) => startTime)),
      bytes: document_.encodedBodySize + loaded.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
      isTooWide: document.documentElement.scrollWidth > innerWidth,
    };
  });
  await page.screenshot({ path: picture, fullPage: true });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run({ resultTypes: ["violations"] }));
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const complaints = grave.map(({ id, nodes }) => `${path}: ${id} at ${nodes.map(({ html }) => html.slice(0, 160)).slice(0, 3).join(" and ")}`);
  if (figures.bytes > heaviest) complaints.push(`${path}: weighs ${figures.bytes} bytes`);
  if (figures.isTooWide) complaints.push(`${path}: is wider than the screen`);
  return { ...figures, complaints };
}

const name = (path) => kind(path).replace(/\W+/g, "-").replace(/^-|-$/g, "") || "home";

/** Says how heavy and how slow pages were: figures for people, not promises. */
function report(pages) {
  const worst = (figure) => pages.map(([path, figures]) => [Math.round(figures[figure]), path]).sort(([a], [b]) => b - a)[0].join(" at ");
  console.log(`${pages.length} pages; most bytes ${worst("bytes")}; last first byte after ${worst("firstByte")}, largest paint after ${worst("paint")} (ms)`);
}
