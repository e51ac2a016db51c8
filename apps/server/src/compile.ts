/**
 * Makes V8's form of the scripts of the program (`compiledProgram.ts`), for the Node that runs this: at the end of the build, and where
 * the package is installed. It runs what most commands run, so that their functions are in it. Argument: the folder of this package.
 */
import "./heap.js"
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Effect, Schedule } from "effect"
import { compiledNames, compiling } from "./compiledProgram.js"
import { discoveryFile } from "./http/Discovery.js"

const home = resolve(process.argv[2] ?? ".")
const folder = join(home, "dist")
const place = mkdtempSync(join(tmpdir(), "threadfold-build-"))
const dataDir = join(place, "data")
const data = ["--data-dir", dataDir]

/** Command lines in their order; each may find what the ones before it left. */
const lines = [
  ["import", "codex-app-server", join(home, "examples", "codex-02-approval-untrusted-accept.jsonl"), ...data],
  ["threads", "--json", ...data],
  ["events", "--json", ...data],
  ["check", "--json", ...data],
  ["search", "finished", "--json", ...data],
  ["threads", "--help"],
]
/** Command lines that ask a server. */
const asking = [["threads", "--json", ...data]]
const serving = ["serve", "--port", "0", "--access-log", "off", ...data]

const { caches, program } = compiling(folder)
const run = (line: readonly string[]) => program.main(["node", "threadfold", ...line])
const isServing = Effect.sync(() => existsSync(discoveryFile(dataDir)))
const untilServing = Effect.repeat(isServing, { until: (is) => is, schedule: Schedule.spaced("20 millis") })
const asked = Effect.zipRight(untilServing, Effect.forEach(asking, run))
const work = Effect.gen(function* () {
  const codes = yield* Effect.forEach(lines, run)
  // The server is interrupted when it was asked. Where nothing may listen, what a server runs is not in V8's form: no reason to have none.
  yield* Effect.raceFirst(asked, run(serving))
  return codes
})
try {
  const codes = await Effect.runPromise(work)
  if (codes.some((code) => code !== 0)) throw new Error(`commands of the build ended with ${codes.join(", ")}`)
  const made = join(folder, compiledNames.caches)
  for (const old of [made, `${made}.new`]) rmSync(old, { recursive: true, force: true })
  mkdirSync(`${made}.new`)
  for (const [name, cache] of caches()) writeFileSync(join(`${made}.new`, name), cache)
  renameSync(`${made}.new`, made)
} finally {
  rmSync(place, { recursive: true, force: true })
}
