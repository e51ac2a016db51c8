/** The environment of an agent of Anthropic whose model calls take a route. */
import type { ModelRoute } from "../../ProviderDriver.js"

/** The variable that names the endpoint, and the endpoint where nothing names one. */
const variable = "ANTHROPIC_BASE_URL"
const usualUpstream = "https://api.anthropic.com"

/** The environment with the route in it: its calls go on to the endpoint that the environment named. */
export const withAnthropicRoute = (
  env: Readonly<Record<string, string>>,
  { environment, through, upstream }: ModelRoute,
): Readonly<Record<string, string>> => {
  const named = env[variable]
  const direct = upstream ?? (named === undefined || named === "" ? usualUpstream : named)
  return { ...env, [variable]: through(direct), ...environment }
}
