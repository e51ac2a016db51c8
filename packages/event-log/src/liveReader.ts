/** The reader of a log beside its writer: on the writer's own driver, in the writer's process. */
import type { StorageUnavailable } from "@threadfold/contracts"
import { Effect } from "effect"
import type { LogDriver } from "./Driver.js"
import { logUnavailable } from "./Errors.js"
import { type LogReader, makeLogReader } from "./LogReader.js"

const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return "code" in error && typeof error.code === "string" ? `${error.message} (${error.code})` : error.message
}

const attempt = <A>(body: () => A): Effect.Effect<A, StorageUnavailable> =>
  Effect.try({ try: body, catch: (error) => logUnavailable(wordsOf(error)) })

/**
 * A reader over a driver. What the driver has when it is made counts as published; the writer publishes the rest. Throws what the
 * driver throws when it is asked for its head.
 */
export const liveReader = (driver: LogDriver): LogReader =>
  makeLogReader(
    {
      logId: driver.logId,
      head: attempt(() => driver.head()),
      read: (query) => attempt(() => driver.read(query)),
      findByEventId: (eventId) => attempt(() => driver.findByEventId(eventId)),
      native: (sequence) => attempt(() => driver.readNative(sequence)),
    },
    driver.head(),
  )
