/** Which methods a path takes, so that a wrong one is told apart from a wrong path. */
import * as HttpApi from "@effect/platform/HttpApi"
import { Api } from "@threadfold/contracts/api"

interface Known {
  readonly pattern: RegExp
  readonly method: string
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .split("/")
      .map((part) => (part.startsWith(":") ? "[^/]+" : escape(part)))
      .join("/")}$`,
  )

const known: readonly Known[] = (() => {
  const found: Known[] = ["/", "/docs", "/openapi.json"].map((path) => ({ pattern: patternOf(path), method: "GET" }))
  HttpApi.reflect(Api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint }) => {
      found.push({ pattern: patternOf(endpoint.path), method: endpoint.method })
    },
  })
  return found
})()

/** The methods of a path, `HEAD` beside every `GET`; empty where there is no such path. */
export const methodsOf = (path: string): readonly string[] => {
  const methods = new Set<string>()
  for (const { method, pattern } of known) {
    if (!pattern.test(path)) continue
    methods.add(method)
    if (method === "GET") methods.add("HEAD")
  }
  return [...methods]
}
