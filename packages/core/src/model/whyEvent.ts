/** What one event changed and why, and what of it was refused: also for an event that changed nothing. */
import type { EventEnvelope, Rows } from "@threadfold/contracts"
import type { RulePath } from "../fold/byRule.js"
import { formatRowPath } from "./rowPath.js"
import {
  applyTraced,
  type EventHead,
  headOf,
  isNotable,
  type RowSet,
  type RuleName,
  ruleName,
  tracedAt,
} from "./tracedRows.js"

/** An anomaly that an event was noted with. */
export interface Refused {
  /** The path of its row. */
  readonly row: string
  readonly reason: Rows["anomalies"]["reason"]
  readonly subject: string
  readonly detail: string | null
  readonly rule: RuleName
  /** The rules that it was reached through, outermost first. */
  readonly through: readonly RuleName[]
}

/** What an event changed, and what it was refused for. */
export interface WhyEvent {
  readonly event: EventHead
  /** The rule that events of its type go by; null: it was refused before. */
  readonly rule: RuleName | null
  /** Rows that it changed beside anomalies, without those in which only what nearly every event moves is another. */
  readonly changed: readonly Omit<RowSet, "after">[]
  /** Why it, or a part of it, was not applied. */
  readonly anomalies: readonly Refused[]
}

const throughOf = (path: RulePath): Pick<Refused, "rule" | "through"> => ({
  rule: ruleName(path.at(-1) ?? path[0]),
  through: path.map(ruleName),
})

/**
 * What one event did; null: the stream has no such event.
 *
 * @param events the events of the thread from its first one on
 */
export const whyEvent = (threadId: string, events: Iterable<EventEnvelope>, eventId: string): WhyEvent | null => {
  for (const step of tracedAt(threadId, events, (event) => event.eventId === eventId)) {
    const { changes, event, trace } = step
    const anomalies = changes.flatMap((change, at): readonly Refused[] => {
      if (change.op !== "anomaly") return []
      const { detail, reason, subject } = change
      const row = formatRowPath("anomalies", [subject, reason])
      return [{ row, reason, subject, detail, ...throughOf(trace.paths[at] ?? [18]) }]
    })
    const changed = applyTraced(step, threadId)
      .filter((one) => isNotable(one) && !one.row.startsWith("anomalies/"))
      .map(({ after: _, ...one }) => one)
    return { event: headOf(event), rule: trace.ofType === null ? null : ruleName(trace.ofType), changed, anomalies }
  }
  return null
}
