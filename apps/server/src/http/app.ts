/** All routes as one application that never fails: whatever goes wrong becomes a problem. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { firstOfIssues, issueText } from "@threadfold/contracts"
import { Api } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { wellFormedJson } from "@threadfold/core/model"
import { Cause, Effect, Layer } from "effect"
import { type MetricCounters, Metrics } from "./Metrics.js"
import { problemResponse } from "./problemAnswer.js"
import { agentRoutes } from "./routes/agentRoutes.js"
import { blobRoutes } from "./routes/blobRoutes.js"
import { commandRoutes } from "./routes/commandRoutes.js"
import { methodsOf, unknownQuery } from "./routes/declaredRoutes.js"
import { docsRoutes } from "./routes/docsRoutes.js"
import { effectRoutes } from "./routes/effectRoutes.js"
import { importRoutes } from "./routes/importRoutes.js"
import { logRoutes } from "./routes/logRoutes.js"
import { modelRoutes } from "./routes/modelRoutes.js"
import { momentRoutes } from "./routes/momentRoutes.js"
import { pageAccessRoutes } from "./routes/pageAccessRoutes.js"
import { projectionRoutes } from "./routes/projectionRoutes.js"
import { purgeRoutes } from "./routes/purgeRoutes.js"
import { reasonRoutes } from "./routes/reasonRoutes.js"
import { replayRoutes } from "./routes/replayRoutes.js"
import { inboxRoutes, requestRoutes } from "./routes/requestRoutes.js"
import { rowRoutes } from "./routes/rowRoutes.js"
import { searchRoutes } from "./routes/searchRoutes.js"
import { healthRoutes, reaperRoutes } from "./routes/serviceRoutes.js"
import { sessionRoutes } from "./routes/sessionRoutes.js"
import { sqlRoutes } from "./routes/sqlRoutes.js"
import { subscriptionRoutes } from "./routes/subscriptionRoutes.js"
import { textRoutes } from "./routes/textRoutes.js"
import { threadRoutes } from "./routes/threadRoutes.js"
import { turnRoutes } from "./routes/turnRoutes.js"
import { voiceRoutes } from "./routes/voiceRoutes.js"
import { pathOf } from "./security/Guard.js"

const groups = Layer.mergeAll(
  threadRoutes,
  reasonRoutes,
  modelRoutes,
  momentRoutes,
  commandRoutes,
  effectRoutes,
  blobRoutes,
  turnRoutes,
  requestRoutes,
  rowRoutes,
  textRoutes,
  inboxRoutes,
  agentRoutes,
  reaperRoutes,
  searchRoutes,
  sessionRoutes,
  sqlRoutes,
  subscriptionRoutes,
  voiceRoutes,
  importRoutes,
  projectionRoutes,
  purgeRoutes,
  replayRoutes,
  pageAccessRoutes,
  logRoutes,
  healthRoutes,
)

const routes = Layer.mergeAll(
  HttpApiBuilder.Router.Live,
  groups,
  docsRoutes.pipe(Layer.provide(HttpApiBuilder.api(Api)), Layer.provide(groups)),
)

/** The answer to a call that failed. */
const answerTo = (
  request: HttpServerRequest.HttpServerRequest,
  error: unknown,
  cause: Cause.Cause<unknown>,
  metrics: MetricCounters,
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const refuse = (problem: Pick<Problem, "slug" | "detail">, headers: Readonly<Record<string, string>> = {}) => {
    metrics.refused(problem.slug)
    // What is left of the body of a refused call is never read.
    const unread = NodeHttpServerRequest.toIncomingMessage(request).complete ? {} : { connection: "close" }
    return Effect.succeed(problemResponse(problem, { ...unread, ...headers }))
  }
  if (error instanceof Problem) return refuse(error)
  const tag = typeof error === "object" && error !== null && "_tag" in error ? error._tag : null
  if (tag === "RouteNotFound") {
    const path = pathOf(request.url)
    const methods = methodsOf(path)
    return methods.length === 0
      ? refuse({ slug: "not-found", detail: `${path} is no route.` })
      : refuse(
          { slug: "method-not-allowed", detail: `${path} takes ${methods.join(", ")}.` },
          { allow: methods.join(", ") },
        )
  }
  if (error instanceof HttpApiDecodeError) {
    const issue = firstOfIssues(error.issues, error.message)
    return refuse({ slug: "invalid-request", detail: `${issueText(issue)}.` })
  }
  return Effect.zipRight(
    Effect.logError("a call failed", cause),
    refuse({ slug: "internal", detail: `${request.method} ${pathOf(request.url)} failed.` }),
  )
}

/** The answer of a handler that gives a value, which the library has encoded, with JSON that every reader takes. */
const wellFormedBody = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
  const { body } = response
  if (body._tag !== "Uint8Array" || !body.contentType.includes("json")) return response
  const bytes = Buffer.from(body.body.buffer, body.body.byteOffset, body.body.byteLength)
  if (!bytes.includes("\\ud")) return response
  const json = wellFormedJson(bytes.toString("utf8"))
  return HttpServerResponse.setBody(response, HttpBody.uint8Array(Buffer.from(json), body.contentType))
}

/**
 * Characters of a part of a path: more than the listener takes of a whole request's head. The router's own limit of 100 is less than the
 * key of a row can have, and what is longer would be answered as a wrong method.
 */
const longestParameter = 1_048_576

/** The application over its services. */
export const makeApp = Effect.gen(function* () {
  const metrics = yield* Metrics
  const router = yield* HttpApiBuilder.Router
  const app = yield* HttpRouter.withRouterConfig(HttpRouter.toHttpApp(yield* router.router), {
    maxParamLength: longestParameter,
  })
  const strict = Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ method, url }) => {
    const unknown = unknownQuery(method, url)
    return unknown === null ? app : Effect.fail(unknown)
  })
  return Effect.catchAllCause(Effect.map(strict, wellFormedBody), (cause) =>
    Cause.isInterruptedOnly(cause)
      ? Effect.interrupt
      : Effect.gen(function* () {
          const request = yield* HttpServerRequest.HttpServerRequest
          return yield* answerTo(request, Cause.squash(cause), cause, metrics)
        }),
  )
}).pipe(Effect.provide(routes))
