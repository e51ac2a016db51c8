/** Voice conversations. They have a life of their own and never touch the coding turn (rule 8). */
import { Schema } from "effect"
import { Json, maybe } from "./Common.js"

/** Why a started run closed. */
export const RealtimeCloseReason = Schema.Literal("requested", "transport_closed", "error", "replaced", "session_ended")
export type RealtimeCloseReason = typeof RealtimeCloseReason.Type

/** `realtime.started`: the conversation is live. */
export const RealtimeStarted = Schema.Struct({
  /** Protocol version, for example `v2`. */
  version: maybe(Schema.String),
})
/** `realtime.item-added`: an item of the voice conversation; not a thread item. */
export const RealtimeItemAdded = Schema.Struct({
  /** The provider's type. */
  kind: maybe(Schema.String),
  /** The item in the provider's words. */
  item: maybe(Json),
})
/** `realtime.transcript.delta`: a piece of speech as text. */
export const RealtimeTranscriptDelta = Schema.Struct({
  /** `user` or `assistant`. */
  role: maybe(Schema.String),
  /** The text. */
  delta: Schema.String,
  /** How many native frames were merged, at least 1. */
  frames: maybe(Schema.Number),
})
/** `realtime.transcript.done`: the final text of one utterance; replaces its deltas. */
export const RealtimeTranscriptDone = Schema.Struct({
  /** `user` or `assistant`. */
  role: maybe(Schema.String),
  /** The text. */
  text: Schema.String,
})
/** `realtime.audio`: audio passed by; the bytes stay in the native message. */
export const RealtimeAudio = Schema.Struct({
  /** Direction as seen by the agent. */
  direction: Schema.Literal("input", "output"),
  /** Length of the encoded data. */
  bytes: maybe(Schema.Number),
  /** Samples per second. */
  sampleRate: maybe(Schema.Number),
  /** How many native frames were merged, at least 1. */
  frames: maybe(Schema.Number),
})
/** `realtime.sdp`: the answer of a WebRTC offer. */
export const RealtimeSdp = Schema.Struct({
  /** Session description. */
  sdp: maybe(Schema.String),
})
/** `realtime.handoff`: the voice agent hands work to the coding agent. Opens a delegation. */
export const RealtimeHandoff = Schema.Struct({
  /** What it asks for. */
  text: maybe(Schema.String),
  /** Who carries it into a turn. */
  routedBy: maybe(Schema.Literal("provider", "client")),
})
/** `realtime.error`: before `realtime.started` it fails the pending start only; afterwards it precedes the close. */
export const RealtimeError = Schema.Struct({
  /** What went wrong, in the provider's words. */
  message: Schema.String,
})
/** `realtime.closed`: the provider's close. */
export const RealtimeClosed = Schema.Struct({
  /** The provider's reason; an unknown word counts as `transport_closed` and is kept in `nativeReason`. */
  reason: RealtimeCloseReason,
  /** The provider's word. */
  nativeReason: maybe(Schema.String),
})

/** `realtime.start-requested`: somebody asked for a voice conversation. An opening event. */
export const RealtimeStartRequested = Schema.Struct({
  /** What was asked for, in the provider's words. */
  data: maybe(Json),
})
/** `realtime.stop-requested`: somebody asked to end it. */
export const RealtimeStopRequested = Schema.Struct({})
/** `realtime.failed`: the start failed on our side. */
export const RealtimeFailed = Schema.Struct({
  /** What went wrong. */
  message: Schema.String,
})
/** `delegation.opened`: we route a hand-over. An opening event. */
export const DelegationOpened = Schema.Struct({
  /** What it asks for. */
  text: maybe(Schema.String),
  /** `turn`: it became a turn with exactly the delegation's id; `steered`: it went into the running turn. */
  route: Schema.Literal("turn", "steered"),
})
/** `delegation.closed`: it is over. */
export const DelegationClosed = Schema.Struct({
  /** Why. */
  reason: maybe(Schema.String),
})
