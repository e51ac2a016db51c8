/** Commands about voice conversations: the service of voice runs has them decided, so that their facts are written in order. */
import { Schema } from "effect"
import { field, listed, maybe, shape } from "../fields.js"
import { DelegationId, RealtimeId } from "../Ids.js"
import { ofThread } from "./ThreadCommands.js"

/** What carries a voice conversation. */
export const VoiceTransportName = listed(
  "VoiceTransportName",
  "What carries a voice conversation. `agent`: the thread's own agent, where it can (Codex); `direct`: a realtime model that the server calls itself, for a thread of any agent.",
  "agent",
  "direct",
)
export type VoiceTransportName = typeof VoiceTransportName.Type

/** What a start may ask for: a transport, or one that is known and not served. */
export const VoiceTransportAsked = listed(
  "VoiceTransportAsked",
  "What is to carry a voice conversation: a `VoiceTransportName`. `webrtc` is known and not served: a start that asks for it is refused as `voice-refused`, before anything is begun.",
  ...VoiceTransportName.literals,
  "webrtc",
)
export type VoiceTransportAsked = typeof VoiceTransportAsked.Type

/** In which form the voice answers. */
export const VoiceModality = listed("VoiceModality", "In which form the voice answers.", "audio", "text")
export type VoiceModality = typeof VoiceModality.Type

/** A word of the provider's: a voice, a model, a version. */
const word = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(200))

/** Longest text that goes into a voice conversation at once, characters. */
export const maxVoiceText = 32_000
/** Largest piece of audio that goes into a voice conversation at once, characters of base64. */
export const maxVoiceAudio = 512 * 1024

/** Longest text that a handoff asks for, characters. */
export const maxHandoffText = 1_000_000

/** What a conversation is started with. */
export const voiceSettings = {
  transport: maybe(VoiceTransportAsked, "What carries it; absent: the agent where it can, else `direct`."),
  voice: maybe(word, "One of the voices that the transport lists; absent: its own default."),
  model: maybe(word, "Realtime model, in the provider's words; absent: the configured one."),
  version: maybe(word, "Protocol version, for example `v2`; absent: the transport's own default."),
  modality: maybe(VoiceModality, "In which form the voice answers; absent: `audio`."),
  prompt: maybe(
    Schema.String.pipe(Schema.maxLength(maxVoiceText)),
    "Instructions for the voice; absent: the transport's own.",
  ),
  keepAudio: maybe(
    Schema.Boolean,
    "True: the log keeps the audio of this conversation. Absent or false: only that audio passed, and how much.",
  ),
} as const

export const StartRealtime = shape("StartRealtime", "Notes that a voice conversation is about to start.", {
  ...ofThread("realtime.start"),
  realtimeId: field(RealtimeId, "Id of its run."),
  ...voiceSettings,
  transport: field(VoiceTransportName, "What carries it."),
})

export const StopRealtime = shape("StopRealtime", "Notes that the end of a voice run was asked for.", {
  ...ofThread("realtime.stop"),
  realtimeId: field(RealtimeId, "The run."),
})

export const RouteDelegation = shape(
  "RouteDelegation",
  "Carries a handoff of a voice run into a turn: a new one with exactly the delegation's id, or the one that runs. Repeated: no change.",
  {
    ...ofThread("delegation.route"),
    realtimeId: field(RealtimeId, "The run."),
    delegationId: field(DelegationId, "Id of the delegation, a UUIDv7."),
    nativeHandoffId: field(Schema.String, "The provider's id of the handoff."),
    text: field(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(maxHandoffText)), "What is asked for."),
  },
)
