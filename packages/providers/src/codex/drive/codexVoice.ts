/** Voice conversations as calls of Codex (`thread/realtime/*`). What happens in them, Codex reports by notifications. */
import { Effect } from "effect"
import type { ConnectionLost, Delivered, ProviderFailure, ProviderVoice, TimedOut } from "../../ProviderDriver.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { type KeyPlaces, makeVoiceCheck } from "./codexVoiceCheck.js"

/** Makes a call: `deliver` returns once it is sent, `settled` with its result. */
export interface VoiceCalls {
  readonly deliver: (method: string, params: Fields) => Effect.Effect<Delivered, ConnectionLost | TimedOut>
  readonly settled: (method: string, params: Fields) => Effect.Effect<unknown, ProviderFailure>
  /** The same, and nothing of it is recorded, because the answer may hold secrets. */
  readonly unrecorded: (method: string, params: Fields) => Effect.Effect<unknown, ProviderFailure>
  /** Where Codex looks for a key, as it is now. */
  readonly keyPlaces: () => KeyPlaces
}

/** `defaultV2` → `v2`. */
const defaultPrefix = "default"

const catalogue = (result: unknown) => {
  const voices = isFields(result) ? (hintFields(result, "voices") ?? {}) : {}
  const versions: Record<string, readonly string[]> = {}
  const defaults: Record<string, string> = {}
  for (const name of Object.keys(voices)) {
    const usual = name.startsWith(defaultPrefix) ? hintText(voices, name) : undefined
    if (usual !== undefined) defaults[name.slice(defaultPrefix.length).toLowerCase()] = usual
    else versions[name] = hintArray(voices, name).filter((voice): voice is string => typeof voice === "string")
  }
  return { versions, defaults }
}

/** Parameters that are left out where nothing is asked for: Codex takes an absent one and null differently. */
const asked = (fields: Readonly<Record<string, string | null>>): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))

export const makeCodexVoice = ({ deliver, keyPlaces, settled, unrecorded }: VoiceCalls): ProviderVoice => ({
  check: makeVoiceCheck(unrecorded, keyPlaces),
  start: ({ modality, model, name, nativeThreadId, prompt, version, voice }) =>
    deliver("thread/realtime/start", {
      threadId: nativeThreadId,
      outputModality: modality,
      // Without a name of its own Codex names every run of a thread alike.
      realtimeSessionId: name,
      transport: { type: "websocket" },
      ...asked({ model, prompt, version, voice }),
    }),
  appendText: ({ nativeThreadId, text }) =>
    Effect.asVoid(settled("thread/realtime/appendText", { threadId: nativeThreadId, text, role: "user" })),
  appendSpeech: ({ nativeThreadId, text }) =>
    Effect.asVoid(settled("thread/realtime/appendSpeech", { threadId: nativeThreadId, text })),
  appendAudio: ({ channels, data, nativeThreadId, sampleRate }) =>
    Effect.asVoid(
      settled("thread/realtime/appendAudio", {
        threadId: nativeThreadId,
        audio: { data, sampleRate, numChannels: channels, samplesPerChannel: null, itemId: null },
      }),
    ),
  stop: (nativeThreadId) => Effect.asVoid(settled("thread/realtime/stop", { threadId: nativeThreadId })),
  voices: Effect.map(settled("thread/realtime/listVoices", {}), catalogue),
})
