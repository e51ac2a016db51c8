import type { EventEnvelope } from "@threadfold/contracts"
import type { EventRow } from "@threadfold/event-log"

/** The stored form of an event. Written out: a spread of so many fields would be the costliest line of the write path. */
export const rowOf = (event: EventEnvelope, native: string | null): EventRow => ({
  sequence: event.sequence,
  streamId: event.streamId,
  streamVersion: event.streamVersion,
  eventId: event.eventId,
  type: event.type,
  v: event.v,
  sessionId: event.sessionId,
  channel: event.channel,
  seq: event.seq,
  at: event.at,
  recordedAt: event.recordedAt,
  actor: event.actor,
  commandId: event.commandId,
  causationId: event.causationId,
  correlationId: event.correlationId,
  turnId: event.turnId,
  itemId: event.itemId,
  requestId: event.requestId,
  inferenceId: event.inferenceId,
  realtimeId: event.realtimeId,
  delegationId: event.delegationId,
  taskId: event.taskId,
  native,
  payload: JSON.stringify(event.payload),
})
