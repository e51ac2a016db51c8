/**
 * Writes a database of today's schema and fold as SQL, for tests of what later versions do with it:
 *
 *   npm run golden -- release-3
 *
 * The built program makes it: recordings of Codex, one of them cut and left open, and session files of Codex and Claude.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { FOLD_VERSION } from "@threadfold/core"
import { databaseFile } from "@threadfold/event-log"
import { packageRoot, recording, type SessionFile, sessionFiles } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { dumpOf } from "./dumpOf.js"

const name = process.argv[2] ?? ""
if (!/^release-\d+$/.test(name)) {
  console.error("usage: npm run golden -- release-N")
  process.exit(2)
}

const program = fileURLToPath(new URL("../../dist/threadfold.js", import.meta.url))
const place = mkdtempSync(join(tmpdir(), "threadfold-golden-"))
const directory = join(place, "data")
const imported = (...args: readonly string[]): void =>
  void execFileSync(process.execPath, [program, "import", ...args, "--data-dir", directory], { stdio: "pipe" })

/** The smallest session file of an agent. */
const sessionOf = (source: SessionFile["source"]): string => {
  const [smallest] = sessionFiles
    .filter((one) => one.source === source)
    .sort((a, b) => a.text().length - b.text().length)
  if (smallest === undefined) throw new Error(`no session file of ${source}`)
  return smallest.path
}

try {
  const plain = ["codex-01-plain", "codex-02-approval-untrusted-accept", "codex-09-interrupt-midstream"]
  imported("codex-app-server", ...plain.map((one) => recording(one).path))
  const cut = join(place, "cut.jsonl")
  writeFileSync(cut, `${recording("codex-08-plan").text().split("\n").slice(0, 40).join("\n")}\n`)
  imported("codex-app-server", cut, "--leave-open")
  for (const source of ["codex-rollout", "claude"] as const) imported(source, sessionOf(source))

  const handle = new Sqlite(databaseFile(directory), { readonly: true })
  const about = `-- A database as fold version ${FOLD_VERSION} made it: recordings, one of them left open, and session files.`
  const dump = `${about}\n${dumpOf(handle)}`
  handle.close()
  if (dump.includes(place) || dump.includes(packageRoot)) throw new Error("the database names a folder of this machine")
  const target = join(packageRoot, "fixtures", "databases", `${name}.sql`)
  writeFileSync(target, dump)
  console.log(
    `${target}: ${readFileSync(target).length} bytes. Add ${name} to \`releases\` of testkit, with fold ${FOLD_VERSION}.`,
  )
} finally {
  rmSync(place, { recursive: true, force: true })
}
