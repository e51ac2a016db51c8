/**
 * Runs the tests of all packages and prints, as its last line, `N passed, N failed`.
 *
 *   npm test
 *   THREADFOLD_AGENTS=none npm test    without the real agents (.ci/agents.mjs): their tests are skipped
 */
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { installAgents, missingAgents } from "./agents.mjs"
import { setupOrExit } from "./setup.mjs"
import { packages, root, turbo } from "./tools.mjs"

await setupOrExit()
await installAgents()

const result = join(".turbo", "test-results.json")
const tested = packages.filter(({ manifest }) => manifest.scripts?.test !== undefined)
for (const { folder } of tested) rmSync(join(root, folder, result), { force: true })

const code = await turbo("test", [
  "--continue",
  "--",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${result}`,
])

let passed = 0
let failed = 0
for (const { folder } of tested) {
  const file = join(root, folder, result)
  if (!existsSync(file)) {
    console.log(`${folder}: the tests did not run to their end`)
    failed += 1
    continue
  }
  const report = JSON.parse(readFileSync(file, "utf8"))
  // A file that cannot even be loaded has no tests that could fail: it counts as one.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((one) => one.status === "failed"),
  )
  const skipped = report.numPendingTests + report.numTodoTests
  passed += report.numPassedTests
  failed += report.numFailedTests + broken.length
  console.log(`${folder}: ${report.numPassedTests} passed${skipped === 0 ? "" : `, ${skipped} skipped`}`)
  for (const { name, assertionResults } of report.testResults) {
    for (const one of assertionResults) if (one.status === "failed") console.log(`  failed: ${one.fullName}`)
    if (broken.some((each) => each.name === name)) console.log(`  failed: ${name} as a whole`)
  }
}
for (const { name, why } of missingAgents()) console.log(`tests with the real agent ${name} are skipped: ${why}`)
// Turbo knows of failures that no report tells, such as an error after the last test.
if (code !== 0 && failed === 0) failed = 1
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
