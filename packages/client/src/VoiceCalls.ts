/** Calls about voice conversations. What is said in one comes as events of its thread. */
import type { VoiceTransportAsked } from "@threadfold/contracts"
import type {
  StartVoiceBody,
  StreamAudio,
  VoiceAudioBody,
  VoiceList,
  VoiceStarted,
  VoiceStopped,
} from "@threadfold/contracts/api"
import { Effect, type Stream } from "effect"
import type { Client } from "./Client.js"
import type { Connection } from "./Connection.js"
import { type Failure, failureOf } from "./Failure.js"
import { voiceAudio } from "./VoiceAudio.js"

export interface VoiceCalls {
  /** Starts one, in the place of one that is live; returns when it is live. */
  readonly start: (threadId: string, body?: StartVoiceBody) => Effect.Effect<VoiceStarted, Failure>
  /** Puts a text of the user into it. With a `realtimeId` into that one only: it fails where another one is live. */
  readonly appendText: (threadId: string, text: string, realtimeId?: string) => Effect.Effect<void, Failure>
  /** Puts a piece of audio into it; `realtimeId` of the audio as for texts. */
  readonly appendAudio: (threadId: string, audio: VoiceAudioBody) => Effect.Effect<void, Failure>
  /** Has the voice say a text. */
  readonly speak: (threadId: string, text: string, realtimeId?: string) => Effect.Effect<void, Failure>
  /** Ends it; returns when its close is in the log. With a `realtimeId` it ends that one only, and none that has taken its place. */
  readonly stop: (threadId: string, realtimeId?: string) => Effect.Effect<typeof VoiceStopped.Type, Failure>
  /** What the voice says, as audio, from now on. What is said while the connection is lost, or too fast for the reader, is not heard. */
  readonly audio: (threadId: string) => Stream.Stream<StreamAudio, Failure>
  /** The voices and models that one can have. */
  readonly voices: (threadId: string, transport?: VoiceTransportAsked) => Effect.Effect<typeof VoiceList.Type, Failure>
}

/** The calls of a server. */
export const voiceCalls = ({ voice }: Client, connection: Connection): VoiceCalls => ({
  audio: (threadId) => voiceAudio(connection, threadId),
  start: (threadId, payload = {}) => Effect.mapError(voice.start({ path: { threadId }, payload }), failureOf),
  appendText: (threadId, text, realtimeId) =>
    Effect.mapError(Effect.asVoid(voice.text({ path: { threadId }, payload: { text, realtimeId } })), failureOf),
  appendAudio: (threadId, payload) =>
    Effect.mapError(Effect.asVoid(voice.audio({ path: { threadId }, payload })), failureOf),
  speak: (threadId, text, realtimeId) =>
    Effect.mapError(Effect.asVoid(voice.speech({ path: { threadId }, payload: { text, realtimeId } })), failureOf),
  stop: (threadId, realtimeId) =>
    Effect.mapError(voice.stop({ path: { threadId }, urlParams: { realtimeId } }), failureOf),
  voices: (threadId, transport) =>
    Effect.mapError(voice.voices({ path: { threadId }, urlParams: { transport } }), failureOf),
})
