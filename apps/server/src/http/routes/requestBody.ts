/** Bodies of calls: from their bytes to what their schema reads. */
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { firstIssue, readJson } from "@threadfold/contracts"
import { unknownIn } from "@threadfold/contracts/api"
import { Problem, problems } from "@threadfold/contracts/problem"
import { Effect, type ParseResult, Schema } from "effect"
import { json, readBody, requireMediaType } from "../node/body.js"
import { hasBody } from "../node/bodyArrival.js"

/** The first thing that is wrong with a part of a call. */
export const wrong =
  (part: string) =>
  (error: ParseResult.ParseError): Problem => {
    const { message, place } = firstIssue(error)
    return new Problem({ slug: "invalid-request", detail: `${place === "" ? part : place}: ${message}.` })
  }

/** A body that a call takes. */
export interface Body<A, I> {
  readonly schema: Schema.Schema<A, I>
  /** True: it may be left out, and then says nothing. */
  readonly optional: boolean
}

export const required = <A, I>(schema: Schema.Schema<A, I>): Body<A, I> => ({ schema, optional: false })
export const optional = <A, I>(schema: Schema.Schema<A, I>): Body<A, I> => ({ schema, optional: true })
/** For commands that the path says all of. */
export const nothing = optional(Schema.Struct({}))

/** The JSON of a body. What a log cannot hold is refused before anything is done. */
export const readJsonBody = (text: string): Effect.Effect<unknown, Problem> => {
  const read = readJson(text)
  if ("value" in read) return Effect.succeed(read.value)
  const { place, problem } = read
  const where = place === "" ? "The body" : `body, ${place}`
  return Effect.fail(new Problem({ slug: "invalid-request", detail: `${where}: ${problems[problem].title}.` }))
}

/** A body as its schema reads it. A field or value that is not known is a mistake that must not pass. */
export const decodeBody = <A, I>(schema: Schema.Schema<A, I>, value: unknown): Effect.Effect<A, Problem> => {
  const unknown = unknownIn(schema, value, "field")
  if (unknown !== null) return Effect.fail(new Problem({ slug: "invalid-request", detail: `body: ${unknown}.` }))
  return Effect.mapError(Schema.decodeUnknown(schema, { onExcessProperty: "error" })(value), wrong("body"))
}

/** The body as it was sent, and as its schema reads it. */
export const readCommandBody = <A, I>(
  request: HttpServerRequest.HttpServerRequest,
  body: Body<A, I>,
  limit: number,
): Effect.Effect<{ readonly sent: unknown; readonly value: A }, Problem> =>
  Effect.gen(function* () {
    if (!body.optional || hasBody(request)) yield* requireMediaType(request, [json])
    const text = (yield* readBody(request, limit)).toString("utf8")
    const sent = body.optional && text.trim() === "" ? {} : yield* readJsonBody(text)
    return { sent, value: yield* decodeBody(body.schema, sent) }
  })
