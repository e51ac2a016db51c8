/** `backup` and `restore-backup`: a copy of a database of one moment, and a log that goes on from such a copy. */
import { randomUUID } from "node:crypto"
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import type { BackupReport, RestoreReport } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { decodeState, mintId, settlementOf } from "@threadfold/core"
import { databaseGroups, type EventDraft, eventSourceOf, makeSqliteWriter, sha256 } from "@threadfold/engine"
import { databaseFile, openSqlite, sqliteDriver } from "@threadfold/event-log"
import { allStreams, DatabaseHash, SqlStore } from "@threadfold/projections"
import Sqlite from "better-sqlite3"
import { Clock, Effect, Schema } from "effect"
import { makeJob, type TellProgress } from "./Job.js"
import { verifyDatabase } from "./verifyJob.js"

/** Pages that are copied between two words of progress: 8 MiB. */
const pagesAtOnce = 2_048

const reading = (file: string): Sqlite.Database => new Sqlite(file, { readonly: true, fileMustExist: true })

const durable = (path: string): void => {
  const descriptor = openSync(path, "r")
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Copies what one read transaction sees: later commits neither change the copy nor begin it anew, and no writer waits. */
const copyTo = async (file: string, to: string, progress: TellProgress): Promise<void> => {
  const source = reading(file)
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

const hashOf = (handle: Sqlite.Database): string => {
  const store = new SqlStore(handle)
  const hash = new DatabaseHash()
  for (const streamId of allStreams(eventSourceOf(sqliteDriver(handle)), store)) hash.addStream(store.rowsOf(streamId))
  return hash.finish().hash
}

/** The events, last sequence and hash of a copy. Fails with `database-damaged` where it is not what the log leads to. */
const lookThrough = (file: string, isThorough: boolean): { events: number; lastSequence: number; hash: string } => {
  const handle = reading(file)
  try {
    const wrong = handle.pragma("quick_check(1)", { simple: true })
    if (wrong !== "ok") throw new Problem({ slug: "database-damaged", detail: `${file}: ${String(wrong)}.` })
    const report = isThorough ? verifyDatabase(handle, { bytes: true }) : null
    if (report !== null && !(report.log.ok && report.differences.length === 0)) {
      throw new Problem({
        slug: "database-damaged",
        detail: `${file} is not what its log leads to; \`threadfold verify --db ${file}\` says where.`,
      })
    }
    const { events, lastSequence } = handle
      .prepare<[], { events: number; lastSequence: number }>(
        "SELECT count(*) AS events, coalesce(max(sequence), 0) AS lastSequence FROM events",
      )
      .get() ?? { events: 0, lastSequence: 0 }
    return { events, lastSequence, hash: report?.hash ?? hashOf(handle) }
  } finally {
    handle.close()
  }
}

const backupOptions = Schema.Struct({
  /** Path of the backup. */
  to: Schema.String,
  /** Whether it is verified as `verify --bytes` does. */
  verify: Schema.Boolean,
})

export const backupJob = makeJob(backupOptions, ({ file, options: { to, verify }, progress }) =>
  Effect.promise(async (): Promise<BackupReport> => {
    const partial = join(dirname(to), `.threadfold-${randomUUID()}.partial`)
    try {
      await copyTo(file, partial, progress)
      const found = lookThrough(partial, verify)
      durable(partial)
      if (existsSync(to)) throw new Problem({ slug: "invalid-request", detail: `${to} exists already.` })
      renameSync(partial, to)
      return { file: to, fileBytes: statSync(to).size, ...found, verified: verify }
    } finally {
      for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(`${partial}${end}`, { force: true })
    }
  }),
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

const restoreOptions = Schema.Struct({
  /** The data directory, which the process owns. */
  directory: Schema.String,
})

export const restoreJob = makeJob(restoreOptions, ({ file, options: { directory }, progress }) =>
  Effect.gen(function* () {
    const database = databaseFile(directory)
    if (existsSync(database)) {
      return yield* Effect.die(
        new Problem({ slug: "invalid-request", detail: `${database} is there already; name an empty data directory.` }),
      )
    }
    const place = join(directory, `.restore-${randomUUID()}`)
    const made = databaseFile(place)
    return yield* Effect.acquireUseRelease(
      Effect.sync(() => mkdirSync(place, { mode: 0o700 })),
      () =>
        Effect.gen(function* () {
          yield* Effect.promise(() => copyTo(file, made, progress))
          const backup = lookThrough(made, true)
          const logId = randomUUID()
          const now = yield* Clock.currentTimeMillis
          const retired = yield* Effect.sync(() => {
            const handle = new Sqlite(made)
            try {
              handle.prepare("UPDATE meta SET value = ? WHERE key = 'log.id'").run(logId)
              return retireEffects(handle, now)
            } finally {
              handle.close()
            }
          })
          const settled = yield* Effect.scoped(
            Effect.map(openSqlite({ file: made, owner: "held", migrations: databaseGroups }), (opened) => {
              const writer = makeSqliteWriter(opened, { clock: () => now })
              const store = new SqlStore(opened.handle)
              let count = 0
              for (const streamId of allStreams(eventSourceOf(opened.driver), store)) {
                const drafts = settlingOf(store, streamId, logId, now)
                if (drafts.length === 0) continue
                const [outcome] = writer.process([{ drafts }])
                if (outcome?.ok !== true) throw outcome?.error ?? new Error("a settlement has no outcome")
                count += drafts.length
              }
              return count
            }),
          )
          const { events, hash } = lookThrough(made, false)
          renameSync(made, database)
          durable(directory)
          return { database, logId, events, backupHash: backup.hash, hash, settled, retired } satisfies RestoreReport
        }),
      () => Effect.sync(() => rmSync(place, { recursive: true, force: true })),
    )
  }),
)
