/**
 * The driver interface of the log. A driver stores rows and reads them; it depends on no event type and no rule. Readers are derived
 * from it, and the engine writes through it.
 *
 * All methods are synchronous, because nothing may wait between BEGIN and COMMIT.
 */
import type { EventRow, NewEventRow, ReadRow } from "./EventRow.js"
import type { LongJson } from "./texts/LongJson.js"

/** Which events a page holds. All conditions apply together. */
export interface ReadQuery {
  /** Only this stream. */
  readonly streamId?: string
  /** Only these types. */
  readonly types?: readonly string[]
  /** Not these types. */
  readonly except?: readonly string[]
  /** Events after this sequence (exclusive). With `order: "desc"` the page ends above it. */
  readonly after?: number
  /** Events up to this sequence (inclusive). */
  readonly until?: number
  /** `asc`: oldest first (default). `desc`: newest first. */
  readonly order?: "asc" | "desc"
  /** At most this many, 1 to 10,000. */
  readonly limit: number
  /**
   * `beginnings`: for readers that show no more of a text than 64 KiB. A payload may then hold the beginning alone of a text that is
   * longer; see {@link ReadRow}. A storage that keeps long texts in their payloads gives them whole.
   */
  readonly texts?: "beginnings"
}

/** The native body of an event: the event's sequence, and the body verbatim. */
export type NativeBody = readonly [sequence: number, body: string | LongJson]

/** A purge of a stream. */
export interface PurgeRow {
  readonly streamId: string
  /** The events that have lost their content, or are losing it. */
  readonly firstVersion: number
  readonly lastVersion: number
  /** Canonical hash of the stream's rows before. */
  readonly sealedHash: string
  /** The tombstone: the event behind them. */
  readonly eventId: string
  /** When it was begun, ms since the epoch. */
  readonly purgedAt: number
  /** What the work goes on from, in the words of who does it. */
  readonly progress: string
  /** When nothing of the content was left, ms since the epoch; null: the work is under way. */
  readonly finishedAt: number | null
}

/** What one step has taken out of events. */
export interface Stripped {
  /** Version of the last event that it looked at. */
  readonly version: number
  /** Events that it looked at; 0: there was none left. */
  readonly events: number
  /** Payloads that went, and their bytes. */
  readonly payloads: number
  readonly payloadBytes: number
  /** Native bodies that went, and their bytes, unpacked. */
  readonly bodies: number
  readonly bodyBytes: number
  /** Long bodies that no event has any more, and their bytes as they were stored. */
  readonly blobs: number
  readonly blobBytes: number
}

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
  readonly insert: (event: NewEventRow) => void
  /** Stores the native bodies of events, verbatim; throws where one is there already. Only inside `transaction`. */
  readonly insertNatives: (bodies: readonly NativeBody[]) => void
  /** The event of a source's number. `source` is the session, or for connection streams the connection. */
  readonly findBySeq: (source: string, channel: string, seq: number) => EventRow | null
  /** Highest number of a source's channel, 0 where there is none. */
  readonly lastSeq: (source: string, channel: string) => number
  readonly findByEventId: (eventId: string) => EventRow | null
  readonly read: (query: ReadQuery) => readonly ReadRow[]
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
  /**
   * Gives some free pages back to the file system, where enough are free, and empties the write-ahead log after the last of them: one
   * short step, in a transaction of its own. True: there is more to do now. Never on the write path.
   */
  readonly shrink: () => boolean
  /** The purge of a stream, or null. */
  readonly purgeOf: (streamId: string) => PurgeRow | null
  /** Purges whose work is under way, at most `limit`. */
  readonly unfinishedPurges: (limit: number) => readonly PurgeRow[]
  /**
   * Notes a purge of all events that the stream has. Only inside `transaction`, after everything that was inserted before, and before
   * the tombstone: no digest covers events of both sides.
   */
  readonly beginPurge: (purge: Omit<PurgeRow, "finishedAt">) => void
  /** Notes how far a purge is. Only inside `transaction`. */
  readonly savePurge: (streamId: string, progress: string, finishedAt: number | null) => void
  /**
   * Takes payloads and native bodies out of the next events of a purged range, oldest first; the bodies of other streams in the same
   * blocks stay as they are. A repeated step changes nothing. It ends after `limit` events, or earlier where they are long: it takes what
   * a `Portion` takes. Only inside
   * `transaction`.
   */
  readonly strip: (purge: PurgeRow, afterVersion: number, limit: number) => Stripped
  /** A small value that belongs to the log (never to a projection), or null. */
  readonly getMeta: (key: string) => string | null
  /** Sets such a value; null removes it. Only inside `transaction`. */
  readonly setMeta: (key: string, value: string | null) => void
}
