/**
 * Makes V8's form of the one file of the program (`compiledProgram.ts`), for the Node that runs this: at the end of the build, and where
 * the package is installed. It runs what most commands run, so that their functions are in it. Argument: the folder of this package.
 */
import "./heap.js"
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Effect } from "effect"
import { compiledNames, compiling } from "./compiledProgram.js"

const home = resolve(process.argv[2] ?? ".")
const folder = join(home, "dist")
const place = mkdtempSync(join(tmpdir(), "threadfold-build-"))
const data = ["--data-dir", join(place, "data")]

/** Command lines in their order; each may find what the ones before it left. */
const lines = [
  ["import", "codex-app-server", join(home, "examples", "codex-02-approval-untrusted-accept.jsonl"), ...data],
  ["threads", "--json", ...data],
  ["events", "--json", ...data],
  ["check", "--json", ...data],
  ["threads", "--help"],
]

const { cache, parts } = compiling(folder)
const program = await parts.program()
const work = Effect.forEach(lines, (line) => program.main(["node", "threadfold", ...line]))
try {
  const codes = await Effect.runPromise(work)
  if (codes.some((code) => code !== 0)) throw new Error(`commands of the build ended with ${codes.join(", ")}`)
  const file = join(folder, compiledNames.cache)
  writeFileSync(`${file}.new`, cache())
  renameSync(`${file}.new`, file)
} finally {
  rmSync(place, { recursive: true, force: true })
}
