/** A call that carries a command: from its body and headers to the receipt. */
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type Command, MessageId, type Receipt, TaskId, ThreadId } from "@threadfold/contracts"
import type { commandHeaders } from "@threadfold/contracts/api"
import { Problem, type ProblemSlug } from "@threadfold/contracts/problem"
import { type BlobDraft, Engine } from "@threadfold/engine"
import { Orchestrator } from "@threadfold/orchestrator"
import { Effect, Option, Schema } from "effect"
import { orProblem, type ServiceError, toProblem } from "../../problems/toProblem.js"
import { HttpLimits } from "../HttpLimits.js"
import { Metrics } from "../Metrics.js"
import { pathOf } from "../security/Guard.js"
import { answer, versionNamed } from "./jsonAnswer.js"
import { type Body, readCommandBody } from "./requestBody.js"

/** An id out of a path. One of the wrong form names nothing that exists. */
const idOf =
  <A>(schema: Schema.Schema<A, string>, slug: ProblemSlug, what: string) =>
  (text: string): Effect.Effect<A, Problem> =>
    Option.match(Schema.decodeOption(schema)(text), {
      onNone: () => new Problem({ slug, detail: `No ${what} has the id ${text}.` }),
      onSome: Effect.succeed,
    })

export const threadIdOf = idOf(ThreadId, "thread-not-found", "thread")
export const taskIdOf = idOf(TaskId, "resource-not-found", "task")
export const messageIdOf = idOf(MessageId, "resource-not-found", "message")

/** What a handler of a command gets. */
export interface CommandCall {
  readonly request: HttpServerRequest.HttpServerRequest
  readonly headers: typeof commandHeaders.Type
}

/** A command, and the blobs that are stored with it. */
interface Supplied {
  readonly command: Command
  readonly blobs?: readonly BlobDraft[]
}

/** Where to look for what the command made. */
const locationOf = ({ threadId, turnId }: Receipt): string =>
  turnId === null ? `/v1/threads/${threadId}` : `/v1/turns/${turnId}`

const accepted = (receipt: Receipt): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setStatus(answer(receipt, receipt.sequence, { location: locationOf(receipt) }), 202)

/** Dispatches the command that `commandOf` makes of a body. Answers 202 with its receipt once it is durable. */
export const commandDispatcher = Effect.gen(function* () {
  const engine = yield* Engine
  const { bodyBytes } = yield* HttpLimits
  const metrics = yield* Metrics
  const orchestrator = yield* Orchestrator

  return <A, I>(
    { headers, request }: CommandCall,
    body: Body<A, I>,
    commandOf: (value: A) => Effect.Effect<Command | Supplied, ServiceError | Problem>,
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, Problem> =>
    Effect.gen(function* () {
      const { sent, value } = yield* readCommandBody(request, body, bodyBytes)
      const ifSequence = yield* versionNamed(engine.log.logId, headers["if-match"])
      const idempotencyKey = headers["idempotency-key"]
      const made = yield* commandOf(value)
      const { blobs = [], command } = "command" in made ? made : { command: made }
      const dispatched = {
        command,
        blobs,
        // What the caller sent: ids that were made for it here are no part of it.
        content: { method: request.method, path: pathOf(request.url), body: sent },
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        ...(ifSequence === undefined ? {} : { ifSequence }),
      }
      // The command of a caller who goes away now is dispatched all the same.
      const receipt = yield* Effect.uninterruptible(orchestrator.dispatch(dispatched)).pipe(
        Effect.tapBoth({
          onSuccess: () => Effect.sync(() => metrics.command(command.type, "accepted")),
          onFailure: (error) => Effect.sync(() => metrics.command(command.type, toProblem(error).slug)),
        }),
      )
      return accepted(receipt)
    }).pipe(orProblem(engine))
})
