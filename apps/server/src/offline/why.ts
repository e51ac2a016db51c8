/** Why a thread is as it is, out of a log: the pure answers of the model, with what led to the event. */
import type { EventEnvelope, WhyReport } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { isBadPath, why, whyEvent } from "@threadfold/core/model"
import { eventSourceOf } from "@threadfold/engine"
import { decodeRow, type LogDriver } from "@threadfold/event-log"
import { eventsOf } from "@threadfold/projections"
import { Schema } from "effect"
import { type CauseSource, causesOf } from "./causes.js"

/** What is asked about. */
export const Question = Schema.Union(
  /** A row, or a field of it, by its path. */
  Schema.Struct({ kind: Schema.Literal("row"), path: Schema.String }),
  /** An event, by its id. */
  Schema.Struct({ kind: Schema.Literal("event"), eventId: Schema.String }),
)
export type Question = typeof Question.Type

/** The events up to a sequence. */
function* until(events: Iterable<EventEnvelope>, last: number): Generator<EventEnvelope, void> {
  for (const event of events) {
    if (event.sequence > last) return
    yield event
  }
}

/** Fails with `thread-not-found` where the log has no such stream. */
export const requireThread = (driver: LogDriver, threadId: string): void => {
  if (driver.streamVersion(threadId) > 0) return
  throw new Problem({ slug: "thread-not-found", detail: `The log has no thread ${threadId}.` })
}

export interface WhyCall {
  readonly threadId: string
  readonly question: Question
  /** The thread after the event of this sequence; null: as it is now. */
  readonly at: number | null
}

/**
 * Why a row, a field or an event of a thread is as it is. Throws the problem `thread-not-found`, `resource-not-found` (the path names
 * no row; the detail lists what there is), `event-not-found` or `before-first-event`.
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
    const found = whyEvent(threadId, all(), question.eventId)
    if (found === null) {
      throw new Problem({ slug: "event-not-found", detail: `Thread ${threadId} has no event ${question.eventId}.` })
    }
    return { threadId, sequence, row: null, event: found, causes: causes(found.event) }
  }
  if (events().next().done === true) {
    throw new Problem({ slug: "before-first-event", detail: `Thread ${threadId} began after that moment.` })
  }
  const found = why(threadId, events, question.path)
  if (isBadPath(found)) throw new Problem({ slug: "resource-not-found", detail: found.problem })
  return { threadId, sequence, row: found, event: null, causes: causes(found.setBy.event) }
}
