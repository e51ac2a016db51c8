/** How Stryker runs; `main.ts` starts it and says in the environment what is changed. */
const { MUTATED = "", MUTATED_FILES = "" } = process.env

/** @type {import("@stryker-mutator/api/core").PartialStrykerOptions} */
export default {
  packageManager: "pnpm",
  plugins: ["./scripts/mutants/runner.ts"],
  testRunner: "mutants",
  mutate: MUTATED_FILES.split(",").map((name) => `${MUTATED}/${name}.ts`),
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
  reporters: ["clear-text", "progress-append-only"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  thresholds: { high: 95, low: 95, break: 95 },
  incrementalFile: ".turbo/stryker.json",
  tempDirName: ".turbo/stryker",
}
