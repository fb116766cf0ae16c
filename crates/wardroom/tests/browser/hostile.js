// People who mean harm: they write scripts into every field, and send forms that are not theirs to send.
import { expect, test } from "@playwright/test";
import { complaintsOf, crawl, kind, newcomer } from "./support.js";

test.describe.configure({ mode: "serial" });

const SCRIPT = `<script>alert(1)</script>"'><img src=x onerror=alert(2)><svg onload=alert(3)>`;
/** What everybody may send for themselves. */
const OWN = /^\/(sign-out|me|on-call\/(time-off|feeds|covers\/new|schedules\/\w+\/overrides\/new))\b/;

/** Every form that `page` shows, by its address: where it stands, and what it would send. */
async function forms(page) {
  const found = new Map();
  await crawl(page, async (path) => {
    const all = await page.locator("form[method=post]").evaluateAll((forms) => forms.map((form) => ({
      action: new URL(form.action).pathname,
      fields: Object.fromEntries(new FormData(form)),
      isWrittenIn: form.querySelector("textarea, input:is([type=text], [type=search], [type=url], :not([type]))") !== null,
    })));
    for (const form of all) if (!found.has(kind(form.action))) found.set(kind(form.action), { path, ...form });
  });
  return [...found.values()];
}

test("a viewer who sends every form that an owner sees changes nothing", async ({ page, browser }) => {
  const viewer = await newcomer(browser, page, { name: "Vera", role: "viewer" });
  await viewer.goto("/");
  const csrf = await viewer.locator("input[name=csrf]").first().getAttribute("value");
  const tried = [];
  for (const { action, fields } of (await forms(page)).filter(({ action }) => !OWN.test(action))) {
    const answer = await viewer.request.post(action, { form: { ...fields, csrf }, maxRedirects: 0 });
    tried.push(`${action}: ${[403, 404].includes(answer.status()) ? "refused" : answer.status()}`);
  }
  expect(tried.filter((outcome) => !outcome.endsWith("refused"))).toEqual([]);
  expect(tried.length).toBeGreaterThan(40);
  await viewer.context().close();
});

test("a script in every field is shown as it was typed", async ({ page }) => {
  const complaints = complaintsOf(page);
  page.on("dialog", async (dialog) => { complaints.push(`${page.url()}: it ran`); await dialog.dismiss(); });
  // What is deleted by its name would be gone.
  const written = (await forms(page)).filter(({ isWrittenIn, action }) => isWrittenIn && !/^\/me\/|\/delete$/.test(action));
  expect(written.length).toBeGreaterThan(15);
  for (const { path, action } of written) {
    await page.goto(path);
    await Promise.all([page.waitForNavigation(), page.evaluate(fill, { action, SCRIPT })]);
    await see(page, complaints);
  }
  await crawl(page, () => see(page, complaints));
  // Forms that are refused are answered with 422, which browsers complain of.
  expect(complaints.filter((complaint) => !complaint.includes("status of 422"))).toEqual([]);
  await page.goto("/incidents");
  await expect(page.getByText(SCRIPT).first()).toBeVisible();
});

/** Writes the script wherever something can be written, and sends the form as a browser without scripts would. */
function fill({ action, SCRIPT }) {
  const form = [...document.forms].find((form) => new URL(form.action).pathname === action);
  for (const field of form.elements) {
    if (field.matches("select") && field.value === "") field.selectedIndex = field.options.length - 1;
    if (field.type === "url") { field.type = "text"; field.value = `javascript:alert(4)//${SCRIPT}`; }
    else if (field.matches("textarea, input:is([type=text], [type=search], :not([type]))")) field.value = SCRIPT;
  }
  form.submit();
}

/** Notes what on the page would run, or has got in where it should not be. */
async function see(page, complaints) {
  const got = await page.evaluate(() => [...document.querySelectorAll("script:not([src]), [onerror], [onload], img, a[href^='javascript:' i]")].map(({ outerHTML }) => outerHTML));
  complaints.push(...got.map((html) => `${page.url()}: ${html.slice(0, 200)}`));
}
