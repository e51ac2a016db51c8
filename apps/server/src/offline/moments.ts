/** Moments of a thread, and the thread as it was at one: read from its stream, folded in memory. */
import type { EventEnvelope, ThreadSnapshot } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { diffSnapshots, snapshotOf, type ThreadDiff, type WalkStep, walk } from "@threadfold/core/model"
import { eventSourceOf } from "@threadfold/engine"
import type { LogDriver } from "@threadfold/event-log"
import { eventsOf } from "@threadfold/projections"
import { Schema } from "effect"

/** A moment as a command names it. */
export const Moment = Schema.Union(
  /** After the event of this sequence of the log; one beyond its end means its end. */
  Schema.Struct({ kind: Schema.Literal("sequence"), sequence: Schema.Number }),
  /** After the event of this id. */
  Schema.Struct({ kind: Schema.Literal("event"), eventId: Schema.String }),
  /** After the last event that its source dates no later than this, ms since the epoch. */
  Schema.Struct({ kind: Schema.Literal("time"), at: Schema.Number }),
  /** After the event that ended this turn. */
  Schema.Struct({ kind: Schema.Literal("turn"), turnId: Schema.String }),
)
export type Moment = Schema.Schema.Type<typeof Moment>

/** What two moments of a thread differ in. */
export interface ThreadDiffReport extends ThreadDiff {
  readonly threadId: string
  /** Sequence of the log that each side is true for. */
  readonly from: number
  readonly to: number
}

/** Where a walk ends. */
interface End {
  /** The event is after the moment: what was before it is the answer. */
  readonly isPast: (event: EventEnvelope) => boolean
  /** The moment is reached with this step, whatever follows. */
  readonly isAt: (step: WalkStep) => boolean
}

const atSequence = (sequence: number): End => ({
  isPast: (event) => event.sequence > sequence,
  isAt: () => false,
})

const endOf = (driver: LogDriver, moment: Moment): End => {
  switch (moment.kind) {
    case "sequence":
      return atSequence(moment.sequence)
    case "event": {
      const row = driver.findByEventId(moment.eventId)
      if (row === null) throw new Problem({ slug: "event-not-found", detail: `No event has the id ${moment.eventId}.` })
      return atSequence(row.sequence)
    }
    case "time":
      return { isPast: ({ at }) => at > moment.at, isAt: () => false }
    case "turn":
      return {
        isPast: () => false,
        isAt: ({ store }) => store.find("turns", "key", [moment.turnId])?.status === "ended",
      }
  }
}

/** The events up to the first one that is past. */
function* untilPast(events: Iterable<EventEnvelope>, isPast: End["isPast"]): Generator<EventEnvelope, void> {
  for (const event of events) {
    if (isPast(event)) return
    yield event
  }
}

/**
 * The thread at a moment. Throws the problem where there is no such thread, event or turn, where the turn has not ended, and
 * `before-first-event` where the thread had no event yet.
 */
export const threadAt = (
  driver: LogDriver,
  threadId: string,
  moment: Moment,
  onEvents: (count: number) => void = () => undefined,
): ThreadSnapshot => {
  if (driver.streamVersion(threadId) === 0) {
    throw new Problem({ slug: "thread-not-found", detail: `The log has no thread ${threadId}.` })
  }
  const { isAt, isPast } = endOf(driver, moment)
  let last: WalkStep | null = null
  for (const step of walk(threadId, untilPast(eventsOf(eventSourceOf(driver), threadId, onEvents), isPast))) {
    last = step
    if (isAt(step)) break
  }
  if (last === null) {
    throw new Problem({ slug: "before-first-event", detail: `Thread ${threadId} began after that moment.` })
  }
  if (moment.kind === "turn" && !isAt(last)) {
    const isKnown = last.store.find("turns", "key", [moment.turnId]) !== null
    throw isKnown
      ? new Problem({ slug: "turn-not-found", detail: `Turn ${moment.turnId} has not ended.` })
      : new Problem({ slug: "turn-not-found", detail: `Thread ${threadId} has no turn ${moment.turnId}.` })
  }
  // What was asked for by its sequence is true until then; everything else as of the last event that was folded.
  const sequence = moment.kind === "sequence" ? Math.min(moment.sequence, driver.head()) : last.event.sequence
  const snapshot = snapshotOf(last.store.rowsOf(threadId), sequence)
  if (snapshot === null) {
    throw new Problem({ slug: "thread-not-found", detail: `${threadId} is the id of a connection, not of a thread.` })
  }
  return snapshot
}

/** What changed of a thread from one moment to another. Throws as {@link threadAt} does. */
export const threadDiff = (
  driver: LogDriver,
  threadId: string,
  from: Moment,
  to: Moment,
  onEvents: (count: number) => void = () => undefined,
): ThreadDiffReport => {
  const before = threadAt(driver, threadId, from, onEvents)
  const after = threadAt(driver, threadId, to, onEvents)
  return { threadId, from: before.sequence, to: after.sequence, ...diffSnapshots(before, after) }
}
