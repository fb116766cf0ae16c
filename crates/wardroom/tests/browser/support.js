// What the tests share.

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

/** Presses a button that asks whether one is sure. */
export async function pressSurely(page, name) {
  await page.getByRole("button", { name }).click();
  await page.getByRole("button", { name: "Yes, go on" }).click();
}
