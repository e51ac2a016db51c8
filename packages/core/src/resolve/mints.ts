/** Which event types open which things: only they may name an id of ours for the first time (docs/concepts.md). */
import type { EntityIdName, EventType } from "@threadfold/contracts"

export const mints: { readonly [N in EntityIdName]: ReadonlySet<EventType> } = {
  // An item may be the first word of its turn: inline reviews send no start.
  turnId: new Set<EventType>(["turn.requested", "turn.started", "item.started"]),
  itemId: new Set<EventType>(["item.started"]),
  requestId: new Set<EventType>(["request.opened", "user-input.requested"]),
  // The end of an attempt that nobody announced makes a closed row (rule 7).
  inferenceId: new Set<EventType>([
    "inference.started",
    "inference.completed",
    "inference.failed",
    "inference.cancelled",
  ]),
  realtimeId: new Set<EventType>(["realtime.start-requested", "realtime.started"]),
  delegationId: new Set<EventType>(["realtime.handoff", "delegation.opened"]),
  taskId: new Set<EventType>(["task.started"]),
}
