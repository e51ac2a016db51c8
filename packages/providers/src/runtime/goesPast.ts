/** Which events may be recorded before the waiting pieces of a stream, because they do not concern it. */
import type { EventType } from "@threadfold/contracts"
import type { Fact } from "./Fact.js"

/** Events that neither end a stream nor depend on how far it has come. */
const notices: ReadonlySet<EventType> = new Set<EventType>([
  "thread.token-usage.updated",
  "thread.metadata.updated",
  "turn.plan.updated",
  "turn.diff.updated",
  "session.configured",
  "request.opened",
  "request.resolved",
  "user-input.requested",
  "user-input.resolved",
  "task.started",
  "task.progress",
  "task.completed",
  "inference.started",
  "inference.item",
  "account.updated",
  "account.rate-limits.updated",
  "mcp.status.updated",
  "model.rerouted",
  "config.warning",
  "deprecation.notice",
  "runtime.warning",
  "provider.unmapped",
])

/** A state of a session in which streams go on. */
const isActiveState = ({ payload, type }: Fact): boolean =>
  type === "session.state.changed" &&
  typeof payload === "object" &&
  payload !== null &&
  "state" in payload &&
  (payload.state === "running" || payload.state === "starting")

/**
 * Whether an event of the same origin may be recorded before the waiting pieces of a stream. A piece of another stream, an
 * event of another item and a notice may. Every other event may end the stream, so the waiting pieces come first.
 *
 * @param waiting the first of the waiting pieces
 */
export const goesPast = (event: Fact, waiting: Fact): boolean => {
  if (event.merge !== undefined) return true
  const [item, other] = [waiting.native?.itemId, event.native?.itemId]
  if (item !== undefined && other !== undefined && item !== other) return true
  return notices.has(event.type) || isActiveState(event)
}
