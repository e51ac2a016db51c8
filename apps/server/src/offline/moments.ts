/** Moments of a thread, and the thread as it was at one: read from its stream, folded in memory. */
import type { EventEnvelope, ThreadSnapshot, TurnRow } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { diffSnapshots, snapshotOf, type ThreadDiff, type WalkStep, walk } from "@threadfold/core/model"
import { eventSourceOf } from "@threadfold/engine"
import type { LogDriver } from "@threadfold/event-log"
import { eventsOf } from "@threadfold/projections"
import { Schema } from "effect"
import { namedEvent } from "./namedEvent.js"

/** A moment as a command names it. */
export const Moment = Schema.Union(
  /** After the event of this sequence of the log; one beyond its end means its end. */
  Schema.Struct({ kind: Schema.Literal("sequence"), sequence: Schema.Number }),
  /** After this event: its id, or its sequence. */
  Schema.Struct({ kind: Schema.Literal("event"), event: Schema.String }),
  /** After the last event that its source dates no later than this, ms since the epoch. */
  Schema.Struct({ kind: Schema.Literal("time"), at: Schema.Number }),
  /** After the end of this turn: see {@link hasEnded}. */
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

/** What of a log tells of purges. */
export type PurgesSource = Pick<LogDriver, "findByEventId" | "purgeOf">

/**
 * The problem of who asks for what a purged thread was: `thread-purged`, with when and the tombstone. Null: it was not purged, or the
 * question is about sequences of the log from `from` on, and the tombstone lies before them or is the first of them.
 */
export const purgedProblem = (driver: PurgesSource, threadId: string, from = 0): Problem | null => {
  const purge = driver.purgeOf(threadId)
  if (purge === null) return null
  const { eventId, purgedAt } = purge
  const sequence = driver.findByEventId(eventId)?.sequence ?? 0
  if (from > 0 && from >= sequence) return null
  const when = new Date(purgedAt).toISOString()
  return new Problem({
    slug: "thread-purged",
    detail: `Thread ${threadId} was purged at ${when}: only its tombstone is left, event ${eventId} at sequence ${sequence}.`,
  })
}

/** Throws `thread-not-found` where the log has no such stream. */
export const requireThread = (driver: LogDriver, threadId: string): void => {
  if (driver.streamVersion(threadId) > 0) return
  throw new Problem({ slug: "thread-not-found", detail: `The log has no thread ${threadId}.` })
}

/** Throws `thread-not-found`, and `thread-purged` where the content that is asked for is gone: see {@link purgedProblem}. */
export const requireContent = (driver: LogDriver, threadId: string, from = 0): void => {
  requireThread(driver, threadId)
  const purged = purgedProblem(driver, threadId, from)
  if (purged !== null) throw purged
}

/**
 * The problem of who asks for a thread before its first event that can be folded: `before-first-event`, or `thread-purged` where what
 * it was is gone.
 */
export const beforeFirst = (driver: PurgesSource, threadId: string): Problem =>
  purgedProblem(driver, threadId) ??
  new Problem({ slug: "before-first-event", detail: `Thread ${threadId} began after that moment.` })

/** The problem of who names something that a thread does not have; of a purged one nothing that it had is known. */
export const nothingOf = (driver: PurgesSource, threadId: string, slug: Problem["slug"], detail: string): Problem =>
  purgedProblem(driver, threadId) ?? new Problem({ slug, detail })

/**
 * Whether a turn is over for who looks at its end. Many providers say first that they are idle, which ends it by inference, and
 * then how it ended: what stops between the two knows too little. So the end is the event that made it final or, where another
 * turn comes before that, the last event before the other one (`next`).
 */
export const hasEnded = (turn: TurnRow | null, next: EventEnvelope | null = null): boolean =>
  turn?.status === "ended" &&
  (turn.settled === 1 || (next !== null && next.turnId !== null && next.turnId !== turn.turnId))

/** Where a walk ends. */
interface End {
  /** The event is after the moment: what was before it, the last step, is the answer. */
  readonly isPast: (event: EventEnvelope, last: WalkStep | null) => boolean
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
    case "event":
      return atSequence(namedEvent(driver, moment.event).sequence)
    case "time":
      return { isPast: ({ at }) => at > moment.at, isAt: () => false }
    case "turn": {
      const turnIn = ({ store }: WalkStep) => store.find("turns", "key", [moment.turnId])
      return {
        isPast: (event, last) => last !== null && hasEnded(turnIn(last), event),
        isAt: (step) => hasEnded(turnIn(step)),
      }
    }
  }
}

/**
 * The thread at a moment. Throws the problem where there is no such thread, event or turn, where the turn has not ended, and
 * `before-first-event` where the thread had no event yet, `thread-purged` where its content is gone.
 */
export const threadAt = (
  driver: LogDriver,
  threadId: string,
  moment: Moment,
  onEvents: (count: number) => void = () => undefined,
): ThreadSnapshot => {
  requireThread(driver, threadId)
  const { isAt, isPast } = endOf(driver, moment)
  let last: WalkStep | null = null
  function* untilPast(): Generator<EventEnvelope, void> {
    for (const event of eventsOf(eventSourceOf(driver), threadId, onEvents)) {
      if (isPast(event, last)) return
      yield event
    }
  }
  for (const step of walk(threadId, untilPast())) {
    last = step
    if (isAt(step)) break
  }
  if (last === null) {
    throw beforeFirst(driver, threadId)
  }
  const turn = moment.kind === "turn" ? last.store.find("turns", "key", [moment.turnId]) : null
  if (moment.kind === "turn" && turn?.status !== "ended") {
    throw turn !== null
      ? new Problem({ slug: "turn-not-found", detail: `Turn ${moment.turnId} has not ended.` })
      : nothingOf(driver, threadId, "turn-not-found", `Thread ${threadId} has no turn ${moment.turnId}.`)
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
