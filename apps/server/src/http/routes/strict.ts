/** Query parameters that a route does not take, and values that are none of its list: refused before the route is run. */
import * as HttpApi from "@effect/platform/HttpApi"
import { Api, unknownIn } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Option, Schema } from "effect"
import { requireEventTypes } from "../../eventTypes.js"

interface Route {
  readonly method: string
  readonly pattern: RegExp
  readonly params: Schema.Schema.All
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

const none = Schema.Struct({})

const routes: readonly Route[] = (() => {
  const found: Route[] = []
  HttpApi.reflect(Api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint: { method, path, urlParamsSchema } }) => {
      const parts = path.split("/").map((part) => (part.startsWith(":") ? "[^/]+" : escape(part)))
      const params = Option.getOrElse<Schema.Schema.All, Schema.Schema.All>(urlParamsSchema, () => none)
      found.push({ method, pattern: new RegExp(`^${parts.join("/")}$`), params })
    },
  })
  return found
})()

/** What a call's query says that its route does not know; null: nothing, or there is no such route. */
export const unknownQuery = (method: string, url: string): Problem | null => {
  const at = url.indexOf("?")
  if (at === -1) return null
  const path = url.slice(0, at)
  const wanted = method === "HEAD" ? "GET" : method
  const route = routes.find((one) => one.method === wanted && one.pattern.test(path))
  if (route === undefined) return null
  const said = Object.fromEntries(new URLSearchParams(url.slice(at + 1)))
  const unknown = unknownIn(route.params, said, "parameter")
  return unknown === null ? null : new Problem({ slug: "invalid-request", detail: `query: ${unknown}.` })
}

/** Event types of a comma-separated list; undefined for none. Fails with `invalid-request` for one that is not known. */
export const typesOf = (text: string | undefined): Effect.Effect<readonly string[] | undefined, Problem> => {
  const types = (text ?? "").split(",").flatMap((type) => (type.trim() === "" ? [] : [type.trim()]))
  return Effect.as(requireEventTypes(types, "types"), types.length === 0 ? undefined : types)
}
