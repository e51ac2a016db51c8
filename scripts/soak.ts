/**
 * The tests that go on for long: the scenarios at full size, and what random choice is worth repeating.
 *
 *   npm run soak                      all of them, one after the other
 *   npm run soak -- giant model       some of them
 *   KILLS=200 SEED=42 npm run soak -- kill
 *
 * Sizes come from the environment; what is not set there has the value below. Every test has a time limit. Properties look at
 * other cases on every run (packages/testkit/test/seeds.ts).
 */
import { run } from "./tools.mjs"

interface Soak {
  readonly files: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly folder?: string
  readonly config?: string
}

/** Name → where it runs, what it runs and how large; the name is what one asks for. */
const soaks: Readonly<Record<string, Soak>> = {
  // kill -9 at other points on every run.
  kill: { files: ["test/cli/kill.test.ts"], env: { KILLS: "1000", SEED: String(Date.now() % 1_000_000) } },
  // A desktop app's server killed at random moments while an agent works and a client streams.
  desktop: { files: ["test/cli/desktop.test.ts"], env: { KILLS: "100", SEED: String(Date.now() % 1_000_000) } },
  // Every recording cut after every line, and a thousand damaged ones.
  recordings: {
    files: ["test/recordings"],
    env: { CUTS: "all", ORDERS: "10", THREADFOLD_RUNS: "1000", WHY_FIELDS: "20", MOMENTS: "all" },
  },
  // The write-ahead log cut at two hundred points.
  wal: { files: ["test/recordings/cutLog.test.ts"], env: { WAL_CUTS: "200" } },
  // Threads as they were at every event of random logs, from checkpoints.
  moments: { folder: "packages/projections", files: ["src/moments/moments.test.ts"], env: { MOMENTS_RUNS: "300" } },
  // Scenario 3: a server killed at every commit of six threads.
  crashes: { folder: "packages/orchestrator", files: ["src/restart.test.ts"], env: { CRASHES: "all" } },
  // Scenario 11, its second half: what an agent's process leaves behind, in the system and in us.
  agents: { folder: "packages/orchestrator", files: ["src/fakeAgent.test.ts"], env: { CYCLES: "1000" } },
  // Scenario 12.
  owners: { config: "vitest.soak.config.ts", files: ["test/soak/owners.soak.ts"], env: { ROUNDS: "20" } },
  // Scenarios 15 and 16, the readers' half.
  streams: { config: "vitest.soak.config.ts", files: ["test/soak/streams.soak.ts"], env: { EVENTS: "12000" } },
  // A command that prints 20 MB: what it takes of memory and of the database.
  output: { files: ["test/cli/longOutput.test.ts"], env: { OUTPUT_BYTES: "20000000" } },
  // Scenario 16, the writer's half: ten minutes of a model.
  model: { files: ["test/scenarios/fastModel.test.ts"], env: { CHUNKS: "300000" } },
  // Scenario 17.
  giant: { files: ["test/scenarios/giantThread.test.ts"], env: { DELTAS: "165000" } },
  // Rows written live, in pages, by killed rebuilds and by rebuilds beside appends, in SQL and in Maps, over a thousand generated logs.
  rebuild: {
    folder: "packages/projections",
    files: ["src/oneHash.test.ts", "src/verify.test.ts", "src/SqlStore.test.ts"],
    env: { THREADFOLD_RUNS: "1000" },
  },
  // Copies of the rows kept by the reducer, compared with the server's after every event of random logs.
  reducer: { files: ["test/model/reducer.test.ts"], env: { THREADFOLD_RUNS: "300" } },
  // What hostile adapters push, over HTTP: 100,000 lines of all event types.
  hostile: {
    config: "vitest.soak.config.ts",
    files: ["test/soak/hostile.soak.ts"],
    env: { SEEDS: "50", LINES: "2000", SEED: "1" },
  },
  // Why fields are as they are, proved by the event that was left out.
  why: { folder: "packages/core", files: ["src/model/why.test.ts"], env: { THREADFOLD_WHY_FIELDS: "1000" } },
  // The rules on more of what sources could say.
  fold: {
    folder: "packages/core",
    files: ["src/fold", "src/transitions", "src/decide", "src/model/bisect.test.ts", "src/workflow/voiceLife.test.ts"],
    env: { THREADFOLD_RUNS: "2000" },
  },
  // Texts of any length, in a database and in memory.
  texts: { folder: "packages/event-log", files: ["src/texts"], env: { THREADFOLD_RUNS: "300" } },
  // Any wire of an agent of the Agent Client Protocol.
  wire: { folder: "packages/providers", files: ["src/acp/translate"], env: { THREADFOLD_RUNS: "3000" } },
}

/** For tests without a limit of their own: half an hour. */
const limit = ["--testTimeout", "1800000"]

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(soaks, name))
if (unknown.length > 0) {
  console.error(`There is no soak ${unknown.join(", ")}; there are ${Object.keys(soaks).join(", ")}.`)
  process.exit(2)
}

const failed: string[] = []
for (const [name, { config, env, files, folder = "apps/server" }] of Object.entries(soaks)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const sizes = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, process.env[key] ?? value]))
  console.log(
    `\n${name}: ${Object.entries(sizes)
      .map(([key, value]) => `${key}=${value}`)
      .join(" ")}`,
  )
  const which = config === undefined ? [] : ["--config", config]
  const code = await run("pnpm", ["--dir", folder, "exec", "vitest", "run", ...limit, ...which, ...files], {
    env: { THREADFOLD_SEED: process.env.THREADFOLD_SEED ?? "random", ...sizes },
  })
  if (code !== 0) failed.push(name)
}
console.log(failed.length === 0 ? "\nall held" : `\nfailed: ${failed.join(", ")}`)
process.exitCode = failed.length === 0 ? 0 : 1
