/** Comparing the projections with the log and making them anew, beside the work of the server. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api, CheckRequest, RebuildRequest, VerifyRequest } from "@threadfold/contracts/api"
import type { Problem } from "@threadfold/contracts/problem"
import { wellFormedJson } from "@threadfold/core/model"
import { Engine } from "@threadfold/engine"
import { Effect, Stream } from "effect"
import { orProblem } from "../../problems/toProblem.js"
import { ProjectionJobs } from "../../projections/ProjectionJobs.js"
import { HttpLimits } from "../HttpLimits.js"
import { wantsStream } from "../stream/streamServer.js"
import { begunAnswer, plainAnswer } from "./jsonAnswer.js"
import { optional, readCommandBody } from "./requestBody.js"

const encoder = new TextEncoder()

/** Progress as a stream, which ends with the work. */
const asStream = (views: Stream.Stream<unknown>): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.stream(
    Stream.map(views, (view) => encoder.encode(`event: progress\ndata: ${wellFormedJson(JSON.stringify(view))}\n\n`)),
    {
      contentType: "text/event-stream",
      headers: { "cache-control": "no-store", "x-accel-buffering": "no", connection: "close" },
    },
  )

export const projectionRoutes = HttpApiBuilder.group(Api, "projections", (handlers) =>
  Effect.gen(function* () {
    const { all, check, rebuild, verify } = yield* ProjectionJobs
    const { smallBodyBytes } = yield* HttpLimits
    const withProblems = orProblem(yield* Engine)

    /** What runs: once, or again and again as a stream. */
    const shown = (
      request: HttpServerRequest.HttpServerRequest,
      {
        current,
        progress,
      }: {
        readonly current: Effect.Effect<unknown, Problem>
        readonly progress: Effect.Effect<Stream.Stream<unknown>, Problem>
      },
    ) => (wantsStream(request) ? Effect.map(progress, asStream) : Effect.map(current, (view) => plainAnswer(view)))

    return handlers
      .handle("work", () => Effect.map(all, (work) => plainAnswer(work)))
      .handleRaw("check", ({ request }) =>
        readCommandBody(request, optional(CheckRequest), smallBodyBytes).pipe(
          Effect.flatMap(({ value }) => check.begin(value)),
          Effect.map((view) => begunAnswer(view, "/v1/projections/check")),
          withProblems,
        ),
      )
      .handle("checking", ({ request }) => shown(request, check))
      .handle("cancelCheck", () => Effect.map(check.cancel, (view) => plainAnswer(view)))
      .handleRaw("verify", ({ request }) =>
        readCommandBody(request, optional(VerifyRequest), smallBodyBytes).pipe(
          Effect.flatMap(({ value }) => verify.begin(value)),
          Effect.map((view) => begunAnswer(view, "/v1/projections/verify")),
          withProblems,
        ),
      )
      .handle("verification", ({ request }) => shown(request, verify))
      .handle("cancelVerification", () => Effect.map(verify.cancel, (view) => plainAnswer(view)))
      .handleRaw("rebuild", ({ request }) =>
        readCommandBody(request, optional(RebuildRequest), smallBodyBytes).pipe(
          Effect.flatMap(({ value }) => rebuild.begin(value)),
          Effect.map((view) => begunAnswer(view, "/v1/projections/rebuild")),
          withProblems,
        ),
      )
      .handle("rebuilding", ({ request }) => shown(request, rebuild))
      .handle("cancelRebuild", () => Effect.map(rebuild.cancel, (view) => plainAnswer(view)))
  }),
)
