/**
 * Calls are checked before they are sent, as the server would: a name or value that the API does not know, or a part that is
 * not valid for its schema, fails as `invalid-request` and reaches no server.
 */
import * as HttpApi from "@effect/platform/HttpApi"
import { firstIssue, issueText } from "@threadfold/contracts"
import { Api, unknownIn } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Either, Option, Schema } from "effect"

/** A part of a call: what it is named in a request of the client, and its schema. */
interface Part {
  readonly name: "path" | "urlParams" | "payload" | "headers"
  readonly schema: Schema.Schema<unknown, unknown>
}

/** `group.endpoint`, or `endpoint` for one at the top → the parts of such a call. */
const calls: ReadonlyMap<string, readonly Part[]> = (() => {
  const found = new Map<string, readonly Part[]>()
  HttpApi.reflect(Api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint, group }) => {
      const part = (name: Part["name"], schema: Option.Option<Schema.Schema.All>): readonly Part[] =>
        Option.match(schema, {
          onNone: () => [],
          onSome: ({ ast }) => [{ name, schema: Schema.make<unknown, unknown>(ast) }],
        })
      found.set(group.topLevel ? endpoint.name : `${group.identifier}.${endpoint.name}`, [
        ...part("path", endpoint.pathSchema),
        ...part("urlParams", endpoint.urlParamsSchema),
        ...part("payload", endpoint.payloadSchema),
        ...part("headers", endpoint.headersSchema),
      ])
    },
  })
  return found
})()

const invalid = (name: string, what: string) =>
  new Problem({ slug: "invalid-request", detail: `${name}: ${what.replace(/\.$/, "")}.` })

/** The fault of a call; null: it has none. */
export const problemOfCall = (name: string, request: unknown): Problem | null => {
  const parts = typeof request === "object" && request !== null ? request : {}
  for (const part of calls.get(name) ?? []) {
    const value: unknown = Reflect.get(parts, part.name) ?? (part.name === "payload" ? undefined : {})
    const unknown = unknownIn(Schema.typeSchema(part.schema), value, part.name === "urlParams" ? "parameter" : "field")
    if (unknown !== null) return invalid(part.name, unknown)
    const encoded = Schema.encodeUnknownEither(part.schema)(value)
    if (Either.isLeft(encoded)) return invalid(part.name, issueText(firstIssue(encoded.left)))
  }
  return null
}

type AnyCall = (...args: readonly unknown[]) => Effect.Effect<unknown, unknown>

const isCall = (value: unknown): value is AnyCall => typeof value === "function"

/** The client with a check before each call: a name that the API does not know is a `Problem`. */
export const checkCalls = <C extends object>(client: C, prefix = ""): C =>
  new Proxy(client, {
    get: (target, key, receiver) => {
      const member: unknown = Reflect.get(target, key, receiver)
      const name = `${prefix}${String(key)}`
      if (isCall(member)) {
        return (...args: readonly unknown[]) =>
          Effect.suspend(() => {
            const problem = problemOfCall(name, args[0])
            return problem === null ? member(...args) : Effect.fail(problem)
          })
      }
      return typeof member === "object" && member !== null ? checkCalls(member, `${name}.`) : member
    },
  })
