/** The transport `direct`: a realtime model at any address that speaks the OpenAI Realtime protocol over WebSocket. */
import { Effect, Layer } from "effect"
import { openDirectLink } from "./DirectLink.js"
import { type DirectVoiceSettings, defaultDirectVoice } from "./DirectVoiceSettings.js"
import { directVersion } from "./directMessages.js"
import { DirectVoice, refusalIn, type VoiceCatalogue, VoiceRefused, type VoiceTransport } from "./VoiceTransport.js"

const make = (settings: DirectVoiceSettings): VoiceTransport => {
  const catalogue: VoiceCatalogue = {
    versions: { [directVersion]: settings.voices },
    defaults: { [directVersion]: settings.voice },
    models: settings.models,
    defaultModel: settings.model,
  }
  return {
    voices: () => Effect.succeed(catalogue),
    check: (request) =>
      Effect.suspend(() => {
        if (settings.apiKey === null || settings.apiKey === "") {
          const message =
            "The realtime model has no key. Start the server with it in the variable that `realtime.apiKeyEnv` of threadfold.json names (OPENAI_API_KEY where it names none)."
          return new VoiceRefused({ check: "key", message })
        }
        const { model } = request
        if (model !== null && settings.models !== null && !settings.models.includes(model)) {
          const message = `There is no realtime model ${model}. These are taken: ${settings.models.join(", ")}.`
          return new VoiceRefused({ check: "model", message })
        }
        return refusalIn(catalogue, request) ?? Effect.void
      }),
    open: (request) => openDirectLink(settings, request),
  }
}

/** A realtime model with these settings. */
export const directVoiceLive = (settings: Partial<DirectVoiceSettings>): Layer.Layer<DirectVoice> =>
  Layer.succeed(DirectVoice, make({ ...defaultDirectVoice, ...settings }))
