/**
 * The envelope: what the log stores around every payload. Two shapes: {@link ProviderEvent} is what a source gives
 * (no sequence, no ids of ours yet), {@link EventEnvelope} is what the log holds and the API shows.
 */
import { Schema } from "effect"
import { EpochMs } from "../events/Common.js"
import { field, int, json, listed, maybe, namedJson, optInt, optText, shape, text } from "../fields.js"
import { maxSeq, maxTime, maxTypeLength } from "../Limits.js"
import { BoundedNativeRef, NativeRef } from "../Native.js"

/** Who caused an event. */
export const Actor = listed("Actor", "Who caused an event.", "provider", "client", "orchestrator", "reaper", "import")
export type Actor = typeof Actor.Type

const channelPattern = /^(agent|gateway|realtime|client|adapter:[A-Za-z0-9._-]{1,64})$/

/** One numbered channel of a session or connection. */
export const Channel = Schema.String.pipe(
  Schema.pattern(channelPattern, { message: () => "expected agent, gateway, realtime, client or adapter:<name>" }),
  Schema.annotations(
    namedJson(
      "Channel",
      "`agent`, `gateway`, `realtime`, `client` or `adapter:<name>`: one numbered channel of a session or connection.",
      {
        type: "string",
        pattern: channelPattern.source,
      },
    ),
  ),
)
export type Channel = typeof Channel.Type

const identity = {
  turnId: maybe(Schema.String, "Our id of the turn that it is about."),
  itemId: maybe(Schema.String, "Our id of the item that it is about."),
  requestId: maybe(Schema.String, "Our id of the request that it is about."),
  inferenceId: maybe(Schema.String, "Our id of the inference attempt that it is about."),
  realtimeId: maybe(Schema.String, "Our id of the voice run that it is about."),
  delegationId: maybe(Schema.String, "Our id of the delegation that it is about."),
  taskId: maybe(Schema.String, "Our id of the background task that it is about."),
} as const

/** One event of the log, decoded. */
export const EventEnvelope = shape(
  "EventEnvelope",
  "One event of the log, decoded. `payload` has the schema of the type; an unknown type keeps its JSON.",
  {
    sequence: int(
      "Position in the whole log: strictly increasing in commit order, gapless on SQLite, never renumbered.",
    ),
    streamId: text("Our id of the thread, or for what names none of the connection."),
    streamVersion: int("Position in the stream, from 1, gapless."),
    eventId: text("Unique over the log."),
    type: text("Literal event type; may be unknown to this version."),
    v: int("Schema version of the type."),
    sessionId: optText("The session that sent it; null for connection streams and for our own commands."),
    channel: optText("Channel of the session or connection; null where nothing numbers it."),
    seq: optInt("Number in the channel, from 1; null where nothing numbers it."),
    at: field(EpochMs, "Source clock, ms since the epoch. For display and the reaper, never for order."),
    recordedAt: field(EpochMs, "Our clock at commit, ms since the epoch."),
    actor: field(Actor, "Who caused it."),
    commandId: optText("Our id of the command that caused it; null: none did."),
    causationId: optText(
      "What caused it: the effect that it reports or answers, else the command that it follows from. Null: nothing of ours.",
    ),
    correlationId: optText(
      "The command at the beginning of what caused it: what belongs together. Null: nothing of ours.",
    ),
    turnId: optText("Our id of the turn that it is about; null: none."),
    itemId: optText("Our id of the item that it is about; null: none."),
    requestId: optText("Our id of the request that it is about; null: none."),
    inferenceId: optText("Our id of the inference attempt that it is about; null: none."),
    realtimeId: optText("Our id of the voice run that it is about; null: none."),
    delegationId: optText("Our id of the delegation that it is about; null: none."),
    taskId: optText("Our id of the background task that it is about; null: none."),
    native: field(Schema.NullOr(NativeRef), "The provider's own ids; null: it named none."),
    payload: json("What happened, by the schema of the type; an unknown type keeps its JSON."),
  },
)
export type EventEnvelope = typeof EventEnvelope.Type

/** An envelope whose fields are empty, as a base for rows and tests. */
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
/** The name of one of our entity ids. */
export type EntityIdName = (typeof entityIds)[number]

/** Nothing that ends a line or cannot be shown: types stand in streams and lists. */
const printable = /^[^\p{Cc}\p{Cs}\u2028\u2029]+$/u

/** The name of an event type: known to this version, or of another one. */
export const TypeName = Schema.String.pipe(Schema.maxLength(maxTypeLength), Schema.pattern(printable))

/** A number in a channel. */
export const Seq = Schema.Number.pipe(Schema.int(), Schema.between(1, maxSeq))

/** A time that a source may send. */
export const SourceTime = EpochMs.pipe(Schema.between(0, maxTime))

/** What a source hands to the engine. */
export const ProviderEvent = shape(
  "ProviderEvent",
  "What a source hands to the engine: one event of one session or connection, numbered by the source. Ids of ours are absent (the engine resolves them) except where the source is Threadfold itself.",
  {
    type: field(TypeName, "Literal event type."),
    v: maybe(
      Schema.Number.pipe(Schema.int(), Schema.positive()),
      "Schema version of the type; absent: the current one.",
    ),
    channel: field(Channel, "Numbered channel."),
    seq: field(Seq, "Number in the channel, from 1."),
    at: field(SourceTime, "Source clock, ms since the epoch."),
    native: maybe(BoundedNativeRef, "The provider's ids."),
    ...identity,
    payload: maybe(Schema.Unknown, "What happened, by the type's schema."),
    raw: maybe(Schema.String, "The native message or messages (newline-joined) it came from, verbatim."),
  },
)
export type ProviderEvent = typeof ProviderEvent.Type
