/** What the API declares of its routes: which methods a path takes, and what a query may say. */
import * as HttpApi from "@effect/platform/HttpApi"
import { Api, unknownIn } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Option, Schema } from "effect"

interface DeclaredRoute {
  readonly method: string
  readonly pattern: RegExp
  /** What its query may say; null: it is no route of the API and takes any. */
  readonly params: Schema.Schema.All | null
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .split("/")
      .map((part) => (part.startsWith(":") ? "[^/]+" : escape(part)))
      .join("/")}$`,
  )

const none = Schema.Struct({})

const routes: readonly DeclaredRoute[] = (() => {
  const found: DeclaredRoute[] = ["/", "/docs", "/openapi.json"].map((path) => ({
    pattern: patternOf(path),
    method: "GET",
    params: null,
  }))
  HttpApi.reflect(Api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint: { method, path, urlParamsSchema } }) => {
      const params = Option.getOrElse<Schema.Schema.All, Schema.Schema.All>(urlParamsSchema, () => none)
      found.push({ method, pattern: patternOf(path), params })
    },
  })
  return found
})()

/** The methods of a path, `HEAD` beside every `GET`; empty where there is no such path. */
export const methodsOf = (path: string): readonly string[] => {
  const methods = new Set<string>()
  for (const { method, pattern } of routes) {
    if (!pattern.test(path)) continue
    methods.add(method)
    if (method === "GET") methods.add("HEAD")
  }
  return [...methods]
}

/**
 * The parameter of a call's query that its route does not take, or whose value is none of its list; null: there is none, or no
 * such route. Such a call is refused before the route runs.
 */
export const unknownQuery = (method: string, url: string): Problem | null => {
  const at = url.indexOf("?")
  if (at === -1) return null
  const path = url.slice(0, at)
  const wanted = method === "HEAD" ? "GET" : method
  const { params = null } = routes.find((one) => one.method === wanted && one.pattern.test(path)) ?? {}
  if (params === null) return null
  const unknown = unknownIn(params, Object.fromEntries(new URLSearchParams(url.slice(at + 1))), "parameter")
  return unknown === null ? null : new Problem({ slug: "invalid-request", detail: `query: ${unknown}.` })
}
