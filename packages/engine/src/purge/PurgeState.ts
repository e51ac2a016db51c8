/** A purge of a thread, as it is stored and as it is told. */
import type { LogDriver, PurgeRow } from "@threadfold/event-log"
import { Schema } from "effect"

/**
 * What is done one after the other: the connections that served no other thread are purged, too; payloads and native bodies go,
 * then rows, then receipts, effects and blobs of messages, then files beside the database, then free pages, and at last the
 * write-ahead log.
 */
export const PurgePhase = Schema.Literal("connections", "events", "rows", "work", "files", "pages", "wal")
export type PurgePhase = typeof PurgePhase.Type

/** How many things of a place went, and their bytes. */
const Place = Schema.Struct({ count: Schema.Number, bytes: Schema.Number })
export type Place = typeof Place.Type

/** What a purge has removed so far, by place. */
export const Removed = Schema.Struct({
  /** Events that lost their payloads. */
  events: Place,
  /** Native bodies, those in blocks included. */
  natives: Place,
  /** Long bodies that no other event has, and blobs of messages to which no other thread refers. */
  blobs: Place,
  /** Rows of the projections. */
  rows: Place,
  /** Receipts and effects. */
  work: Place,
})
export type Removed = typeof Removed.Type

/** How far a purge is. */
export const PurgeProgress = Schema.Struct({
  phase: PurgePhase,
  /** Version of the last event whose content is gone. */
  version: Schema.Number,
  removed: Removed,
  /** Epoch of the last session whose connection was looked at. */
  epoch: Schema.optionalWith(Schema.Number, { default: () => 0 }),
  /** Id of the last connection that was opened for the thread and was looked at; "": none was. */
  opened: Schema.optionalWith(Schema.String, { default: () => "" }),
  /** Connections that served no other thread, and are not purged yet: they are open, for a moment, or their turn has not come. */
  connections: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
})
export type PurgeProgress = typeof PurgeProgress.Type

const nothing = { count: 0, bytes: 0 }

/** The progress of a purge that begins. */
export const purgeBegins: PurgeProgress = {
  phase: "connections",
  version: 0,
  epoch: 0,
  opened: "",
  connections: [],
  removed: { events: nothing, natives: nothing, blobs: nothing, rows: nothing, work: nothing },
}

/** What more went at a place. */
export const plus = ({ bytes, count }: Place, moreCount: number, moreBytes: number): Place => ({
  count: count + moreCount,
  bytes: bytes + moreBytes,
})

export const encodeProgress = Schema.encodeSync(Schema.parseJson(PurgeProgress))
/** The same as it is stored. */
export const purgeBegun = encodeProgress(purgeBegins)
export const decodeProgress = Schema.decodeSync(Schema.parseJson(PurgeProgress))

/** A purge, as its callers are told of it. */
export interface PurgeState {
  readonly threadId: string
  /** Canonical hash of the thread's rows before, SHA-256 hex. */
  readonly sealedHash: string
  /** The tombstone, and its place in the log. */
  readonly eventId: string
  readonly sequence: number
  /** When it was begun, ms since the epoch. */
  readonly purgedAt: number
  /** When nothing of the content was left, ms since the epoch; null: the work is under way. */
  readonly finishedAt: number | null
  readonly phase: PurgePhase
  readonly removed: Removed
  /** How many connections of the thread are to be purged yet. */
  readonly connections: number
}

const stateOf = (row: PurgeRow, sequence: number): PurgeState => {
  const { eventId, finishedAt, purgedAt, sealedHash, streamId } = row
  const { connections, phase, removed } = decodeProgress(row.progress)
  return {
    threadId: streamId,
    sealedHash,
    eventId,
    sequence,
    purgedAt,
    finishedAt,
    phase,
    removed,
    connections: connections.length,
  }
}

/** The purge of a thread; null: it was not purged. */
export const purgeStateOf = (
  driver: Pick<LogDriver, "purgeOf" | "findByEventId">,
  threadId: string,
): PurgeState | null => {
  const row = driver.purgeOf(threadId)
  return row === null ? null : stateOf(row, driver.findByEventId(row.eventId)?.sequence ?? 0)
}
