/**
 * Runs the tests of all packages and prints, as its last line, `N passed, N failed`.
 *
 *   npm test
 *   THREADFOLD_AGENTS=none npm test    without the real agents (scripts/agents.mjs): their tests are skipped
 */
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join, sep } from "node:path"
import { installAgents, missingAgents } from "./agents.mjs"
import { setupOrExit } from "./setup.mjs"
import { temporaryFolder } from "./temporary.mjs"
import { blockingFile, packages, root, run } from "./tools.mjs"

await setupOrExit()
await installAgents()

const report = join(root, ".turbo", "test-results.json")
rmSync(report, { force: true })
rmSync(blockingFile, { force: true })
const code = await run(
  join("node_modules", ".bin", "vitest"),
  ["run", "--config=scripts/vitest.config.mjs", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
  { env: { TMPDIR: temporaryFolder() } },
)

let passed = 0
let failed = 0
const results = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")).testResults : []
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
      count[one.status === "passed" || one.status === "failed" ? one.status : "other"] += 1
      if (one.status === "failed") console.log(`  failed: ${one.fullName}`)
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
const blocks = existsSync(blockingFile)
  ? readFileSync(blockingFile, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
  : []
for (const { ms, test } of blocks.sort((a, b) => b.ms - a.ms)) console.log(`blocked its worker for ${ms} ms: ${test}`)
// Vitest knows of failures that no report tells, such as an error after the last test.
if (code !== 0 && failed === 0) failed = 1
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
