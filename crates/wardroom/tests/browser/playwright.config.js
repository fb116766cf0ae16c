// What a person does in a browser, against the demo that `main.rs` starts. It says by the environment where the demo
// is, what lets somebody in, and where pictures go.
import { defineConfig } from "@playwright/test";
import { output, owner } from "./support.js";

export default defineConfig({
  testDir: ".",
  outputDir: `${output}/failures`,
  fullyParallel: true,
  workers: 2,
  timeout: 240_000,
  expect: { timeout: 10_000 },
  reporter: "list",
  use: {
    actionTimeout: 15_000,
    baseURL: process.env.WARDROOM_TEST_URL,
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    screenshot: "only-on-failure",
    launchOptions: { executablePath: process.env.WARDROOM_TEST_CHROMIUM, args: ["--no-sandbox"] },
  },
  // Pictures are taken of what the journeys leave, and before anybody does harm.
  projects: [
    { name: "sign in", testMatch: "sign-in.js" },
    { name: "journeys", testMatch: ["journeys.js", "openid.js"], dependencies: ["sign in"], use: { storageState: owner } },
    { name: "looks", testMatch: "looks.js", dependencies: ["journeys"], use: { storageState: owner } },
    { name: "harm", testMatch: "hostile.js", dependencies: ["looks"], use: { storageState: owner } },
  ],
});
