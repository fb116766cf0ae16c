// Getting in: with the link that the demo prints, then with a password.
import { expect, test } from "@playwright/test";
import { credentials, owner, useLink } from "./support.js";

test("a link lets somebody in, who sets a password and signs in with it", async ({ page }) => {
  const { email, password } = credentials;
  await useLink(page, process.env.WARDROOM_TEST_LINK);
  await page.getByLabel("The new one", { exact: true }).fill(password);
  await page.getByLabel("The new one again").fill(password);
  await page.getByRole("button", { name: "Set the password" }).click();
  await expect(page.getByRole("status")).toBeVisible();

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto("/settings/audit-log");
  await expect(page).toHaveURL(/\/sign-in/);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill("a ship in a storm");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("wrong");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/settings\/audit-log$/);
  await page.context().storageState({ path: owner });

  await page.context().clearCookies();
  await page.goto(process.env.WARDROOM_TEST_LINK);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("used");
});
