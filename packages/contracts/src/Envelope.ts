/**
 * The envelope: what the log stores around every payload. Two shapes: {@link ProviderEvent} is what a source hands in
 * (no sequence, no ids of ours yet), {@link EventEnvelope} is what the log holds and the API shows.
 */
import { Schema } from "effect"
import { EpochMs, maybe } from "./events/Common.js"
import { maxSeq, maxTime, maxTypeLength } from "./Limits.js"
import { BoundedNativeRef, NativeRef } from "./Native.js"

/** Who caused an event. */
export const Actor = Schema.Literal("provider", "client", "orchestrator", "reaper", "import")
export type Actor = typeof Actor.Type

/** `agent | gateway | realtime | client | adapter:<name>`: one numbered channel of a session or connection. */
export const Channel = Schema.String.pipe(
  Schema.pattern(/^(agent|gateway|realtime|client|adapter:[A-Za-z0-9._-]{1,64})$/, {
    message: () => "expected agent, gateway, realtime, client or adapter:<name>",
  }),
)
export type Channel = typeof Channel.Type

const identity = {
  /** Our turn. */
  turnId: maybe(Schema.String),
  /** Our item. */
  itemId: maybe(Schema.String),
  /** Our request. */
  requestId: maybe(Schema.String),
  /** Our inference attempt. */
  inferenceId: maybe(Schema.String),
  /** Our voice run. */
  realtimeId: maybe(Schema.String),
  /** Our delegation. */
  delegationId: maybe(Schema.String),
  /** Our background task. */
  taskId: maybe(Schema.String),
} as const

/** One event of the log, decoded. `payload` is what the type's schema says; an unknown type keeps its JSON. */
export const EventEnvelope = Schema.Struct({
  /** Position in the whole log: strictly increasing in commit order, gapless on SQLite, never renumbered. */
  sequence: Schema.Number,
  /** The thread, or for what names none the connection. */
  streamId: Schema.String,
  /** Position in the stream, from 1, gapless. */
  streamVersion: Schema.Number,
  /** Unique over the log. */
  eventId: Schema.String,
  /** Literal event type; may be unknown to this version. */
  type: Schema.String,
  /** Schema version of the type. */
  v: Schema.Number,
  /** The session that said it; null for connection streams and for our own commands. */
  sessionId: Schema.NullOr(Schema.String),
  /** Numbered channel of the session or connection; null where nothing numbers it. */
  channel: Schema.NullOr(Schema.String),
  /** Number in the channel, from 1. */
  seq: Schema.NullOr(Schema.Number),
  /** Source clock, ms since the epoch. For display and the reaper, never for order. */
  at: EpochMs,
  /** Our clock at commit, ms since the epoch. */
  recordedAt: EpochMs,
  /** Who caused it. */
  actor: Actor,
  /** The command that caused it. */
  commandId: Schema.NullOr(Schema.String),
  /** What caused it: the effect that it tells of or answers, else the command that it follows from. Null: nothing of ours. */
  causationId: Schema.NullOr(Schema.String),
  /** The command at the beginning of what caused it: what belongs together. Null: nothing of ours. */
  correlationId: Schema.NullOr(Schema.String),
  turnId: Schema.NullOr(Schema.String),
  itemId: Schema.NullOr(Schema.String),
  requestId: Schema.NullOr(Schema.String),
  inferenceId: Schema.NullOr(Schema.String),
  realtimeId: Schema.NullOr(Schema.String),
  delegationId: Schema.NullOr(Schema.String),
  taskId: Schema.NullOr(Schema.String),
  /** The provider's own ids. */
  native: Schema.NullOr(NativeRef),
  /** What happened. */
  payload: Schema.Unknown,
})
export type EventEnvelope = typeof EventEnvelope.Type

/** An envelope that says nothing: what differs from it is all that has to be written. */
export const blankEnvelope: EventEnvelope = {
  sequence: 0,
  streamId: "",
  streamVersion: 0,
  eventId: "",
  type: "",
  v: 1,
  sessionId: null,
  channel: null,
  seq: null,
  at: 0,
  recordedAt: 0,
  actor: "provider",
  commandId: null,
  causationId: null,
  correlationId: null,
  turnId: null,
  itemId: null,
  requestId: null,
  inferenceId: null,
  realtimeId: null,
  delegationId: null,
  taskId: null,
  native: null,
  payload: null,
}

/** The names of our entity ids in an envelope. */
export const entityIds = [
  "turnId",
  "itemId",
  "requestId",
  "inferenceId",
  "realtimeId",
  "delegationId",
  "taskId",
] as const
export type EntityIdName = (typeof entityIds)[number]

/** Nothing that ends a line or cannot be shown: types stand in streams and lists. */
const printable = /^[^\p{Cc}\p{Cs}\u2028\u2029]+$/u

/** The name of an event type: known to this version, or of another one. */
export const TypeName = Schema.String.pipe(Schema.maxLength(maxTypeLength), Schema.pattern(printable))

/** A number in a channel. */
export const Seq = Schema.Number.pipe(Schema.int(), Schema.between(1, maxSeq))

/** A time that a source may say. */
export const SourceTime = EpochMs.pipe(Schema.between(0, maxTime))

/**
 * What a source hands to the engine: one event of one session or connection, numbered by the source. Ids of ours are
 * absent (the engine resolves them) except where the source is Threadfold itself.
 */
export const ProviderEvent = Schema.Struct({
  /** Literal event type. */
  type: TypeName,
  /** Schema version of the type; absent: the current one. */
  v: maybe(Schema.Number.pipe(Schema.int(), Schema.positive())),
  /** Numbered channel. */
  channel: Channel,
  /** Number in the channel, from 1. */
  seq: Seq,
  /** Source clock, ms since the epoch. */
  at: SourceTime,
  /** The provider's ids. */
  native: maybe(BoundedNativeRef),
  ...identity,
  /** What happened, as the type's schema says. */
  payload: maybe(Schema.Unknown),
  /** The native message or messages (newline-joined) it came from, verbatim. */
  raw: maybe(Schema.String),
})
export type ProviderEvent = typeof ProviderEvent.Type
