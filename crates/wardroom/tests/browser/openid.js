// Signing in with an account elsewhere: at a real OpenID Connect provider, which runs here.
import http from "node:http";
import { expect, test } from "@playwright/test";
import Provider from "oidc-provider";

test("somebody signs in at a provider that an owner has added, and is who they are here", async ({ page, browser, baseURL }) => {
  const server = http.createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  await page.goto("/settings/sign-in");
  await page.getByRole("link", { name: "New provider" }).click();
  const back = await page.getByText(/\/sign-in\/with\/\w+\/back/).innerText();
  expect(back).toMatch(baseURL);
  const client = { client_id: "wardroom", client_secret: "said-by-the-provider-alone", redirect_uris: [back] };
  server.on("request", provider(issuer, client).callback());

  await page.getByLabel("Name", { exact: true }).fill("Harbour ID");
  await page.getByLabel("Issuer").fill(`${issuer}/elsewhere`);
  await page.getByLabel("Client ID").fill(client.client_id);
  await page.getByLabel(/^Client secret/).fill(client.client_secret);
  await page.getByRole("button", { name: "Add it" }).click();
  await expect(page.getByRole("alert")).toContainText("provider can't be used");
  await page.getByLabel("Issuer").fill(issuer);
  await page.getByLabel(/^Client secret/).fill(client.client_secret);
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByRole("button", { name: "Test it" }).click();
  await expect(page.getByRole("status")).toBeVisible();
  await expect(page.locator("body")).not.toContainText(client.client_secret);

  const elsewhere = await browser.newContext({ storageState: undefined });
  const theirs = await elsewhere.newPage();
  await theirs.goto("/on-call");
  await theirs.getByRole("link", { name: "Sign in with Harbour ID" }).click();
  await theirs.getByPlaceholder("Enter any login").fill("jonas.lindqvist");
  await theirs.getByPlaceholder("and password").fill("anything");
  await theirs.getByRole("button", { name: "Sign-in" }).click();
  await theirs.getByRole("button", { name: "Continue" }).click();
  await expect(theirs).toHaveURL(`${baseURL}/on-call`);
  await expect(theirs.getByRole("link", { name: "Jonas Lindqvist" })).toBeVisible();

  await theirs.getByRole("button", { name: "Sign out" }).click();
  await elsewhere.clearCookies();
  await theirs.goto("/sign-in");
  await theirs.getByRole("link", { name: "Sign in with Harbour ID" }).click();
  await theirs.getByPlaceholder("Enter any login").fill("a.stranger");
  await theirs.getByPlaceholder("and password").fill("anything");
  await theirs.getByRole("button", { name: "Sign-in" }).click();
  await theirs.getByRole("button", { name: "Continue" }).click();
  await expect(theirs.getByRole("alert")).toContainText("Nobody here has your e-mail address");
  await elsewhere.close();
  server.close();
});

/** A provider at which everybody is who they say. */
function provider(issuer, client) {
  return new Provider(issuer, {
    clients: [client],
    claims: { email: ["email", "email_verified"], profile: ["name"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@harbour-coffee.example`, email_verified: true, name: id }),
    }),
  });
}
