/** Why a thread is as it is, out of a log: the pure answers of the model, with what led to the event. */
import type { EventEnvelope, WhyReport } from "@threadfold/contracts"
import { isBadPath, why, whyEvent } from "@threadfold/core/model"
import { eventSourceOf } from "@threadfold/engine"
import { decodeRow, type LogDriver } from "@threadfold/event-log"
import { eventsOf } from "@threadfold/projections"
import { Schema } from "effect"
import { type CauseSource, causesOf } from "./causes.js"
import { beforeFirst, nothingOf, requireThread } from "./moments.js"
import { namedEvent } from "./namedEvent.js"

/** What is asked about. */
export const Question = Schema.Union(
  /** A row, or a field of it, by its path. */
  Schema.Struct({ kind: Schema.Literal("row"), path: Schema.String }),
  /** An event, by its id or its sequence. */
  Schema.Struct({ kind: Schema.Literal("event"), event: Schema.String }),
)
export type Question = typeof Question.Type

/** The events up to a sequence. */
function* until(events: Iterable<EventEnvelope>, last: number): Generator<EventEnvelope, void> {
  for (const event of events) {
    if (event.sequence > last) return
    yield event
  }
}

export interface WhyCall {
  readonly threadId: string
  readonly question: Question
  /** The thread after the event of this sequence; null: as it is now. */
  readonly at: number | null
}

/**
 * Why a row, a field or an event of a thread is as it is. Throws the problem `thread-not-found`, `resource-not-found` (the path names
 * no row; the detail lists what there is), `event-not-found`,
 * `before-first-event` or `thread-purged`.
 */
export const threadWhy = (
  driver: LogDriver,
  effectOf: CauseSource["effectOf"],
  { at, question, threadId }: WhyCall,
  onEvents: (count: number) => void = () => undefined,
): WhyReport => {
  requireThread(driver, threadId)
  const sequence = Math.min(at ?? Number.MAX_SAFE_INTEGER, driver.head())
  const all = () => eventsOf(eventSourceOf(driver), threadId, onEvents)
  const events = () => until(all(), sequence)
  const causes = (event: { readonly eventId: string }) => {
    const row = driver.findByEventId(event.eventId)
    if (row === null) return []
    return causesOf({ nativeOf: driver.readNative, effectOf, events: all }, decodeRow(row))
  }
  if (question.kind === "event") {
    const found = whyEvent(threadId, all(), namedEvent(driver, question.event).eventId)
    if (found === null) {
      const named = namedEvent(driver, question.event)
      if (named.streamId === threadId) throw beforeFirst(driver, threadId)
      throw nothingOf(driver, threadId, "event-not-found", `Thread ${threadId} has no event ${question.event}.`)
    }
    return { threadId, sequence, row: null, event: found, causes: causes(found.event) }
  }
  if (events().next().done === true) {
    throw beforeFirst(driver, threadId)
  }
  const found = why(threadId, events, question.path)
  if (isBadPath(found)) throw nothingOf(driver, threadId, "resource-not-found", found.problem)
  return { threadId, sequence, row: found, event: null, causes: causes(found.setBy.event) }
}
