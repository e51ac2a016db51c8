/**
 * A database copied aside: what is looked at is never touched, and what is opened may be written to by SQLite (the
 * shared-memory file, a recovery). The file and its write-ahead log belong together and are copied together.
 */
import { constants, copyFileSync, rmSync, statSync } from "node:fs"
import { basename, join } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import Sqlite from "better-sqlite3"
import { Effect, type Scope } from "effect"
import { temporaryDirectory } from "../temporaryDirectory.js"
import { databaseProblem, writeProblem } from "./databaseProblem.js"

/** How often a copy is tried while another process writes to the file. */
const attempts = 5
/** All pages that are left in one step, so that the backup is of one moment and no commit makes it start anew. */
const allPages = 0x7fff_ffff

/** Size and time of a file and of its write-ahead log: the same before and after a copy means that no process wrote in between. */
const traceOf = (file: string): string =>
  [file, `${file}-wal`]
    .map((part) => statSync(part, { throwIfNoEntry: false, bigint: true }))
    .map((stats) => (stats === undefined ? "-" : `${stats.ino}:${stats.size}:${stats.mtimeNs}`))
    .join(" ")

const copyOnce = (file: string, copy: string): boolean => {
  const before = traceOf(file)
  copyFileSync(file, copy, constants.COPYFILE_FICLONE)
  rmSync(`${copy}-wal`, { force: true })
  if (statSync(`${file}-wal`, { throwIfNoEntry: false }) !== undefined) {
    copyFileSync(`${file}-wal`, `${copy}-wal`, constants.COPYFILE_FICLONE)
  }
  return traceOf(file) === before
}

/** A copy through SQLite, for a database that a live process writes to. */
const backUp = async (file: string, copy: string): Promise<void> => {
  rmSync(copy, { force: true })
  rmSync(`${copy}-wal`, { force: true })
  const source = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    await source.backup(copy, { progress: () => allPages })
  } finally {
    source.close()
  }
}

const requireFile = (file: string): Effect.Effect<void, Problem> =>
  Effect.suspend(() =>
    statSync(file, { throwIfNoEntry: false })?.isFile() === true
      ? Effect.void
      : new Problem({ slug: "database-not-found", detail: `There is no database at ${file}.` }),
  )

/**
 * Copies a database aside for the life of the scope and gives the path of the copy. The original's directory stays as
 * it was. Fails with `database-not-found`, `database-unreadable` or `database-damaged`, or `disk-full` (no room for the copy).
 */
export const privateCopy = (file: string): Effect.Effect<string, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    yield* requireFile(file)
    const copy = join(yield* temporaryDirectory, basename(file))
    const still = yield* Effect.try({
      try: () => {
        for (let attempt = 0; attempt < attempts; attempt++) if (copyOnce(file, copy)) return true
        return false
      },
      catch: (error) => writeProblem(copy, error),
    })
    // Another process writes all the time, so SQLite has its files open there already and a reader adds none.
    if (!still) yield* liveCopyTo(file, copy)
    return copy
  })

const liveCopyTo = (file: string, copy: string): Effect.Effect<void, Problem> =>
  Effect.tryPromise({
    try: () => backUp(file, copy),
    catch: (error) => databaseProblem(error, file, copy),
  })

/** The same of a database that a live process of ours owns. */
export const liveCopy = (file: string): Effect.Effect<string, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    yield* requireFile(file)
    const copy = join(yield* temporaryDirectory, basename(file))
    yield* liveCopyTo(file, copy)
    return copy
  })
