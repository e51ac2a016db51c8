/** Voice conversations as calls of Codex (`thread/realtime/*`). What happens in them, Codex reports by notifications. */
import { Effect } from "effect"
import {
  type ConnectionLost,
  type Delivered,
  type ProviderFailure,
  type ProviderVoice,
  Refused,
  type TimedOut,
} from "../../ProviderDriver.js"
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

/** The voices by version, and the usual one of each; null: the answer has another form. */
const catalogueIn = (result: unknown) => {
  const voices = isFields(result) ? hintFields(result, "voices") : undefined
  if (voices === undefined) return null
  const versions: [version: string, voices: readonly string[]][] = []
  const defaults: [version: string, voice: string][] = []
  for (const name of Object.keys(voices)) {
    const usual = name.startsWith(defaultPrefix) ? hintText(voices, name) : undefined
    const named = hintArray(voices, name).filter((voice): voice is string => typeof voice === "string")
    if (usual !== undefined) defaults.push([name.slice(defaultPrefix.length).toLowerCase(), usual])
    else versions.push([name, [...new Set(named)]])
  }
  return { versions: Object.fromEntries(versions), defaults: Object.fromEntries(defaults) }
}

/** An answer of another form is no empty list: which voices there are is not known then. */
const catalogue = (result: unknown) => {
  const found = catalogueIn(result)
  return found !== null
    ? Effect.succeed(found)
    : new Refused({
        provider: "codex",
        operation: "list",
        message: "It listed its voices in a form that is not known. Check that its version is 0.169 or near it.",
      })
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
  voices: Effect.flatMap(settled("thread/realtime/listVoices", {}), catalogue),
})
