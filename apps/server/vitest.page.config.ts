import { defineConfig } from "vitest/config"
import { sources } from "../../scripts/vitest.package.js"

// What a browser does beside the tests: pictures of the web page, and its benchmark (scripts/page.ts).
export default defineConfig({
  ...sources,
  test: {
    include: ["test/page/*.page.ts"],
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
  },
})
