/** All routes as one application that never fails: whatever goes wrong becomes a problem. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Api } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { StorageLost } from "@threadfold/event-log"
import type { AttachedSessions } from "@threadfold/orchestrator"
import type { Projections } from "@threadfold/projections"
import { Cause, Effect, Layer } from "effect"
import type { ImportJobs } from "../imports/ImportJobs.js"
import type { ImportSettings } from "../imports/ImportSettings.js"
import { toProblem } from "../problems/toProblem.js"
import type { DirectReads } from "./direct/DirectReads.js"
import type { Metrics } from "./Metrics.js"
import { problemResponse } from "./problemAnswer.js"
import { commandRoutes } from "./routes/commands.js"
import { healthRoutes } from "./routes/health.js"
import { importRoutes } from "./routes/imports.js"
import { logRoutes } from "./routes/log.js"
import { methodsOf } from "./routes/methods.js"
import { modelRoutes } from "./routes/model.js"
import { pages } from "./routes/pages.js"
import { requestRoutes } from "./routes/requests.js"
import { agentRoutes, reaperRoutes } from "./routes/running.js"
import { sessionRoutes } from "./routes/sessions.js"
import { unknownQuery } from "./routes/strict.js"
import { threadRoutes } from "./routes/threads.js"
import { turnRoutes } from "./routes/turns.js"
import { HttpServices } from "./Services.js"
import { pathOf } from "./security/Guard.js"

const groups = Layer.mergeAll(
  threadRoutes,
  modelRoutes,
  commandRoutes,
  turnRoutes,
  requestRoutes,
  agentRoutes,
  reaperRoutes,
  sessionRoutes,
  importRoutes,
  logRoutes,
  healthRoutes,
)

const routes = Layer.mergeAll(
  HttpApiBuilder.Router.Live,
  groups,
  pages.pipe(Layer.provide(HttpApiBuilder.api(Api)), Layer.provide(groups)),
)

/** The answer to a call that failed. */
const answerTo = (
  request: HttpServerRequest.HttpServerRequest,
  error: unknown,
  cause: Cause.Cause<unknown>,
  metrics: Metrics,
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const refuse = (problem: Pick<Problem, "slug" | "detail">, headers: Readonly<Record<string, string>> = {}) => {
    metrics.refused(problem.slug)
    // What is left of a body that nobody wants is never read.
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
  if (tag === "HttpApiDecodeError" && error instanceof Error) {
    return refuse({ slug: "invalid-request", detail: `${firstIssue(error)}.` })
  }
  return Effect.zipRight(
    Effect.logError("a call failed", cause),
    refuse({ slug: "internal", detail: `${request.method} ${pathOf(request.url)} failed.` }),
  )
}

/** Why a call broke: the lost files, where they are lost. SQLite may meet anything in them. */
const lostFiles = (cause: Cause.Cause<unknown>): Effect.Effect<Cause.Cause<unknown>, never, HttpServices> =>
  Effect.gen(function* () {
    if (!Cause.isDie(cause)) return cause
    const { lost } = yield* (yield* HttpServices).engine.storage
    return lost === null ? cause : Cause.fail(toProblem(new StorageLost({ ...lost, committed: false })))
  })

/** Where a call is not what the API says, as one line. */
const firstIssue = (error: Error): string => {
  if (!("issues" in error) || !Array.isArray(error.issues)) return error.message
  const issue: unknown = error.issues[0]
  if (typeof issue !== "object" || issue === null || !("message" in issue)) return error.message
  const path = "path" in issue && Array.isArray(issue.path) ? issue.path.join(".") : ""
  return path === "" ? String(issue.message) : `${path}: ${issue.message}`
}

/** What the routes stand on. */
export type AppNeeds = AttachedSessions | DirectReads | HttpServices | ImportJobs | ImportSettings | Projections

/** The application over its services. */
export const makeApp = (
  metrics: Metrics,
): Effect.Effect<HttpApp.Default<never, HttpRouter.HttpRouter.DefaultServices>, never, AppNeeds> =>
  Effect.gen(function* () {
    const router = yield* HttpApiBuilder.Router
    const app = yield* HttpRouter.toHttpApp(yield* router.router)
    const services = yield* HttpServices
    const strict = Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ method, url }) => {
      const unknown = unknownQuery(method, url)
      return unknown === null ? app : Effect.fail(unknown)
    })
    return Effect.catchAllCause(strict, (cause) =>
      Cause.isInterruptedOnly(cause)
        ? Effect.interrupt
        : Effect.gen(function* () {
            const request = yield* HttpServerRequest.HttpServerRequest
            const why = yield* Effect.provideService(lostFiles(cause), HttpServices, services)
            return yield* answerTo(request, Cause.squash(why), why, metrics)
          }),
    )
  }).pipe(Effect.provide(routes))
