/**
 * Our identifiers. Every id that Threadfold makes is a UUIDv7 (RFC 9562), lower case, with the version and variant
 * bits right. Ids are opaque: nothing orders by them, order is the log's `sequence` alone.
 *
 * Ids that others made never enter these types, they travel in {@link ./Native}.
 */
import { Schema } from "effect"

/** Matches a UUIDv7: version nibble 7, variant bits 10. */
export const uuidV7Pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const uuidV7 = Schema.String.pipe(Schema.pattern(uuidV7Pattern, { message: () => "expected a lower-case UUIDv7" }))

/** One durable conversation with an agent. */
export const ThreadId = uuidV7.pipe(Schema.brand("ThreadId"))
export type ThreadId = typeof ThreadId.Type

/** One provider process or socket; may serve several threads. */
export const ConnectionId = uuidV7.pipe(Schema.brand("ConnectionId"))
export type ConnectionId = typeof ConnectionId.Type

/** One incarnation of one thread on one connection. */
export const SessionId = uuidV7.pipe(Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type

/** One unit of agent work. */
export const TurnId = uuidV7.pipe(Schema.brand("TurnId"))
export type TurnId = typeof TurnId.Type

/** One visible step of a turn: a message, a command, a file change, … */
export const ItemId = uuidV7.pipe(Schema.brand("ItemId"))
export type ItemId = typeof ItemId.Type

/** One question of the agent that waits for an answer. */
export const RequestId = uuidV7.pipe(Schema.brand("RequestId"))
export type RequestId = typeof RequestId.Type

/** One attempt to stream a model response. */
export const InferenceId = uuidV7.pipe(Schema.brand("InferenceId"))
export type InferenceId = typeof InferenceId.Type

/** One run of a voice conversation. */
export const RealtimeId = uuidV7.pipe(Schema.brand("RealtimeId"))
export type RealtimeId = typeof RealtimeId.Type

/** One hand-over of work from a voice conversation to the coding agent. */
export const DelegationId = uuidV7.pipe(Schema.brand("DelegationId"))
export type DelegationId = typeof DelegationId.Type

/** One background task that outlives its turn. */
export const TaskId = uuidV7.pipe(Schema.brand("TaskId"))
export type TaskId = typeof TaskId.Type

/** One queued user message. */
export const MessageId = uuidV7.pipe(Schema.brand("MessageId"))
export type MessageId = typeof MessageId.Type

/** One command of a client; retries carry the same id. */
export const CommandId = uuidV7.pipe(Schema.brand("CommandId"))
export type CommandId = typeof CommandId.Type

/** One event of the log. */
export const EventId = uuidV7.pipe(Schema.brand("EventId"))
export type EventId = typeof EventId.Type

/** A stream of the log: a thread's, or a connection's for what names no thread. */
export const StreamId = uuidV7.pipe(Schema.brand("StreamId"))
export type StreamId = typeof StreamId.Type

/** Whether a native id looks like a UUID of any version, the test for {@link ./Native.strengthOf}. */
export const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
