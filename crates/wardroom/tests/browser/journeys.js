// What people come for, one after the other; the audit log tells of all of it in the end.
import { execFileSync } from "node:child_process";
import { expect, test } from "@playwright/test";
import { arrived, pressSurely, useLink } from "./support.js";

test.describe.configure({ mode: "serial" });

test("an API key that is made in the browser works with curl", async ({ page, baseURL }) => {
  await page.goto("/settings/api-keys");
  await page.getByRole("link", { name: /new/i }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("Backups");
  await page.getByRole("checkbox", { name: /viewer/i }).first().check();
  await page.getByRole("button", { name: "Make the key" }).click();
  const token = await page.getByText(/^inc_[0-9a-f]{64}$/).innerText();
  const curl = (...more) => execFileSync("curl", ["-s", "-H", `Authorization: Bearer ${token}`, ...more], { encoding: "utf8" });
  expect(JSON.parse(curl(`${baseURL}/v1/identity`)).identity.name).toBe("Backups");
  const refused = curl("-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "-H", "Content-Type: application/json", "-d", '{"name": "Nope"}', `${baseURL}/v1/severities`);
  expect(refused).toBe("403");
  await page.reload();
  await expect(page.locator("body")).not.toContainText(token);
});

test("an incident is declared, updated and closed, and seen live in another browser", async ({ page, browser }) => {
  await page.goto("/people");
  await page.getByRole("link", { name: "Mei Tanaka" }).click();
  await pressSurely(page, "Make a sign-in link");
  const link = await page.getByText(/\/sign-in\/link\//).innerText();
  const elsewhere = await browser.newContext({ storageState: undefined });
  const mei = await elsewhere.newPage();
  await useLink(mei, link);

  await page.goto("/");
  await page.keyboard.press("n");
  await page.getByLabel("What is wrong?").fill("The espresso machine API answers 500");
  await page.getByLabel("How bad is it?").selectOption({ label: "Major" });
  await page.getByRole("button", { name: "Declare it" }).click();
  await arrived(page, "The espresso machine API answers 500");

  await mei.goto("/incidents");
  await mei.getByRole("link", { name: "The espresso machine API answers 500" }).click();
  await expect(mei.getByRole("heading", { name: "Timeline" })).toBeVisible();
  await mei.evaluate(() => { window.isTheSamePage = true; });
  await page.getByLabel("What is new?").fill("It was the grinder. Rolling back.");
  await page.getByLabel("Status").selectOption({ label: "Fixing" });
  await page.getByRole("button", { name: "Post the update" }).click();
  await expect(page.getByText("It was the grinder. Rolling back.")).toBeVisible();
  await expect(mei.getByText("It was the grinder. Rolling back.")).toBeVisible();

  await mei.getByLabel("What is new?").fill("Beans flow again.");
  await mei.getByLabel("Status").selectOption({ label: "Closed" });
  await mei.getByRole("button", { name: "Post the update" }).click();
  await expect(page.getByText("Beans flow again.")).toBeVisible();
  await expect(page.locator(".page-head")).toContainText("Closed");
  expect(await mei.evaluate(() => window.isTheSamePage)).toBe(true);
  await elsewhere.close();
});

test("what is typed stays when others change something, and when the connection is lost", async ({ page, context }) => {
  await page.goto("/incidents");
  await page.getByRole("link", { name: "Mobile app shows an empty basket" }).click();
  const [draft, other] = [page.getByLabel("What is new?"), await context.newPage()];
  await draft.fill("Half a thought");
  await other.goto(page.url());
  await other.getByLabel("What is new?").fill("It is the cache.");
  await other.getByRole("button", { name: "Post the update" }).click();
  await page.bringToFront();
  await page.getByRole("button", { name: "Something has changed: show it" }).click();
  await expect(page.getByText("It is the cache.")).toBeVisible();
  await expect(draft).toHaveValue("Half a thought");

  await context.setOffline(true);
  await page.getByRole("button", { name: "Post the update" }).click();
  await expect(page.getByRole("alert")).toContainText("nothing was sent");
  await expect(draft).toHaveValue("Half a thought");
  await context.setOffline(false);
  await page.getByRole("button", { name: "Post the update" }).click();
  await expect(page.getByText("Half a thought")).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("nine pages that follow what they show are open at once", async ({ context }) => {
  for (let n = 0; n < 9; n++) {
    const page = await context.newPage();
    await page.goto("/");
    await expect(page.getByRole("heading", { name: "Home" })).toBeVisible();
    // Another tab comes to the front, which browsers without a window don't tell pages of.
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
  }
});

test("a shift is overridden, by dragging and by form", async ({ page }) => {
  await page.goto("/on-call");
  await page.getByRole("link", { name: "Payments on call" }).first().click();
  const lane = await page.locator(".week").nth(2).locator(".lane").first().boundingBox();
  await page.mouse.move(lane.x + lane.width * 0.3, lane.y + lane.height / 2);
  await page.mouse.down();
  await page.mouse.move(lane.x + lane.width * 0.5, lane.y + lane.height / 2, { steps: 5 });
  await page.mouse.up();
  await expect(page.getByRole("heading", { name: "Make an override" })).toBeVisible();
  await expect(page.getByLabel("From", { exact: true })).not.toHaveValue("");
  await page.getByLabel("Who", { exact: true }).selectOption({ label: "Amara Okafor" });
  await page.getByRole("button", { name: "Make the override" }).click();
  await expect(page.locator(".bar.override title").filter({ hasText: "Amara Okafor" })).not.toHaveCount(0);
});

test("an integration is connected and tested", async ({ page }) => {
  await page.goto("/integrations");
  await page.getByRole("link", { name: /Ravenna/ }).first().click();
  await arrived(page, "Ravenna");
  await page.getByRole("link", { name: "Connect", exact: true }).click();
  await page.getByLabel("Name", { exact: true }).fill("Night desk");
  await page.getByRole("button", { name: "Connect" }).click();
  await expect(page.getByText(/succeeded/).first()).toBeVisible();
  await page.goto("/integrations/ravenna");
  await page.getByRole("link", { name: /Night desk/ }).click();
  await page.getByRole("button", { name: "Test" }).click();
  await expect(page.getByText(/succeeded/).first()).toBeVisible();
});

test("a catalog entry is edited", async ({ page }) => {
  await page.goto("/catalog");
  await page.getByRole("link", { name: "Service", exact: true }).first().click();
  await page.getByRole("link", { name: "Checkout", exact: true }).click();
  await arrived(page, "Checkout");
  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel(/^About/).fill("Takes orders, and says thank you.");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Takes orders, and says thank you.")).toBeVisible();
});

test("the audit log tells of all of that", async ({ page }) => {
  await page.goto("/settings/audit-log");
  const log = page.locator("table");
  for (const action of ["api_key.created", "user.sign_in_link_created", "schedule_override.created", "connection.connected", "catalog_entry.updated"]) {
    await page.getByLabel("What", { exact: true }).fill(action);
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL((url) => url.searchParams.get("action") === action);
    await expect(log.getByText(action).first()).toBeVisible();
  }
  await page.goto("/settings/audit-log?target=espresso");
  await expect(log).toContainText("incident.created");
  await expect(log).toContainText("Mei Tanaka");
});
