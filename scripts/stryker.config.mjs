/**
 * `npm run mutate`: small changes of the rules of the workflow (`packages/core/src/workflow`), one at a time, each of which must fail a
 * test of them (docs/testing.md). Not part of CI.
 *
 *   npm run mutate -- --mutate packages/core/src/workflow/followUp.ts
 */
export default {
  packageManager: "pnpm",
  plugins: ["@stryker-mutator/vitest-runner"],
  testRunner: "vitest",
  vitest: { configFile: "scripts/vitest.mutate.ts", related: false },
  mutate: ["packages/core/src/workflow/*.ts", "!**/*.test.ts", "!**/index.ts"],
  // What the copy in which the mutants run does not need: everything but core, what it imports, and the scripts.
  ignorePatterns: [
    "/*",
    "!/package.json",
    "!/tsconfig.base.json",
    "!/scripts",
    "!/docs",
    "!/packages",
    "/packages/*",
    "!/packages/core",
    "!/packages/contracts",
    "dist",
    ".tsbuildinfo",
  ],
  coverageAnalysis: "perTest",
  concurrency: 2,
  reporters: ["clear-text", "progress"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  thresholds: { high: 95, low: 95, break: 95 },
  tempDirName: ".turbo/stryker",
}
