/** Work over a whole database: its options, what it does, what it reports. Each job has a file beside this one. */
import { type LogDriver, sqliteDriver } from "@threadfold/event-log"
import Sqlite from "better-sqlite3"
import { Effect, Schema } from "effect"
import type { ServiceError } from "../../problems/toProblem.js"

/** How far it is. */
export interface JobProgress {
  readonly streams: number
  readonly events: number
}

/** Tells how far a job is, as often as the job wants. */
export type TellProgress = (streams: number, events: number) => void

/** One run of a job. */
export interface JobCall<Options> {
  /** The database. */
  readonly file: string
  readonly options: Options
  readonly progress: TellProgress
}

/** A job as its thread starts it. Options and report are plain data: they are copied from thread to thread. */
export interface Job<Options, Report> {
  readonly options: Schema.Schema<Options>
  /** Fails as the packages below the server do. A `Problem`, and what the database throws, are its defects. */
  readonly start: (file: string, options: unknown, progress: TellProgress) => Effect.Effect<Report, ServiceError>
}

export const makeJob = <Options, Report>(
  options: Schema.Schema<Options>,
  run: (call: JobCall<Options>) => Effect.Effect<Report, ServiceError>,
): Job<Options, Report> => ({
  options,
  start: (file, given, progress) =>
    Effect.suspend(() => run({ file, options: Schema.decodeUnknownSync(options)(given), progress })),
})

const onHandle = <A>(file: string, body: (handle: Sqlite.Database) => A): Effect.Effect<A> =>
  Effect.sync(() => {
    const handle = new Sqlite(file, { readonly: true, fileMustExist: true })
    try {
      return body(handle)
    } finally {
      handle.close()
    }
  })

/** A job that only reads, and waits for nothing. */
export const readingJob = <Options, Report>(
  options: Schema.Schema<Options>,
  body: (handle: Sqlite.Database, call: JobCall<Options>) => Report,
): Job<Options, Report> => makeJob(options, (call) => onHandle(call.file, (handle) => body(handle, call)))

/** Reads the log as of one moment, for a job that waits for something before. `onEvents` takes how many more events were read. */
export const overLog = <Options, Report>(
  call: JobCall<Options>,
  body: (driver: LogDriver, onEvents: (count: number) => void) => Report,
): Effect.Effect<Report> =>
  onHandle(call.file, (handle) => {
    let events = 0
    const onEvents = (count: number): void => {
      events += count
      call.progress(1, events)
    }
    return handle.transaction(() => body(sqliteDriver(handle), onEvents)).deferred()
  })

/** A job that reads the log as of one moment. It tells how many events it has read. */
export const logJob = <Options, Report>(
  options: Schema.Schema<Options>,
  body: (driver: LogDriver, options: Options, onEvents: (count: number) => void) => Report,
): Job<Options, Report> =>
  makeJob(options, (call) => overLog(call, (driver, onEvents) => body(driver, call.options, onEvents)))
