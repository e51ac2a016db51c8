/**
 * What of a start of a voice conversation Codex would refuse, known before the start: Codex itself tells only afterwards, and then the
 * conversation that was live is over. Only what is certain is refused here; the rest Codex is asked.
 * Source: the order and the messages of Codex 0.169, tried with the real program: `env_key` of the thread's provider, then its
 * `experimental_bearer_token`, then an API key that is logged in, then, for its own provider, `OPENAI_API_KEY`.
 */
import { existsSync } from "node:fs"
import { isAbsolute, join } from "node:path"
import { Effect } from "effect"
import type { CheckVoice, ProviderFailure, VoiceObjection } from "../../ProviderDriver.js"
import { type Fields, hintFields, hintJson, hintText, isFields } from "../../runtime/readFields.js"

/** A call whose answer holds secrets: it is not recorded. */
type Ask = (method: string, params: Fields) => Effect.Effect<unknown, ProviderFailure>

/** The provider that Codex has built in, and the variable with its key. */
const openai = "openai"
const openaiKey = "OPENAI_API_KEY"
/** The version of the protocol that Codex takes where its configuration names none, and the only one that speaks in text. */
const usualVersion = "v2"
const textVersion = "v2"

/** Where Codex looks for a key beside its configuration. */
export interface KeyPlaces {
  /** Whether its process has a value in a variable; it may get more from a `.env` file. */
  readonly hasVariable: (name: string) => boolean
  /** Whether its folder may have such a file. */
  readonly mayHaveDotEnv: boolean
  /** Whether its folder may have a login in a file. */
  readonly mayHaveLogin: boolean
}

/** The places of a Codex that is started with this environment. */
export const keyPlacesOf = (env: Readonly<Record<string, string | undefined>>): KeyPlaces => {
  const user = env.HOME ?? env.USERPROFILE
  const home = env.CODEX_HOME ?? (user === undefined ? undefined : join(user, ".codex"))
  // Where the folder is not known, anything may be in it.
  const mayHave = (name: string) => home === undefined || !isAbsolute(home) || existsSync(join(home, name))
  return {
    hasVariable: (name) => (env[name] ?? "").trim() !== "",
    mayHaveDotEnv: mayHave(".env"),
    mayHaveLogin: mayHave("auth.json"),
  }
}

/** What Codex says of itself. */
export interface CodexSays {
  /** The provider of the thread. */
  readonly provider: string
  readonly config: Fields
  /** The answer to `getAuthStatus`. */
  readonly login: Fields
}

const noKey = (what: string): VoiceObjection => ({ check: "key", message: `Codex has no API key for voice. ${what}` })

/** Why Codex has no key for certain; null: it has one, or may have one. */
export const missingKey = ({ config, login, provider }: CodexSays, places: KeyPlaces): VoiceObjection | null => {
  const entry = hintFields(hintFields(config, "model_providers") ?? {}, provider)
  const isOwn = provider === openai
  // A provider that the configuration does not tell about: built in, or of the thread's own settings.
  if (entry === undefined && !isOwn) return null
  const variable = hintText(entry ?? {}, "env_key")
  if (variable !== undefined) {
    return places.hasVariable(variable) || places.mayHaveDotEnv
      ? null
      : noKey(
          `Set the variable ${variable}, which its provider ${provider} names, in the agent's \`env\` or \`inherit\`.`,
        )
  }
  if ((hintText(entry ?? {}, "experimental_bearer_token") ?? null) !== null) return null
  if (isOwn && (places.hasVariable(openaiKey) || places.mayHaveDotEnv)) return null
  const method = hintText(login, "authMethod")
  const advice = `Log in with an API key (\`codex login --with-api-key\`), or give its provider ${provider} a key.`
  // The login of a person is none: Codex 0.169 takes an API key for voice only.
  if (method === "chatgpt") return noKey(`It is logged in with an account. ${advice}`)
  if (method !== undefined) return null
  // Of a provider that needs no login of OpenAI Codex does not tell whether there is one.
  const isTold = hintJson(login, "requiresOpenaiAuth") === true
  const isInFile = hintText(config, "cli_auth_credentials_store") === "file"
  return isTold || (isInFile && !places.mayHaveLogin) ? noKey(advice) : null
}

const answered = (answer: unknown): Fields => (isFields(answer) ? answer : {})

/** Makes the check of a start. @param places where Codex looks for a key, as it is now */
export const makeVoiceCheck =
  (ask: Ask, places: () => KeyPlaces) =>
  ({
    modality,
    nativeThreadId,
    version,
    voice,
    voices,
  }: CheckVoice): Effect.Effect<VoiceObjection | null, ProviderFailure> =>
    Effect.gen(function* () {
      // One that Codex does not answer tells nothing: then the start does.
      const say = (method: string, params: Fields): Effect.Effect<Fields, ProviderFailure> =>
        ask(method, params).pipe(
          Effect.map(answered),
          Effect.catchTag("Refused", () => Effect.succeed({})),
        )
      const thread =
        hintFields(yield* say("thread/read", { threadId: nativeThreadId, includeTurns: false }), "thread") ?? {}
      const cwd = hintText(thread, "cwd")
      const config = hintFields(yield* say("config/read", cwd === undefined ? {} : { cwd }), "config")
      if (config === undefined) return null
      const taken = version ?? hintText(hintFields(config, "realtime") ?? {}, "version") ?? usualVersion
      if (modality === "text" && taken !== textVersion) {
        return {
          check: "version",
          message: `Codex speaks in text with version ${textVersion} only, not with ${taken}.`,
        }
      }
      const known = voices[taken]
      if (voice !== null && known !== undefined && !known.includes(voice)) {
        const message = `There is no voice ${voice} in version ${taken}. These are taken: ${known.join(", ")}.`
        return { check: "voice", message }
      }
      const provider = hintText(thread, "modelProvider") ?? hintText(config, "model_provider") ?? openai
      const login = yield* say("getAuthStatus", { includeToken: false, refreshToken: false })
      // An empty answer: it was refused, so nothing is known of a login.
      return Object.keys(login).length === 0 ? null : missingKey({ provider, config, login }, places())
    })
