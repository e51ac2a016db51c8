/** What the transport `direct` is configured with. */
import type { HeldSecrets } from "../redaction/Redactor.js"

export interface DirectVoiceSettings {
  /** Where the API is, for example `https://api.openai.com/v1`. */
  readonly baseUrl: string
  /** Its key; null: there is none. */
  readonly apiKey: string | null
  /** Model, where a start names none. */
  readonly model: string
  /** Models that a start may name; null: any. */
  readonly models: readonly string[] | null
  /** Voice, where a start names none. */
  readonly voice: string
  /** Voices that a start may name. */
  readonly voices: readonly string[]
  /** What no log may hold; the key belongs to it. */
  readonly secrets?: HeldSecrets
}

/** What holds where the configuration says nothing. Voices: the API reference of Realtime, `audio.output.voice`. */
export const defaultDirectVoice: DirectVoiceSettings = {
  baseUrl: "https://api.openai.com/v1",
  apiKey: null,
  model: "gpt-realtime",
  models: null,
  voice: "marin",
  voices: ["alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse"],
}
