/**
 * The port to a voice conversation, whatever carries it: the thread's own agent, or a realtime model that we call ourselves. A
 * transport checks what a conversation is asked for, and opens it. What happens on it afterwards are words on its link.
 */
import type { EventType, NativeRef, VoiceModality } from "@threadfold/contracts"
import { Context, Data, type Effect, type Scope, type Stream } from "effect"

/** What a check of a start looks at. */
export type VoiceCheck = "transport" | "key" | "voice" | "model" | "version" | "input"

/** A conversation cannot be started as it was asked for, or does not take an input. Nothing was begun, and what is live goes on. */
export class VoiceRefused extends Data.TaggedError("VoiceRefused")<{
  readonly check: VoiceCheck
  /** What is wrong and what to do, in whole sentences. */
  readonly message: string
}> {}

/** A conversation could not be opened, or its link is broken. */
export class VoiceFailed extends Data.TaggedError("VoiceFailed")<{
  readonly message: string
  /** True: the log has this failure already, recorded by what carries the conversation. */
  readonly isRecorded: boolean
}> {}

/** What a conversation is asked for. Null: the transport's own default. */
export interface VoiceRequest {
  readonly threadId: string
  /** Our id of the run. */
  readonly realtimeId: string
  readonly voice: string | null
  readonly model: string | null
  readonly version: string | null
  readonly modality: VoiceModality
  readonly prompt: string | null
  /**
   * What was said in the thread's conversations before, oldest first. Read again for each connection of the link, so that one that
   * comes up again goes on where the last one ended.
   */
  readonly context: Effect.Effect<readonly VoiceContext[]>
}

/** A part of a conversation so far. */
export type VoiceContext =
  | { readonly kind: "said"; readonly role: "user" | "assistant"; readonly text: string }
  /** Work was handed off. */
  | { readonly kind: "handoff"; readonly handoffId: string; readonly text: string }
  /** The outcome of that work. */
  | { readonly kind: "outcome"; readonly handoffId: string; readonly text: string }

/** Types of events that are words of a conversation. */
export type VoiceEventType = Extract<EventType, `realtime.${string}`> | "session.exited"

/** Something that was said or has happened on a link. */
export interface VoiceWord {
  readonly type: VoiceEventType
  readonly payload: unknown
  readonly native?: NativeRef
  /** The provider's message, verbatim. */
  readonly raw?: string
}

/** A piece of audio: PCM, 16 bits, little endian. */
export interface VoiceAudio {
  /** Base64. */
  readonly data: string
  /** Samples per second (Hz). */
  readonly sampleRate: number
  readonly channels: number
}

/** A conversation that is up. */
export interface VoiceLink {
  /** True: its words are in the log before they are heard here, because the connection that carries them records them. */
  readonly isRecorded: boolean
  /** Protocol version, for example `v2`; null: not known. */
  readonly version: string | null
  /**
   * What is heard, in order, for one consumer. It never fails: trouble is a `realtime.error`. It ends when the link is over, and
   * nothing is heard after that.
   */
  readonly words: Stream.Stream<VoiceWord>
  readonly appendText: (text: string) => Effect.Effect<void, VoiceFailed | VoiceRefused>
  /** Returns when the transport has taken it; it may drop audio that it cannot keep up with. */
  readonly appendAudio: (audio: VoiceAudio) => Effect.Effect<void, VoiceFailed | VoiceRefused>
  /** Has the voice say a text. */
  readonly speak: (text: string) => Effect.Effect<void, VoiceFailed | VoiceRefused>
  /** Gives the outcome of a handoff back. Fails where the provider gives outcomes back by itself. */
  readonly report: (handoffId: string, text: string) => Effect.Effect<void, VoiceFailed>
  /** Ends the conversation, and returns when nothing of it comes any more. A second call has no further effect. */
  readonly close: Effect.Effect<void>
}

/** The voices and models of a transport. */
export interface VoiceCatalogue {
  /** Voices by protocol version. */
  readonly versions: Readonly<Record<string, readonly string[]>>
  /** The voice that each version takes by default. */
  readonly defaults: Readonly<Record<string, string>>
  /** Models that a start may name; null: it does not list them. */
  readonly models: readonly string[] | null
  /** The model of a start that names none; null: not known. */
  readonly defaultModel: string | null
}

export interface VoiceTransport {
  /** The voices that conversations of a thread can have. */
  readonly voices: (threadId: string) => Effect.Effect<VoiceCatalogue, VoiceRefused>
  /** Checks a start without any effect: key, voice, model, version. */
  readonly check: (request: VoiceRequest) => Effect.Effect<void, VoiceRefused>
  /** Opens a conversation. It is closed with the scope. Interruptible at any moment. */
  readonly open: (request: VoiceRequest) => Effect.Effect<VoiceLink, VoiceFailed, Scope.Scope>
}

/** Conversations that a thread's own agent carries. */
export class AgentVoice extends Context.Tag("@threadfold/providers/AgentVoice")<AgentVoice, VoiceTransport>() {}

/** Conversations with a realtime model that the server calls itself. */
export class DirectVoice extends Context.Tag("@threadfold/providers/DirectVoice")<DirectVoice, VoiceTransport>() {}

/** Checks a voice and a version against a catalogue; null: both may be asked for. */
export const refusalIn = (
  { versions, defaults }: Pick<VoiceCatalogue, "versions" | "defaults">,
  { voice, version }: Pick<VoiceRequest, "voice" | "version">,
): VoiceRefused | null => {
  const known = Object.keys(versions)
  if (version !== null && !known.includes(version)) {
    return new VoiceRefused({
      check: "version",
      message: `There is no version ${version}. These are taken: ${known.join(", ")}.`,
    })
  }
  if (voice === null) return null
  const of = version === null ? known : [version]
  if (of.some((one) => versions[one]?.includes(voice) === true)) return null
  const voices = [...new Set(of.flatMap((one) => versions[one] ?? []))]
  const usual = of.flatMap((one) => defaults[one] ?? [])[0]
  const hint = usual === undefined ? "" : ` The default is ${usual}.`
  return new VoiceRefused({
    check: "voice",
    message: `There is no voice ${voice}. These are taken: ${voices.join(", ")}.${hint}`,
  })
}
