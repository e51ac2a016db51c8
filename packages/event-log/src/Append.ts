/** The append of the `EventLog` service: several streams in one transaction, all or nothing, safe to repeat. */
import { type Actor, eventVersions, isEventType, type NativeRef } from "@threadfold/contracts"
import { type Content, sameContent } from "./Content.js"
import type { EventRow, LogDriver } from "./Driver.js"
import { EventIdConflict, type ExpectedVersion, SeqConflict, VersionConflict } from "./Errors.js"

/** An event to append. Absent fields are null. Field meanings: `EventEnvelope` in contracts. */
export interface NewEvent {
  readonly eventId: string
  readonly type: string
  /** Schema version of the type; absent: the current one. */
  readonly v?: number
  readonly sessionId?: string | null
  readonly channel?: string | null
  readonly seq?: number | null
  readonly at: number
  readonly actor: Actor
  readonly commandId?: string | null
  readonly causationId?: string | null
  readonly correlationId?: string | null
  readonly turnId?: string | null
  readonly itemId?: string | null
  readonly requestId?: string | null
  readonly inferenceId?: string | null
  readonly realtimeId?: string | null
  readonly delegationId?: string | null
  readonly taskId?: string | null
  readonly native?: NativeRef | null
  readonly payload: unknown
  /** The native message, verbatim. */
  readonly raw?: string | null
}

/** What to append to one stream. */
export interface StreamWrite {
  readonly streamId: string
  /** Checked against the stream as the earlier writes of the call left it; not where every event is a repetition. */
  readonly expected: ExpectedVersion
  readonly events: readonly NewEvent[]
}

/** Where an event stands now. */
export interface Appended {
  readonly eventId: string
  readonly sequence: number
  readonly streamVersion: number
  /** True: it was there before; sequence, version and id are those of the first delivery. */
  readonly duplicate: boolean
}

/** The outcome of an append: one list per write, in the order given. */
export interface AppendResult {
  /** Highest sequence after it. */
  readonly head: number
  readonly writes: readonly (readonly Appended[])[]
}

/** The row of an event, except its place in the log. */
type Unplaced = Omit<EventRow, "sequence" | "streamVersion">

const unplaced = (streamId: string, event: NewEvent, recordedAt: number): Unplaced => ({
  streamId,
  eventId: event.eventId,
  type: event.type,
  v: event.v ?? (isEventType(event.type) ? eventVersions[event.type] : 1),
  sessionId: event.sessionId ?? null,
  channel: event.channel ?? null,
  seq: event.seq ?? null,
  at: event.at,
  recordedAt,
  actor: event.actor,
  commandId: event.commandId ?? null,
  causationId: event.causationId ?? null,
  correlationId: event.correlationId ?? null,
  turnId: event.turnId ?? null,
  itemId: event.itemId ?? null,
  requestId: event.requestId ?? null,
  inferenceId: event.inferenceId ?? null,
  realtimeId: event.realtimeId ?? null,
  delegationId: event.delegationId ?? null,
  taskId: event.taskId ?? null,
  native: event.native === undefined || event.native === null ? null : JSON.stringify(event.native),
  payload: JSON.stringify(event.payload) ?? "null",
})

/** The event of the log that this one repeats, or null. Throws a conflict where its key has other content. */
const firstDelivery = (driver: LogDriver, row: Unplaced): EventRow | null => {
  const content: Content = row
  const byId = driver.findByEventId(row.eventId)
  if (byId !== null) {
    const same = byId.streamId === row.streamId && byId.channel === row.channel && byId.seq === row.seq
    if (same && byId.sessionId === row.sessionId && sameContent(byId, content)) return byId
    throw new EventIdConflict({ eventId: row.eventId, sequence: byId.sequence })
  }
  if (row.channel === null || row.seq === null) return null
  const source = row.sessionId ?? row.streamId
  const bySeq = driver.findBySeq(source, row.channel, row.seq)
  if (bySeq === null) return null
  if (bySeq.streamId === row.streamId && sameContent(bySeq, content)) return bySeq
  throw new SeqConflict({ source, channel: row.channel, seq: row.seq, sequence: bySeq.sequence })
}

const meets = (expected: ExpectedVersion, actual: number): boolean => {
  if (expected === "any") return true
  if (expected === "none") return actual === 0
  if (expected === "exists") return actual > 0
  return expected.exact === actual
}

/**
 * Appends inside one transaction of the driver. Throws a conflict, or what the driver throws; nothing is stored then.
 * `recordedAt` is our clock, ms since the epoch.
 */
export const appendAll = (driver: LogDriver, writes: readonly StreamWrite[], recordedAt: number): AppendResult =>
  driver.transaction(() => {
    let head = driver.head()
    const appended = writes.map(({ streamId, expected, events }) => {
      const before = driver.streamVersion(streamId)
      let version = before
      const placed = events.map((event): Appended => {
        const row = unplaced(streamId, event, recordedAt)
        const first = firstDelivery(driver, row)
        if (first !== null) {
          const { eventId, sequence, streamVersion } = first
          return { eventId, sequence, streamVersion, duplicate: true }
        }
        head += 1
        version += 1
        driver.insert({ ...row, sequence: head, streamVersion: version })
        if (event.raw !== undefined && event.raw !== null) driver.insertNatives([[head, event.raw]])
        return { eventId: row.eventId, sequence: head, streamVersion: version, duplicate: false }
      })
      const repeated = placed.length > 0 && version === before
      if (!repeated && !meets(expected, before)) throw new VersionConflict({ streamId, expected, actual: before })
      return placed
    })
    return { head, writes: appended }
  })
