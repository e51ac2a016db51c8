/** Attached sessions. Bodies are read here, bounded, and only after the call is known to be sensible. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { SessionId } from "@threadfold/contracts"
import { Api, type AttachedSession, AttachRequest, type LineResult } from "@threadfold/contracts/api"
import { wellFormedJson } from "@threadfold/core/model"
import { AttachedSessions, inPieces, type LineContext } from "@threadfold/orchestrator"
import { Projections } from "@threadfold/projections"
import { Effect, Either, Schema } from "effect"
import { DirectPushes, type Push, type PushAnswer } from "../direct/DirectPushes.js"
import { DirectReads } from "../direct/DirectReads.js"
import { HttpLimits } from "../HttpLimits.js"
import { Metrics } from "../Metrics.js"
import { json, ndjson, readBody, requireMediaType } from "../node/body.js"
import { findEntries, findLines, lineResult, onlyLine } from "../pushedBody.js"
import { answer, resourceAnswer } from "./jsonAnswer.js"
import { readRoute } from "./readRoute.js"
import { decodeBody, readJsonBody, wrong } from "./requestBody.js"

/** Media types of a push. */
const pushTypes = [ndjson, json]

const decodeSessionId = Schema.decodeUnknown(SessionId)

const sessionAnswer = (session: AttachedSession, status: number): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setStatus(
    answer(session, session.sequence, { location: `/v1/sessions/${session.sessionId}` }),
    status,
  )

/** Whether an `Accept` header names a media type, and does not refuse it (`;q=0`). */
const accepts = (header: string, type: string): boolean =>
  header !== "" &&
  header.split(",").some((range) => {
    const [named = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase())
    return named === type && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
  })

const pushAnswer = (results: readonly LineResult[], accept: string): PushAnswer =>
  accepts(accept, ndjson)
    ? { type: ndjson, text: wellFormedJson(results.map((result) => `${JSON.stringify(result)}\n`).join("")) }
    : { type: json, text: wellFormedJson(JSON.stringify({ results })) }

export const sessionRoutes = HttpApiBuilder.group(Api, "sessions", (handlers) =>
  Effect.gen(function* () {
    const { bodyBytes, smallBodyBytes } = yield* HttpLimits
    const metrics = yield* Metrics
    const projections = yield* Projections
    const sessions = yield* AttachedSessions
    const { log, ready, withProblems } = yield* readRoute

    /** Stores the lines of a body for a session, and says what became of each. */
    const pushed = (context: LineContext, { accept, body, type }: Omit<Push, "sessionId">) =>
      Effect.gen(function* () {
        const lines = yield* yield* inPieces((type === ndjson ? findLines : findEntries)(body))
        const results = (yield* sessions.push(context, lines)).map(lineResult)
        for (const { status } of results) metrics.line(status)
        return pushAnswer(results, accept)
      })
    yield* (yield* DirectPushes).handle(
      pushTypes,
      (push) => withProblems(Effect.flatMap(sessions.require(push.sessionId), (context) => pushed(context, push))),
      ({ accept, body, sessionId, type }, answer, fail) => {
        const line = type === ndjson ? onlyLine(body) : null
        if (line === null) return false
        return sessions.pushNow(sessionId, line, (outcome) => {
          if (Either.isLeft(outcome)) return fail(withProblems(Effect.fail(outcome.left)))
          return answer(() => {
            const result = lineResult(outcome.right)
            metrics.line(result.status)
            return pushAnswer([result], accept)
          })
        })
      },
    )

    return yield* (yield* DirectReads).take(
      ["get"],
      handlers
        .handle("get", ({ path, request, urlParams }) =>
          Effect.gen(function* () {
            yield* ready(urlParams)
            return resourceAnswer(request, log.logId, yield* projections.session(path.sessionId))
          }).pipe(withProblems),
        )
        .handleRaw("attach", ({ path, request }) =>
          Effect.gen(function* () {
            yield* requireMediaType(request, [json])
            const sessionId = yield* Effect.mapError(decodeSessionId(path.sessionId), wrong("sessionId"))
            const body = yield* readJsonBody((yield* readBody(request, smallBodyBytes)).toString("utf8"))
            const registration = yield* decodeBody(AttachRequest, body)
            const { created, session } = yield* sessions.attach(sessionId, registration)
            return sessionAnswer(session, created ? 201 : 200)
          }).pipe(withProblems),
        )
        .handleRaw("push", ({ path, request }) =>
          Effect.gen(function* () {
            const type = yield* requireMediaType(request, pushTypes)
            const context = yield* sessions.require(path.sessionId)
            const body = yield* sessions.feeding(context, readBody(request, bodyBytes))
            const answered = yield* pushed(context, { type, body, accept: request.headers.accept ?? "" })
            return HttpServerResponse.text(answered.text, { contentType: answered.type })
          }).pipe(withProblems),
        )
        .handle("heartbeat", ({ path }) =>
          withProblems(Effect.map(sessions.heartbeat(path.sessionId), (session) => sessionAnswer(session, 200))),
        )
        .handle("close", ({ path }) =>
          withProblems(Effect.map(sessions.detach(path.sessionId), (session) => sessionAnswer(session, 200))),
        )
        .handle("detach", ({ path }) =>
          withProblems(Effect.map(sessions.detach(path.sessionId), (session) => sessionAnswer(session, 200))),
        ),
    )
  }),
)
