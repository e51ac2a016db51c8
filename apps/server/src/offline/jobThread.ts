/** The thread of {@link runJob}: plain synchronous work on a handle of its own. */
import { parentPort, workerData } from "node:worker_threads"
import type { SalvageReport, VerifyReport } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { databaseGroups, eventSourceOf } from "@threadfold/engine"
import {
  isDamage,
  type LogDriver,
  type OpenError,
  openSqlite,
  type SalvageError,
  salvage,
  sqliteDriver,
  verifyDigests,
} from "@threadfold/event-log"
import { allStreams, DatabaseHash, rebuild, SqlStore, verify } from "@threadfold/projections"
import Sqlite from "better-sqlite3"
import { Cause, Effect, Exit, Schema } from "effect"
import { toProblem } from "../problems/toProblem.js"
import { checkDatabase } from "./check.js"
import type { JobMessage, JobName, JobProgress, RebuildOutcome } from "./Job.js"
import { Moment, threadAt, threadDiff } from "./moments.js"

const requestOf = <const Name extends JobName, Fields extends Schema.Struct.Fields>(name: Name, options: Fields) =>
  Schema.Struct({ name: Schema.Literal(name), file: Schema.String, options: Schema.Struct(options) })

const Request = Schema.Union(
  requestOf("check", {}),
  requestOf("verify", { bytes: Schema.Boolean }),
  requestOf("at", { threadId: Schema.String, moment: Moment }),
  requestOf("diff", { threadId: Schema.String, from: Moment, to: Moment }),
  requestOf("rebuild", { resume: Schema.Boolean }),
  requestOf("salvage", { to: Schema.String }),
)

const send = (message: JobMessage): void => parentPort?.postMessage(message)
const progress = (done: JobProgress): void => send({ kind: "progress", progress: done })

/** Progress is reported after so many events, not after every stream: most streams are short. */
const every = 10_000

const throttled = () => {
  let told = 0
  return (streams: number, events: number): void => {
    if (events - told < every) return
    told = events
    progress({ streams, events })
  }
}

const readOnly = <A>(file: string, body: (handle: Sqlite.Database) => A): A => {
  const handle = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    return body(handle)
  } finally {
    handle.close()
  }
}

const runVerify = (file: string, bytes: boolean): VerifyReport =>
  readOnly(file, (handle) => {
    const readTransaction = <A>(body: () => A): A => handle.transaction(body).deferred()
    const log = readTransaction(() => verifyDigests(handle, { bytes }))
    const source = eventSourceOf(sqliteDriver(handle))
    try {
      const rows = verify({ source, store: new SqlStore(handle), readTransaction, onProgress: throttled() })
      return { ...rows, ok: rows.ok && log.ok, log }
    } catch (error) {
      // A page that cannot be read is a finding of its own; the digests have said what they could.
      if (!isDamage(error)) throw error
      const unread = { threadId: "", table: "", key: "", expected: null, actual: `unreadable: ${error.message}` }
      return { ok: false, hash: "", threads: 0, projections: {}, differences: [unread], stale: [], log }
    }
  })

const runCheck = (file: string) =>
  readOnly(file, (handle) =>
    handle.transaction(() => checkDatabase(sqliteDriver(handle), new SqlStore(handle), throttled())).deferred(),
  )

/** Reads the log as of one moment. */
const inLog = <A>(file: string, body: (driver: LogDriver) => A): A =>
  readOnly(file, (handle) => handle.transaction(() => body(sqliteDriver(handle))).deferred())

const runRebuild = (file: string, resume: boolean): Effect.Effect<RebuildOutcome, OpenError> =>
  Effect.scoped(
    Effect.map(openSqlite({ file, owner: "held", migrations: databaseGroups }), ({ driver, handle }) => {
      const store = new SqlStore(handle)
      const source = eventSourceOf(driver)
      const report = rebuild({
        source,
        store,
        resume,
        onProgress: ({ streams, events }) => progress({ streams, events }),
      })
      const hash = new DatabaseHash()
      for (const streamId of allStreams(source, store)) hash.addStream(store.rowsOf(streamId))
      return { ok: report.refused.length === 0, ...report, hash: hash.finish().hash }
    }),
  )

/** The new database gets its rows, too, so that it can be looked at and served as it is. */
const runSalvage = (from: string, to: string): Effect.Effect<SalvageReport, SalvageError> =>
  Effect.scoped(
    Effect.map(
      salvage({ from, to, migrations: databaseGroups, onProgress: (streams, events) => progress({ streams, events }) }),
      ({ database, report }) => {
        rebuild({ source: eventSourceOf(database.driver), store: new SqlStore(database.handle) })
        return report
      },
    ),
  )

const main = Effect.gen(function* () {
  const request = Schema.decodeUnknownSync(Request)(workerData)
  const { file } = request
  switch (request.name) {
    case "check":
      return runCheck(file)
    case "verify":
      return runVerify(file, request.options.bytes)
    case "at": {
      const { moment, threadId } = request.options
      return inLog(file, (driver) => threadAt(driver, threadId, moment))
    }
    case "diff": {
      const { from, threadId, to } = request.options
      return inLog(file, (driver) => threadDiff(driver, threadId, from, to))
    }
    case "rebuild":
      return yield* runRebuild(file, request.options.resume)
    case "salvage":
      return yield* runSalvage(file, request.options.to)
  }
})

const failure = (error: unknown): JobMessage =>
  error instanceof Problem
    ? { kind: "failed", slug: error.slug, detail: error.detail }
    : {
        kind: "failed",
        slug: isDamage(error) ? "database-damaged" : "database-unreadable",
        detail: `${error instanceof Error ? error.message : String(error)}.`,
      }

Effect.runPromiseExit(Effect.mapError(main, toProblem)).then(
  Exit.match({
    onSuccess: (report) => send({ kind: "done", report }),
    onFailure: (cause) => send(failure(Cause.squash(cause))),
  }),
)
