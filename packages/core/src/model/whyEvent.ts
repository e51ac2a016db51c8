/** What one event changed and why, and what of it was refused: also for an event that changed nothing. */
import type { EventEnvelope, Refused, WhyEvent } from "@threadfold/contracts"
import type { RulePath } from "../fold/byRule.js"
import { formatRowPath } from "./rowPath.js"
import { applyTraced, headOf, isNotable, ruleName, tracedAt } from "./tracedRows.js"

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
