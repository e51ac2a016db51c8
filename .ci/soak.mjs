/**
 * The tests that go on for long: kill -9 a thousand times, at other points on every run.
 *
 *   npm run soak
 *   KILLS=200 SEED=42 npm run soak
 */
import { setupOrExit } from "./setup.mjs"
import { run } from "./tools.mjs"

await setupOrExit()
const env = { KILLS: process.env.KILLS ?? "1000", SEED: process.env.SEED ?? String(Date.now() % 1_000_000) }
console.log(`KILLS=${env.KILLS} SEED=${env.SEED}`)
process.exitCode = await run("pnpm", ["--dir", "apps/server", "exec", "vitest", "run", "test/cli/kill.test.ts"], {
  env,
})
