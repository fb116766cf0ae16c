// What the tests share.
import { expect } from "@playwright/test";

/** Where pictures go. */
export const output = process.env.WARDROOM_TEST_OUTPUT;
/** The cookies of the demo's owner, once they have signed in. */
export const owner = `${output}/owner.json`;
/** What they sign in with. */
export const credentials = { email: "amara.okafor@harbour-coffee.example", password: "three ships on a calm sea" };

/** Signs somebody in with a link that works once. */
export async function useLink(page, link) {
  await page.goto(link);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/me**");
}

/** Waits until the page with this title is there: links are followed by scripts. */
export async function arrived(page, title) {
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
}

/** Presses a button that asks whether one is sure. */
export async function pressSurely(page, name) {
  await page.getByRole("button", { name }).click();
  await page.getByRole("button", { name: "Yes, go on" }).click();
}

/** Adds somebody with this role, and signs them in, in a browser of their own. */
export async function newcomer(browser, page, { name, role }) {
  await page.goto("/people/new");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("E-mail address").fill(`${name.toLowerCase()}@harbour-coffee.example`);
  await page.getByLabel("What may they do?").selectOption(role);
  await page.getByRole("button", { name: "Add them" }).click();
  const link = await page.getByText(/\/sign-in\/link\//).innerText();
  const context = await browser.newContext({ storageState: undefined });
  const theirs = await context.newPage();
  await useLink(theirs, link);
  return theirs;
}

/** Goes to a page of each kind that a click leads to, and says what `look` told of each. */
export async function crawl(page, look) {
  const seen = new Map(), waiting = ["/"];
  while (waiting.length > 0) {
    const path = waiting.shift();
    if (seen.has(kind(path)) || !isPage(path)) continue;
    await page.goto(path, { waitUntil: "load" });
    const links = await page.locator("a[href]:not([download])").evaluateAll((all) =>
      all.filter((link) => link.origin === location.origin).map((link) => link.pathname + link.search));
    seen.set(kind(path), await look(path));
    waiting.push(...links);
  }
  return seen;
}

/** Notes what a page complains of in the browser's console. */
export function complaintsOf(page) {
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(`${page.url()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error}`));
  return complaints;
}

/** What pages have in common that differ in what they show alone. */
export const kind = (path) => path.replace(/\?.*/, "").replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, "id");

/** Whether it is a page of the dashboard. */
const isPage = (path) => !/^\/(docs|assets|live|ical|v\d|hub)\b/.test(path);
