/** The log as a service, derived once from whatever stores it. */
import type { Problem } from "@threadfold/contracts"
import { Clock, Context, Effect, Layer } from "effect"
import { type AppendResult, appendAll, type StreamWrite } from "./Append.js"
import type { LogDriver } from "./Driver.js"
import {
  type AppendError,
  EventIdConflict,
  SeqConflict,
  type StorageFailed,
  storageFailed,
  VersionConflict,
} from "./Errors.js"
import { type LogReader, makeLogReader } from "./LogReader.js"
import { memoryDriver } from "./MemoryDriver.js"
import { type OpenSqliteOptions, openSqlite } from "./SqliteDatabase.js"

export interface EventLogService extends LogReader {
  /**
   * Appends to several streams in one transaction, all or nothing, and publishes. Repeating it is safe: an event whose
   * id or `(source, channel, seq)` the log has, with the same content, keeps its first place and comes back as a
   * duplicate; other content under the same key is a conflict.
   */
  readonly append: (writes: readonly StreamWrite[]) => Effect.Effect<AppendResult, AppendError>
  /** Packs up to `limit` native bodies; returns how many, 0 when there is nothing to do now. */
  readonly compressNative: (limit: number) => Effect.Effect<number, StorageFailed>
}

const attempt = <A>(body: () => A): Effect.Effect<A, StorageFailed> => Effect.try({ try: body, catch: storageFailed })

const appendError = (error: unknown): AppendError =>
  error instanceof VersionConflict || error instanceof SeqConflict || error instanceof EventIdConflict
    ? error
    : storageFailed(error)

const fromDriver = (driver: LogDriver): EventLogService => {
  const reader = makeLogReader(
    {
      logId: driver.logId,
      head: attempt(() => driver.head()),
      read: (query) => attempt(() => driver.read(query)),
      findByEventId: (eventId) => attempt(() => driver.findByEventId(eventId)),
      native: (sequence) => attempt(() => driver.readNative(sequence)),
    },
    driver.head(),
  )
  return {
    ...reader,
    append: (writes) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        // One synchronous step: nothing can interrupt between the commit and its publication.
        Effect.try({
          try: () => {
            const result = appendAll(driver, writes, now)
            reader.publish(
              result.head,
              writes.map((write) => write.streamId),
            )
            return result
          },
          catch: appendError,
        }),
      ),
    compressNative: (limit) => attempt(() => driver.compressNative(limit)),
  }
}

/** The durable log. */
export class EventLog extends Context.Tag("@threadfold/event-log/EventLog")<EventLog, EventLogService>() {
  /** The service over a driver. Throws what the driver throws when asked for its head. */
  static readonly fromDriver = fromDriver

  /** The log of a data directory, owned for as long as the layer lives. */
  static readonly layerSqlite = (options: OpenSqliteOptions): Layer.Layer<EventLog, Problem> =>
    Layer.scoped(
      EventLog,
      Effect.map(openSqlite(options), ({ driver }) => fromDriver(driver)),
    )

  /** A log in memory, empty at first. */
  static readonly layerMemory: Layer.Layer<EventLog> = Layer.sync(EventLog, () => fromDriver(memoryDriver()))
}
