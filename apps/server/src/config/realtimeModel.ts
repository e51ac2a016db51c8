/** The realtime model of the configuration, with its key out of the environment, as the transport takes it. */
import { type DirectVoiceSettings, defaultDirectVoice, type HeldSecrets } from "@threadfold/providers"
import type { RealtimeConfig } from "./ConfigFile.js"
import type { Environment } from "./Environment.js"

/** Where the key is, unless the configuration names another variable. */
export const usualKeyVariable = "OPENAI_API_KEY"

/** @param secrets what no log may hold; the key is added to it */
export const realtimeModel = (
  { apiKeyEnv = usualKeyVariable, ...config }: RealtimeConfig,
  env: Environment,
  secrets: HeldSecrets,
): DirectVoiceSettings => {
  const key = env[apiKeyEnv] ?? ""
  const held: HeldSecrets = {
    values: key === "" ? secrets.values : [...secrets.values, key],
    onRedacted: secrets.onRedacted,
    // Read at each use, because the log is opened after this is configured.
    get idKey() {
      return secrets.idKey
    },
  }
  return {
    baseUrl: config.baseUrl ?? defaultDirectVoice.baseUrl,
    model: config.model ?? defaultDirectVoice.model,
    models: config.models ?? defaultDirectVoice.models,
    voice: config.voice ?? defaultDirectVoice.voice,
    voices: config.voices ?? defaultDirectVoice.voices,
    apiKey: key === "" ? null : key,
    secrets: held,
  }
}
