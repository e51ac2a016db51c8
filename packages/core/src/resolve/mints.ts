/** Which events open which things: only they may name an id of ours for the first time (docs/concepts.md). */
import { type EntityIdName, type EventEnvelope, type EventType, isEventType } from "@threadfold/contracts"
import { isPayload } from "../payload/guard.js"

export const mints: { readonly [N in EntityIdName]: ReadonlySet<EventType> } = {
  // An item may be the first event of its turn: inline reviews send no start, and a viewer joins in the middle.
  turnId: new Set<EventType>(["turn.requested", "turn.started", "item.started", "item.completed", "content.delta"]),
  itemId: new Set<EventType>(["item.started", "item.completed", "content.delta"]),
  requestId: new Set<EventType>(["request.opened", "user-input.requested"]),
  // The end of an attempt without a start makes a closed row (rule 7).
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

/**
 * Whether the event is content that needs no start before it (rule 5): a whole item, or a delta with the kind of its item. A
 * delta without a kind never makes an item.
 */
export const standsByItself = ({ payload, type }: Pick<EventEnvelope, "payload" | "type">): boolean =>
  type === "item.completed" ||
  (type === "content.delta" && isPayload("content.delta", payload) && (payload.kind ?? null) !== null)

/** Whether the event may name a thing of this sort for the first time. */
export const mayOpen = (name: EntityIdName, event: Pick<EventEnvelope, "payload" | "type">): boolean =>
  isEventType(event.type) && mints[name].has(event.type) && (event.type !== "content.delta" || standsByItself(event))
