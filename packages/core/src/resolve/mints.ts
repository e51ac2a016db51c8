/**
 * Minting ids: which events open which things, and so may name an id of ours for the first time (docs/concepts.md), and how an
 * id is made. An id is a UUIDv7 of the source's time whose random part is a digest of what makes the thing unique. Reading a
 * recording twice therefore gives the same log.
 */
import { type EntityIdName, type EventEnvelope, type EventType, isEventType } from "@threadfold/contracts"
import { v7 } from "uuid"
import { isPayload } from "../payload/guard.js"

/** For each sort of id the event types that may open such a thing. */
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

/** SHA-256 of a text. Injected, so that the domain needs no platform. */
export type Digest = (text: string) => Uint8Array

/** Largest time that fits a UUIDv7: 48 bits of milliseconds. */
const maxMs = 2 ** 48 - 1

/**
 * A UUIDv7.
 *
 * @param at its time, ms since the epoch; a time outside 48 bits is clamped, order never depends on it
 * @param unique what its random part is made of
 */
export const mintId = (digest: Digest, at: number, unique: string): string => {
  const msecs = Number.isFinite(at) ? Math.min(Math.max(Math.trunc(at), 0), maxMs) : 0
  // uuid gets the time and the random bytes, so it uses no counter of its own, and equal input gives an equal id.
  return v7({ msecs, random: digest(unique) })
}
