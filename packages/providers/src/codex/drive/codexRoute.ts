/**
 * Points a thread of Codex at the route of its model calls. Codex says which provider its configuration names; the thread gets that
 * provider with another base URL. A provider that has no base URL of its own, such as Amazon's, is left alone.
 */
import { Effect } from "effect"
import type { ModelRoute, ProviderFailure } from "../../ProviderDriver.js"
import { type Fields, hintFields, hintText, isFields } from "../../runtime/readFields.js"

/** The provider that Codex has built in and uses where nothing names another. */
const openai = "openai"
/** Where it calls with an API key, and where with the account of a person. */
const keyUpstream = "https://api.openai.com/v1"
const accountUpstream = "https://chatgpt.com/backend-api/codex"

/** A call whose answer holds secrets: it is not recorded. */
type Ask = (method: string, params: Fields) => Effect.Effect<unknown, ProviderFailure>

/** A key of the thread's own configuration, which may be written with dots. */
const inConfig = (config: Fields, path: readonly string[]): string | undefined => {
  const dotted = hintText(config, path.join("."))
  const [first, ...rest] = path
  if (dotted !== undefined || first === undefined || rest.length === 0) return dotted
  return inConfig(hintFields(config, first) ?? {}, rest)
}

const usual = (ask: Ask): Effect.Effect<string, ProviderFailure> =>
  Effect.map(ask("account/read", {}), (answer) => {
    const account = isFields(answer) ? hintFields(answer, "account") : undefined
    return account !== undefined && hintText(account, "type") === "chatgpt" ? accountUpstream : keyUpstream
  })

/** The parameters of `thread/start` or `thread/resume` with the route in them. */
export const routedParams = (
  params: Fields,
  route: ModelRoute | undefined,
  ask: Ask,
): Effect.Effect<Fields, ProviderFailure> => {
  if (route === undefined) return Effect.succeed(params)
  return Effect.gen(function* () {
    const cwd = hintText(params, "cwd")
    const answer = yield* ask("config/read", cwd === undefined ? {} : { cwd })
    const told = (isFields(answer) ? hintFields(answer, "config") : undefined) ?? {}
    const own = hintFields(params, "config") ?? {}
    const name =
      hintText(params, "modelProvider") ?? hintText(own, "model_provider") ?? hintText(told, "model_provider")
    const provider = name ?? openai
    const path = provider === openai ? ["openai_base_url"] : ["model_providers", provider, "base_url"]
    const named = route.upstream ?? inConfig(own, path) ?? inConfig(told, path)
    const upstream = named ?? (provider === openai ? yield* usual(ask) : undefined)
    return upstream === undefined
      ? params
      : { ...params, config: { ...own, [path.join(".")]: route.through(upstream) } }
  })
}
