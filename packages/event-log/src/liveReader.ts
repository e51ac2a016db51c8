/** The reader of a log beside its writer: on the writer's own driver, in the writer's process. */
import { Effect } from "effect"
import type { LogDriver } from "./Driver.js"
import { type StorageFailed, storageFailed } from "./Errors.js"
import { type LogReader, makeLogReader } from "./LogReader.js"

const attempt = <A>(body: () => A): Effect.Effect<A, StorageFailed> => Effect.try({ try: body, catch: storageFailed })

/**
 * A reader over a driver. What the driver has when it is made counts as published; whoever writes publishes the rest. Throws what
 * the driver throws when it is asked for its head.
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
