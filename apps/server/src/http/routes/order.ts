/** A call that gives a command: from its body and headers to the receipt. */
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type Command, type Receipt, readJson } from "@threadfold/contracts"
import { type commandHeaders, unknownIn } from "@threadfold/contracts/api"
import { Problem, problems } from "@threadfold/contracts/problem"
import { Effect, Schema } from "effect"
import { type ServiceError, toProblem } from "../../problems/toProblem.js"
import { readBody, requireMediaType } from "../node/body.js"
import { orProblem } from "../orProblem.js"
import type { HttpServicesShape } from "../Services.js"
import { pathOf } from "../security/Guard.js"
import { answer } from "./answer.js"
import { versionNamed } from "./ifMatch.js"
import { wrong } from "./wrong.js"

const json = "application/json"

/** What a handler of a command gets. */
export interface CommandCall {
  readonly request: HttpServerRequest.HttpServerRequest
  readonly headers: typeof commandHeaders.Type
}

/** The body that a command takes. */
export interface Body<A, I> {
  readonly schema: Schema.Schema<A, I>
  /** True: it may be left out, and then says nothing. */
  readonly optional: boolean
}

export const required = <A, I>(schema: Schema.Schema<A, I>): Body<A, I> => ({ schema, optional: false })
export const optional = <A, I>(schema: Schema.Schema<A, I>): Body<A, I> => ({ schema, optional: true })
/** For commands that the path says all of. */
export const nothing = optional(Schema.Struct({}))

const hasBody = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0

/** The JSON of a body. What a log cannot hold is refused before anything is done. */
export const readJsonBody = (text: string): Effect.Effect<unknown, Problem> => {
  const read = readJson(text)
  if ("value" in read) return Effect.succeed(read.value)
  const { place, problem } = read
  const where = place === "" ? "The body" : `body, ${place}`
  return Effect.fail(new Problem({ slug: "invalid-request", detail: `${where}: ${problems[problem].title}.` }))
}

/** A body as its schema reads it. A field or value that is not known is a mistake that must not pass. */
export const decodeBody = <A, I>(schema: Schema.Schema<A, I>, said: unknown): Effect.Effect<A, Problem> => {
  const unknown = unknownIn(schema, said, "field")
  if (unknown !== null) return Effect.fail(new Problem({ slug: "invalid-request", detail: `body: ${unknown}.` }))
  return Effect.mapError(Schema.decodeUnknown(schema, { onExcessProperty: "error" })(said), wrong("body"))
}

/** The body as it was sent, and as its schema reads it. */
const readSaid = <A, I>(
  request: HttpServerRequest.HttpServerRequest,
  body: Body<A, I>,
  limit: number,
): Effect.Effect<{ readonly said: unknown; readonly value: A }, Problem> =>
  Effect.gen(function* () {
    if (!body.optional || hasBody(request)) yield* requireMediaType(request, [json])
    const text = (yield* readBody(request, limit)).toString("utf8")
    const said = body.optional && text.trim() === "" ? {} : yield* readJsonBody(text)
    return { said, value: yield* decodeBody(body.schema, said) }
  })

/** Where to look for what the command made. */
const locationOf = ({ threadId, turnId }: Receipt): string =>
  turnId === null ? `/v1/threads/${threadId}` : `/v1/turns/${turnId}`

const accepted = (receipt: Receipt): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setStatus(answer(receipt, receipt.sequence, { location: locationOf(receipt) }), 202)

/** Gives a command: `command` makes it of the body. Answers 202 with its receipt once it is durable. */
export const giveOrder = <A, I>(
  { engine, limits, metrics, orchestrator }: HttpServicesShape,
  { headers, request }: CommandCall,
  body: Body<A, I>,
  command: (value: A) => Effect.Effect<Command, ServiceError | Problem>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, Problem> =>
  Effect.gen(function* () {
    const { said, value } = yield* readSaid(request, body, limits.bodyBytes)
    const ifSequence = yield* versionNamed(engine.log.logId, headers["if-match"])
    const idempotencyKey = headers["idempotency-key"]
    const given = yield* command(value)
    const asked = {
      command: given,
      // What the caller said, in its own words: ids that were made for it here are no part of it.
      said: { method: request.method, path: pathOf(request.url), body: said },
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(ifSequence === undefined ? {} : { ifSequence }),
    }
    // A caller who goes away now has given the command all the same.
    const receipt = yield* Effect.uninterruptible(orchestrator.dispatch(asked)).pipe(
      Effect.tapBoth({
        onSuccess: () => Effect.sync(() => metrics.command(given.type, "accepted")),
        onFailure: (error) => Effect.sync(() => metrics.command(given.type, toProblem(error).slug)),
      }),
    )
    return accepted(receipt)
  }).pipe(orProblem(engine))
