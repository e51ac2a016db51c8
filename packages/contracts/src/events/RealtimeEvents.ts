/** Voice conversations. They have a life of their own and never touch the coding turn (rule 8). */
import { Schema } from "effect"
import { field, listed, maybe, shape, text } from "../fields.js"
import { Json } from "./Common.js"

/** Why a voice run closed. */
export const RealtimeCloseReason = listed(
  "RealtimeCloseReason",
  "Why a started run closed.",
  "requested",
  "transport_closed",
  "error",
  "replaced",
  "session_ended",
)
export type RealtimeCloseReason = typeof RealtimeCloseReason.Type

/** `realtime.started` */
export const RealtimeStarted = shape("RealtimeStarted", "The conversation is live.", {
  version: maybe(Schema.String, "Protocol version, for example `v2`."),
})
/** `realtime.item-added` */
export const RealtimeItemAdded = shape("RealtimeItemAdded", "An item of the voice conversation; not a thread item.", {
  kind: maybe(Schema.String, "The provider's type."),
  item: maybe(Json, "The item in the provider's words."),
})
/** `realtime.transcript.delta` */
export const RealtimeTranscriptDelta = shape("RealtimeTranscriptDelta", "A piece of speech as text.", {
  role: maybe(Schema.String, "`user` or `assistant`."),
  delta: text("The text."),
  frames: maybe(Schema.Number, "How many native frames were merged, at least 1."),
})
/** `realtime.transcript.done` */
export const RealtimeTranscriptDone = shape(
  "RealtimeTranscriptDone",
  "The final text of one utterance; replaces its deltas.",
  {
    role: maybe(Schema.String, "`user` or `assistant`."),
    text: text("The text."),
  },
)
/** `realtime.audio` */
export const RealtimeAudio = shape("RealtimeAudio", "Audio passed by; the bytes stay in the native message.", {
  direction: field(Schema.Literal("input", "output"), "Direction as seen by the agent."),
  bytes: maybe(Schema.Number, "Length of the encoded data, bytes."),
  sampleRate: maybe(Schema.Number, "Samples per second (Hz)."),
  frames: maybe(Schema.Number, "How many native frames were merged, at least 1."),
})
/** `realtime.sdp` */
export const RealtimeSdp = shape("RealtimeSdp", "The answer of a WebRTC offer.", {
  sdp: maybe(Schema.String, "Session description."),
})
/** `realtime.handoff` */
export const RealtimeHandoff = shape(
  "RealtimeHandoff",
  "The voice agent hands work to the coding agent. Opens a delegation.",
  {
    text: maybe(Schema.String, "What it asks for."),
    routedBy: maybe(Schema.Literal("provider", "client"), "Who carries it into a turn."),
  },
)
/** `realtime.error` */
export const RealtimeError = shape(
  "RealtimeError",
  "Before `realtime.started` it fails the pending start only; afterwards it precedes the close.",
  {
    message: text("What went wrong, in the provider's words."),
  },
)
/** `realtime.closed` */
export const RealtimeClosed = shape("RealtimeClosed", "The provider's close.", {
  reason: field(
    RealtimeCloseReason,
    "The provider's reason; an unknown word counts as `transport_closed` and is kept in `nativeReason`.",
  ),
  nativeReason: maybe(Schema.String, "The provider's word."),
})

/** `realtime.start-requested` */
export const RealtimeStartRequested = shape(
  "RealtimeStartRequested",
  "A voice conversation was asked for. An opening event.",
  {
    data: maybe(Json, "What was asked for, in the provider's words."),
  },
)
/** `realtime.stop-requested` */
export const RealtimeStopRequested = shape("RealtimeStopRequested", "Its end was asked for.", {})
/** `realtime.failed` */
export const RealtimeFailed = shape("RealtimeFailed", "The start failed on our side.", {
  message: text("What went wrong."),
})
/** `delegation.opened` */
export const DelegationOpened = shape("DelegationOpened", "We route a hand-over. An opening event.", {
  text: maybe(Schema.String, "What it asks for."),
  route: field(
    Schema.Literal("turn", "steered"),
    "`turn`: it became a turn with exactly the delegation's id; `steered`: it went into the running turn.",
  ),
})
/** `delegation.closed` */
export const DelegationClosed = shape("DelegationClosed", "It is over.", {
  reason: maybe(Schema.String, "Why."),
})
