/** `backup` and `restore-backup`: a copy of a database of one moment, and a log that goes on from such a copy. */
import { randomUUID } from "node:crypto"
import { closeSync, existsSync, lstatSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import type { BackupReport, RestoreReport } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { decodeState, mintId, settlementOf } from "@threadfold/core"
import { databaseGroups, type EventDraft, eventSourceOf, makeSqliteWriter, sha256 } from "@threadfold/engine"
import {
  bringUpToDate,
  checkWhole,
  databaseFile,
  databaseFiles,
  isUpToDate,
  markerFile,
  openSqlite,
  removeDatabase,
  type SqliteDatabase,
} from "@threadfold/event-log"
import { allStreams, SqlStore } from "@threadfold/projections"
import Sqlite from "better-sqlite3"
import { Clock, Effect, Schema } from "effect"
import { toProblem } from "../../problems/toProblem.js"
import { databaseProblem } from "../databaseProblem.js"
import { lookAt } from "../lookAt.js"
import { privateCopy } from "../privateCopy.js"
import { makeJob, type TellProgress } from "./Job.js"
import { lookThrough, makeDurable, readingHandle } from "./wholeDatabase.js"

/** Pages that are copied between two words of progress: 8 MiB. */
const pagesAtOnce = 2_048

/** Copies what one read transaction sees: later commits neither change the copy nor begin it anew, and no writer waits. */
const copyTo = async (file: string, to: string, progress: TellProgress): Promise<void> => {
  const source = readingHandle(file)
  try {
    // Made here, so that only its owner can read it from its first byte on.
    closeSync(openSync(to, "wx", 0o600))
    source.exec("BEGIN")
    source.prepare("SELECT count(*) FROM meta").get()
    await source.backup(to, {
      progress: ({ remainingPages, totalPages }) => {
        progress(totalPages, totalPages - remainingPages)
        return pagesAtOnce
      },
    })
  } finally {
    source.close()
  }
}

const backupOptions = Schema.Struct({
  /** Path of the backup. */
  to: Schema.String,
  /** Whether it is verified as `verify --bytes` does. */
  verify: Schema.Boolean,
})

export const backupJob = makeJob(backupOptions, ({ file, options: { to, verify }, progress }) =>
  Effect.gen(function* () {
    const partial = join(dirname(to), `.threadfold-${randomUUID()}.partial`)
    yield* Effect.addFinalizer(() => Effect.sync(() => removeDatabase(partial)))
    yield* isUpToDate({ file, migrations: databaseGroups })
    const problem = (error: unknown): Problem => databaseProblem(error, file, to)
    yield* Effect.tryPromise({ try: () => copyTo(file, partial, progress), catch: problem })
    // A backup of an older version stays one; what it leads to is looked up in a copy that is brought up to date.
    const looked = yield* lookAt(partial, privateCopy(partial))
    const { logId: _logId, ...found } = yield* Effect.try({
      try: () => lookThrough(looked, { named: file, isThorough: verify }),
      catch: problem,
    })
    makeDurable(partial)
    if (existsSync(to)) return yield* new Problem({ slug: "invalid-request", detail: `${to} exists already.` })
    renameSync(partial, to)
    makeDurable(dirname(to))
    return { file: to, fileBytes: statSync(to).size, ...found, verified: verify } satisfies BackupReport
  }).pipe(Effect.scoped),
)

/** What a backup remembers that was about to be done is not done by the log that is restored from it. */
const retireEffects = (handle: Sqlite.Database, now: number): number =>
  handle
    .prepare<[string, number]>(
      `UPDATE effects SET status = 'retired', token = NULL, message = ?, ended_at = ? WHERE ended_at IS NULL`,
    )
    .run("a backup was restored", now).changes

const settlingOf = (store: SqlStore, streamId: string, logId: string, at: number): readonly EventDraft[] => {
  const row = store.loadFoldState(streamId)
  if (row === null) return []
  const state = decodeState(row.state)
  return settlementOf(state).map(({ payload, sessionId, type }, index) => ({
    to: { streamId },
    sessionId,
    actor: "orchestrator",
    event: {
      type,
      payload,
      native: null,
      channel: null,
      seq: null,
      at,
      eventId: mintId(sha256, at, `restore|${logId}|${streamId}|${row.streamVersion}|${index}|${type}`),
    },
  }))
}

/** Gives a copy another log id; how many effects it retires. */
const beginAnew = (file: string, logId: string, now: number): number => {
  const handle = new Sqlite(file)
  try {
    handle.prepare("UPDATE meta SET value = ? WHERE key = 'log.id'").run(logId)
    return retireEffects(handle, now)
  } finally {
    handle.close()
  }
}

/** Ends by events what lived when the backup was made; how many it appends. */
const settle = (opened: SqliteDatabase, logId: string, now: number) =>
  Effect.gen(function* () {
    const writer = makeSqliteWriter(opened, { clock: () => now })
    const store = new SqlStore(opened.handle)
    let count = 0
    for (const streamId of allStreams(eventSourceOf(opened.driver), store)) {
      const drafts = settlingOf(store, streamId, logId, now)
      if (drafts.length === 0) continue
      const [outcome] = writer.process([{ drafts }])
      if (outcome === undefined) return yield* Effect.dieMessage("a settlement has no outcome")
      if (outcome.ok) count += drafts.length
      // Half of a copy or of a bundle: what it waits for is not known before the rest is there, which ends it.
      else if (outcome.error._tag !== "ThreadIncomplete") return yield* outcome.error
    }
    return count
  })

/**
 * Fails where a directory has a database, a link to one, or what is left of one: a write-ahead log that lies beside the restored
 * database would be taken for its own.
 */
const requireFree = (directory: string): Effect.Effect<void, Problem> =>
  Effect.suspend(() => {
    const found = databaseFiles(databaseFile(directory)).find(
      (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
    )
    return found === undefined
      ? Effect.void
      : new Problem({ slug: "invalid-request", detail: `${found} is there already; name an empty data directory.` })
  })

const restoreOptions = Schema.Struct({
  /** The data directory, which the process owns. */
  directory: Schema.String,
  /** Path of the backup, of which `file` is a copy. */
  named: Schema.String,
})

export const restoreJob = makeJob(restoreOptions, ({ file, options: { directory, named }, progress }) =>
  Effect.gen(function* () {
    const database = databaseFile(directory)
    yield* requireFree(directory)
    const place = join(directory, `.restore-${randomUUID()}`)
    const made = databaseFile(place)
    const problem = (error: unknown): Problem => databaseProblem(error, named, database)
    return yield* Effect.acquireUseRelease(
      Effect.sync(() => mkdirSync(place, { mode: 0o700 })),
      () =>
        Effect.gen(function* () {
          const checked = Effect.zipRight(checkWhole(file), isUpToDate({ file, migrations: databaseGroups }))
          yield* Effect.mapError(checked, (error) => {
            const { detail, slug } = toProblem(error)
            return new Problem({ slug, detail: detail.replaceAll(file, named) })
          })
          yield* Effect.tryPromise({ try: () => copyTo(file, made, progress), catch: problem })
          yield* bringUpToDate({ file: made, migrations: databaseGroups })
          const look = (isThorough: boolean) =>
            Effect.try({ try: () => lookThrough(made, { named, isThorough }), catch: problem })
          const backup = yield* look(true)
          const logId = randomUUID()
          const now = yield* Clock.currentTimeMillis
          const retired = yield* Effect.try({ try: () => beginAnew(made, logId, now), catch: problem })
          const settled = yield* Effect.scoped(
            Effect.flatMap(openSqlite({ file: made, owner: "held", migrations: databaseGroups }), (opened) =>
              settle(opened, logId, now),
            ),
          )
          const { events, hash } = yield* look(false)
          renameSync(made, database)
          // The marker of a log that was here before would be taken for that of this one.
          rmSync(markerFile(database), { force: true })
          makeDurable(directory)
          return { database, logId, events, backupHash: backup.hash, hash, settled, retired } satisfies RestoreReport
        }),
      () => Effect.sync(() => rmSync(place, { recursive: true, force: true })),
    )
  }),
)
