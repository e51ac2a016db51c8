/** Which events say nothing of a stream that waits: they may be recorded before the rest of it. */
import type { EventType } from "@threadfold/contracts"
import type { Fact } from "./Fact.js"

/** They neither end a stream nor depend on how far it has come. */
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

/** A session that works ends no stream. */
const isActiveState = ({ payload, type }: Fact): boolean =>
  type === "session.state.changed" &&
  typeof payload === "object" &&
  payload !== null &&
  "state" in payload &&
  (payload.state === "running" || payload.state === "starting")

/**
 * Whether an event of the same origin may be recorded before what waits of a stream: a piece of another stream, an event of
 * another item, a notice. Everything else may end the stream, and comes after all that it said.
 *
 * @param waiting the first piece of what waits
 */
export const goesPast = (event: Fact, waiting: Fact): boolean => {
  if (event.merge !== undefined) return true
  const [item, other] = [waiting.native?.itemId, event.native?.itemId]
  if (item !== undefined && other !== undefined && item !== other) return true
  return notices.has(event.type) || isActiveState(event)
}
