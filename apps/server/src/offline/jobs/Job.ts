/** Work over a whole database: its options, what it does, what it reports. Each job has a file beside this one. */
import type { TableName } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { type LogDriver, sqliteDriver } from "@threadfold/event-log"
import type { Replaced } from "@threadfold/projections"
import Sqlite from "better-sqlite3"
import { Effect, Schema } from "effect"
import type { ServiceError } from "../../problems/toProblem.js"

/** How far it is. */
export interface JobProgress {
  readonly streams: number
  readonly events: number
  /** Events that it is about; absent: not known. */
  readonly totalEvents?: number
}

/** Tells how far a job is, as often as the job wants. */
export type TellProgress = (streams: number, events: number, totalEvents?: number) => void

/** Asks the thread that started the job, which alone reaches the writer. */
export type Ask = (question: JobQuestion) => Effect.Effect<JobAnswer, Problem>

/** What a job asks. */
export type JobQuestion =
  /** Fold a stream again and replace its rows. */
  | { readonly kind: "refold"; readonly streamId: string; readonly table: TableName | null }
  /** Note how far a rebuild is. */
  | { readonly kind: "note"; readonly point: string | null }

/** What became of it. */
export type JobAnswer = Replaced

/** What the thread of a job is given besides its options. */
export interface JobSurroundings {
  readonly progress: TellProgress
  readonly ask: Ask
}

/** One run of a job. */
export interface JobCall<Options> extends JobSurroundings {
  /** The database. */
  readonly file: string
  readonly options: Options
}

/** A job as its thread starts it. Options and report are plain data: they are copied from thread to thread. */
export interface Job<Options, Report> {
  readonly options: Schema.Schema<Options>
  /** Fails as the packages below the server do. A `Problem`, and what the database throws, are its defects. */
  readonly start: (
    file: string,
    options: unknown,
    surroundings: JobSurroundings,
  ) => Effect.Effect<Report, ServiceError | Problem>
}

export const makeJob = <Options, Report>(
  options: Schema.Schema<Options>,
  run: (call: JobCall<Options>) => Effect.Effect<Report, ServiceError | Problem>,
): Job<Options, Report> => ({
  options,
  start: (file, given, surroundings) =>
    Effect.suspend(() => run({ file, options: Schema.decodeUnknownSync(options)(given), ...surroundings })),
})

/** Opens a file on a handle that can only read, for as long as the work takes. */
const onHandle = <A, E = never>(
  file: string,
  body: (handle: Sqlite.Database) => Effect.Effect<A, E>,
): Effect.Effect<A, E> =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Sqlite(file, { readonly: true, fileMustExist: true })),
    body,
    (handle) => Effect.sync(() => handle.close()),
  )

/** A job on a handle that can only read. */
export const readingJobOf = <Options, Report>(
  options: Schema.Schema<Options>,
  body: (handle: Sqlite.Database, call: JobCall<Options>) => Effect.Effect<Report, ServiceError | Problem>,
): Job<Options, Report> => makeJob(options, (call) => onHandle(call.file, (handle) => body(handle, call)))

/** The same for one that waits for nothing. */
export const readingJob = <Options, Report>(
  options: Schema.Schema<Options>,
  body: (handle: Sqlite.Database, call: JobCall<Options>) => Report,
): Job<Options, Report> => readingJobOf(options, (handle, call) => Effect.sync(() => body(handle, call)))

/** Reads the log as of one moment, for a job that waits for something before. `onEvents` takes how many more events were read. */
export const overLog = <Options, Report>(
  call: JobCall<Options>,
  body: (driver: LogDriver, onEvents: (count: number) => void) => Report,
): Effect.Effect<Report> =>
  onHandle(call.file, (handle) =>
    Effect.sync(() => {
      let events = 0
      const onEvents = (count: number): void => {
        events += count
        call.progress(1, events)
      }
      return handle.transaction(() => body(sqliteDriver(handle), onEvents)).deferred()
    }),
  )

/** A job that reads the log as of one moment. It tells how many events it has read. */
export const logJob = <Options, Report>(
  options: Schema.Schema<Options>,
  body: (driver: LogDriver, options: Options, onEvents: (count: number) => void) => Report,
): Job<Options, Report> =>
  makeJob(options, (call) => overLog(call, (driver, onEvents) => body(driver, call.options, onEvents)))
