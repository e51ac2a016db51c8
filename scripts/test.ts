/**
 * Runs the tests of all packages and prints, as its last line, `N passed, N failed`.
 *
 *   npm test
 *   THREADFOLD_AGENTS=none npm test    without the real agents (scripts/agents.ts): their tests are skipped
 *   THREADFOLD_BROWSER=none npm test   without the browser (scripts/browser.ts): the tests of the web page are skipped
 */
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join, sep } from "node:path"
import { installAgents, missingAgents } from "./agents.js"
import { installBrowser } from "./browser.js"
import { temporaryFolder } from "./temporary.js"
import { blockingFile, packages, root, run } from "./tools.mjs"

await installAgents()
const noBrowser = await installBrowser()

/** What is read of a file in the report of Vitest. */
interface FileResult {
  readonly name: string
  readonly status: string
  readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>
}

/** Runs the tests of these files, without any: of all. Returns what failed besides tests, and the result of each file. */
const runTests = async (name: string, files: readonly string[]) => {
  const report = join(root, ".turbo", name)
  rmSync(report, { force: true })
  const code = await run(
    join("node_modules", ".bin", "vitest"),
    [
      "run",
      "--config=scripts/vitest.config.ts",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...files,
    ],
    { env: { TMPDIR: temporaryFolder() } },
  )
  const results: readonly FileResult[] = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")).testResults : []
  // Vitest knows of failures that no report tells, such as an error after the last test.
  return { results, failedOtherwise: code !== 0 && results.every(({ status }) => status !== "failed") }
}

rmSync(blockingFile, { force: true })
const first = await runTests("test-results.json", [])
let { results } = first
let { failedOtherwise } = first

/**
 * How many files that failed are run once more, alone. It tells a fault, which fails again, from a test that depends on the load of the
 * machine. The second is named with its failure, to be mended, and does not fail the run. Where more files fail, the load is no excuse.
 */
const mostSecondRuns = 3
const unsteady: string[] = []
const failing = results.filter(({ status }) => status === "failed")
if (failing.length > 0 && failing.length <= mostSecondRuns) {
  console.log(`${failing.length} of ${results.length} files failed: running them once more, alone …`)
  const second = await runTests(
    "test-results-alone.json",
    failing.map(({ name }) => name),
  )
  failedOtherwise ||= second.failedOtherwise
  for (const { assertionResults, name } of failing) {
    const alone = second.results.find((file) => file.name === name)
    if (alone?.status !== "passed") continue
    results = results.map((file) => (file.name === name ? alone : file))
    const tests = assertionResults.flatMap(({ fullName, status }) => (status === "failed" ? [fullName] : []))
    unsteady.push(...(tests.length > 0 ? tests : [`${name} as a whole`]))
  }
}

let passed = 0
let failed = 0
for (const { folder, manifest } of packages) {
  if (manifest.scripts?.test === undefined) continue
  const files = results.filter(({ name }) => name.startsWith(join(root, folder, sep)))
  if (files.length === 0) {
    console.log(`${folder}: the tests did not run`)
    failed += 1
    continue
  }
  const count = { passed: 0, failed: 0, other: 0 }
  for (const { assertionResults, name, status } of files) {
    for (const one of assertionResults) {
      if (one.status === "passed") count.passed += 1
      else if (one.status === "failed") {
        count.failed += 1
        console.log(`  failed: ${one.fullName}`)
      } else count.other += 1
    }
    // A file that cannot even be loaded has no tests that could fail: it counts as one.
    if (status === "failed" && !assertionResults.some((one) => one.status === "failed")) {
      count.failed += 1
      console.log(`  failed: ${name} as a whole`)
    }
  }
  passed += count.passed
  failed += count.failed
  console.log(`${folder}: ${count.passed} passed${count.other === 0 ? "" : `, ${count.other} skipped`}`)
}
for (const { name, why } of missingAgents()) console.log(`tests with the real agent ${name} are skipped: ${why}`)
if (noBrowser !== null) console.log(`TESTS OF THE WEB PAGE DID NOT RUN. ${noBrowser}`)
const blocks: ReadonlyArray<{ readonly ms: number; readonly test: string }> = existsSync(blockingFile)
  ? readFileSync(blockingFile, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
  : []
for (const { ms, test } of [...blocks].sort((a, b) => b.ms - a.ms))
  console.log(`blocked its worker for ${ms} ms: ${test}`)
for (const test of unsteady) console.log(`UNSTEADY: failed beside the others, passed alone: ${test}`)
if (failedOtherwise && failed === 0) failed = 1
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
