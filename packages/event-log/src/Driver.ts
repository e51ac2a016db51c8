/**
 * The driver interface of the log. A driver stores rows and reads them; it depends on no event type and no rule. Readers are derived
 * from it, and the engine writes through it.
 *
 * All methods are synchronous, because nothing may wait between BEGIN and COMMIT.
 */
import type { EventRow } from "./EventRow.js"

/** Which events a page holds. All conditions apply together. */
export interface ReadQuery {
  /** Only this stream. */
  readonly streamId?: string
  /** Only these types. */
  readonly types?: readonly string[]
  /** Events after this sequence (exclusive). With `order: "desc"` the page ends above it. */
  readonly after?: number
  /** Events up to this sequence (inclusive). */
  readonly until?: number
  /** `asc`: oldest first (default). `desc`: newest first. */
  readonly order?: "asc" | "desc"
  /** At most this many, 1 to 10,000. */
  readonly limit: number
}

/** The native body of an event: the event's sequence, and the body verbatim. */
export type NativeBody = readonly [sequence: number, body: string]

/**
 * What a storage must do for the log. Native bodies: short ones are kept beside their event, long ones (over 32 KiB)
 * once, by their SHA-256.
 */
export interface LogDriver {
  /** Identifies this log; changes when a backup is restored over it. */
  readonly logId: string
  /** Runs `body` in one write transaction: commits when it returns, rolls everything back when it throws. */
  readonly transaction: <A>(body: () => A) => A
  /** Highest sequence, 0 for an empty log. */
  readonly head: () => number
  /** Version of a stream, 0 where there is none. */
  readonly streamVersion: (streamId: string) => number
  /** Stores one event; throws on a broken unique key. Only inside `transaction`. */
  readonly insert: (event: EventRow) => void
  /** Stores the native bodies of events, verbatim; throws where one is there already. Only inside `transaction`. */
  readonly insertNatives: (bodies: readonly NativeBody[]) => void
  /** The event of a source's number. `source` is the session, or for connection streams the connection. */
  readonly findBySeq: (source: string, channel: string, seq: number) => EventRow | null
  /** Highest number of a source's channel, 0 where there is none. */
  readonly lastSeq: (source: string, channel: string) => number
  readonly findByEventId: (eventId: string) => EventRow | null
  readonly read: (query: ReadQuery) => readonly EventRow[]
  /** Events of a stream with a version above `afterVersion`, oldest first, at most `limit`: the input of a fold. */
  readonly readStream: (streamId: string, afterVersion: number, limit: number) => readonly EventRow[]
  /** Ids of all streams in order, after `after` (exclusive), at most `limit`. Costs what it returns. */
  readonly streams: (after: string | null, limit: number) => readonly string[]
  /** The native body of an event, or null. */
  readonly readNative: (sequence: number) => string | null
  /**
   * Packs up to `limit` native bodies that are still stored as they came, in a transaction of its own; `readNative`
   * still gives them verbatim. Returns how many it packed; 0: nothing to do now. Never on the write path.
   */
  readonly compressNative: (limit: number) => number
  /** A small value that belongs to the log (never to a projection), or null. */
  readonly getMeta: (key: string) => string | null
  /** Sets such a value; null removes it. Only inside `transaction`. */
  readonly setMeta: (key: string, value: string | null) => void
}
