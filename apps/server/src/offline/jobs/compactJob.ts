/**
 * `compact`: the database written anew without its free pages, into a file beside it that takes its place when it is on the disk and
 * holds the same. Until then the old file is as it was, however the process ends.
 */
import { closeSync, openSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { databaseGroups } from "@threadfold/engine"
import { databaseFiles, openSqlite, removeDatabase } from "@threadfold/event-log"
import Sqlite from "better-sqlite3"
import { Effect, Schema } from "effect"
import { makeJob } from "./Job.js"
import { type Looked, lookThrough, makeDurable } from "./wholeDatabase.js"

const options = Schema.Struct({
  /** Path of the new file while it is written. */
  draft: Schema.String,
})

/** Writes what is in a database into a new one, whose free pages can be given back from then on. */
const writeAnew = (file: string, draft: string): void => {
  // Made here, so that only its owner can read it from its first byte on.
  closeSync(openSync(draft, "wx", 0o600))
  const handle = new Sqlite(file, { fileMustExist: true })
  try {
    handle.pragma("auto_vacuum = INCREMENTAL")
    handle.prepare("VACUUM INTO ?").run(draft)
  } finally {
    handle.close()
  }
  const made = new Sqlite(draft)
  try {
    made.pragma("journal_mode = WAL")
  } finally {
    made.close()
  }
}

/** Nothing of a database may be outside of its file when another file takes its place. */
const requireClosed = (file: string): void => {
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0) return
  throw new Problem({
    slug: "storage-failed",
    detail: `${file} is open in another program: its write-ahead log could not be closed. The database is as it was; close that program.`,
  })
}

const requireSame = (before: Looked, after: Looked): void => {
  const names = ["logId", "events", "lastSequence", "hash"] as const
  const different = names.filter((name) => before[name] !== after[name])
  if (different.length === 0) return
  const found = different.map((name) => `${name} ${before[name]} became ${after[name]}`).join(", ")
  throw new Problem({ slug: "internal", detail: `The new file differs: ${found}. The database is as it was.` })
}

export const compactJob = makeJob(options, ({ file, options: { draft }, progress }) =>
  Effect.gen(function* () {
    // One that a killed run left behind: the directory is owned, so none writes it now.
    removeDatabase(draft)
    // The tables of an older version are brought up to date, and the write-ahead log of a killed process is taken over.
    yield* Effect.scoped(openSqlite({ file, owner: "held", migrations: databaseGroups }))
    return yield* Effect.sync(() => {
      const onStream = (streams: number): void => progress(streams, 0)
      const before = lookThrough(file, { named: file, isThorough: false, onStream })
      writeAnew(file, draft)
      requireSame(before, lookThrough(draft, { named: draft, isThorough: false, onStream }))
      requireClosed(file)
      makeDurable(draft)
      renameSync(draft, file)
      const [, ...beside] = databaseFiles(file)
      for (const path of beside) rmSync(path, { force: true })
      makeDurable(dirname(file))
      return before
    })
  }),
)
