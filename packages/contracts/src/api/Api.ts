/**
 * The HTTP API as data: the server implements it, the client and the OpenAPI document are derived from it.
 *
 * Every answer is JSON; every error a problem of the catalogue. Reads carry a `Sequence` header: the sequence of the
 * log that the answer is true for. Single resources carry an `ETag` and take `If-None-Match`. The two streams of events
 * answer `Accept: text/event-stream`; without it they answer a page.
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { AnomalyReason } from "../AnomalyReason.js"
import { ProviderEvent } from "../entities/EventEnvelope.js"
import {
  AnomalyView,
  DelegationView,
  InferenceView,
  ItemView,
  QueueView,
  RealtimeRunView,
  RequestView,
  SessionView,
  TaskView,
  ThreadStatus,
  ThreadView,
  TurnView,
} from "../ReadModel.js"
import { Stats } from "../Reports.js"
import { AttachedSession, AttachRequest, PushResult } from "./Attached.js"
import { CommandsGroup } from "./Commands.js"
import { documentComponents, documentPaths } from "./document.js"
import { described, pages, reads, sessionPath, threadPath } from "./Endpoint.js"
import { ImportsGroup } from "./Imports.js"
import { AgentsGroup, ReaperGroup, RequestsGroup, TurnsGroup } from "./Live.js"
import { problemOf } from "./Problems.js"
import { Flag, pageParams, readParams, rewoundParam, SequenceParam, TypeList } from "./Query.js"
import { EventDetail, EventPage, Health, InvariantList, pageOf, Readiness, ThreadPage, UsagePage } from "./Shapes.js"

const anomalyPage = pageOf(AnomalyView)

/** A page of one list of a thread. */
const threadList = <const Name extends string, A, I>(
  name: Name,
  segment: `/${string}`,
  page: Schema.Schema<A, I>,
  description: string,
) =>
  HttpApiEndpoint.get(name, `/v1/threads/:threadId${segment}`)
    .setPath(threadPath)
    .setUrlParams(pages)
    .addSuccess(page)
    .annotateContext(described(description))

/** How a page of the log, or a stream of it, is asked for. */
const eventParams = Schema.Struct({
  ...readParams,
  limit: pageParams.limit,
  cursor: Schema.optional(Schema.String.annotations({ description: "`next` of an earlier page, unchanged." })),
  order: pageParams.order,
  /** Events after this place: a sequence, or the `id` of an event of a stream. */
  after: Schema.optional(
    Schema.String.annotations({
      description: "Events after this place (exclusive): a sequence, or an id of a stream (<logId>.<sequence>).",
    }),
  ),
  types: Schema.optional(TypeList),
  /** With the native message of each event. Pages only. */
  native: Schema.optional(Flag),
})

/** Threads and what is in them. */
export class ThreadsGroup extends HttpApiGroup.make("threads")
  .add(
    HttpApiEndpoint.get("list", "/v1/threads")
      .setUrlParams(
        Schema.Struct({
          ...pageParams,
          status: Schema.optional(ThreadStatus),
          archived: Schema.optional(Flag),
          /** `true`: deleted ones alone; else they are left out. */
          deleted: Schema.optional(Flag),
          provider: Schema.optional(Schema.String),
          parentThreadId: Schema.optional(Schema.String),
          nativeThreadId: Schema.optional(Schema.String),
        }),
      )
      .addSuccess(pageOf(ThreadView))
      .annotateContext(described("Threads, newest first.")),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/threads/:threadId")
      .setPath(threadPath)
      .setUrlParams(Schema.Struct({ ...readParams, limit: pageParams.limit, ...rewoundParam }))
      .addSuccess(ThreadPage)
      .annotateContext(
        described(
          "One thread with the newest entries of each of its lists, of one moment. Go on with the cursors in `more`; " +
            "follow what comes with the thread's events after `sequence`. A deleted thread is still readable: " +
            "`thread.deletedAt` says since when.",
        ),
      ),
  )
  .add(threadList("sessions", "/sessions", pageOf(SessionView), "Sessions of a thread, the newest epoch first."))
  .add(
    HttpApiEndpoint.get("turns", "/v1/threads/:threadId/turns")
      .setPath(threadPath)
      .setUrlParams(Schema.Struct({ ...pageParams, ...rewoundParam }))
      .addSuccess(pageOf(TurnView))
      .annotateContext(
        described("Turns of a thread, newest first. `rewound=false` leaves out those that were taken back."),
      ),
  )
  .add(
    HttpApiEndpoint.get("items", "/v1/threads/:threadId/items")
      .setPath(threadPath)
      .setUrlParams(Schema.Struct({ ...pageParams, turnId: Schema.optional(Schema.String), ...rewoundParam }))
      .addSuccess(pageOf(ItemView))
      .annotateContext(
        described(
          "Items of a thread with their text, newest first. `rewound=false` leaves out those of turns that were taken back.",
        ),
      ),
  )
  .add(threadList("requests", "/requests", pageOf(RequestView), "Approvals and questions of a thread, newest first."))
  .add(threadList("inferences", "/inferences", pageOf(InferenceView), "Inference attempts of a thread, newest first."))
  .add(threadList("realtime", "/realtime", pageOf(RealtimeRunView), "Voice runs of a thread, newest first."))
  .add(threadList("delegations", "/delegations", pageOf(DelegationView), "Voice hand-overs of a thread, newest first."))
  .add(threadList("tasks", "/tasks", pageOf(TaskView), "Background tasks of a thread, newest first."))
  .add(
    threadList(
      "queue",
      "/queue",
      pageOf(QueueView),
      "Messages that wait for their turn, in the order in which they run.",
    ),
  )
  .add(threadList("anomalies", "/anomalies", anomalyPage, "What the fold refused to apply in a thread, latest first."))
  .add(
    HttpApiEndpoint.get("usage", "/v1/threads/:threadId/usage")
      .setPath(threadPath)
      .setUrlParams(reads)
      .addSuccess(UsagePage)
      .annotateContext(
        described(
          "Tokens of a thread: the sum of its turns', the context window, and the last model call's own count.",
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("events", "/v1/threads/:threadId/events")
      .setPath(threadPath)
      .setUrlParams(eventParams)
      .addSuccess(EventPage)
      .annotateContext(
        described("Events of a thread. With `Accept: text/event-stream` a stream that goes on; see `GET /v1/events`."),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Threads" })) {}

/** Attached sessions, and sessions of every kind by their id. */
export class SessionsGroup extends HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.get("get", "/v1/sessions/:sessionId")
      .setPath(sessionPath)
      .setUrlParams(reads)
      .addSuccess(SessionView)
      .annotateContext(described("One session.")),
  )
  .add(
    HttpApiEndpoint.put("attach", "/v1/sessions/:sessionId")
      .setPath(sessionPath)
      .setPayload(AttachRequest)
      .addSuccess(AttachedSession)
      .addSuccess(AttachedSession, { status: 201 })
      .annotateContext(
        described(
          "Opens an attached session under an id (UUIDv7) that the adapter chose. 201 the first time, 200 when repeated " +
            "with the same content; 409 `session-conflict` for other content, 409 `thread-busy` while another session of " +
            "the thread lives.",
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("push", "/v1/sessions/:sessionId/events")
      .setPath(sessionPath)
      .setPayload(Schema.Array(ProviderEvent))
      .addSuccess(PushResult)
      .annotateContext(
        described(
          "Pushes events of an attached session: a JSON array, or NDJSON (`application/x-ndjson`), at most 16 MiB and " +
            "20,000 lines; a line over 1 MiB is `invalid`. Answers after the commit, one result a line (as NDJSON for `Accept: " +
            "application/x-ndjson`). Repeating a call is safe.",
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("heartbeat", "/v1/sessions/:sessionId/heartbeat")
      .setPath(sessionPath)
      .addSuccess(AttachedSession)
      .annotateContext(described("Renews the lease of an attached session without an event.")),
  )
  .add(
    HttpApiEndpoint.post("close", "/v1/sessions/:sessionId/close")
      .setPath(sessionPath)
      .addSuccess(AttachedSession)
      .annotateContext(described("Ends an attached session; the same as DELETE.")),
  )
  .add(
    HttpApiEndpoint.del("detach", "/v1/sessions/:sessionId")
      .setPath(sessionPath)
      .addSuccess(AttachedSession)
      .annotateContext(described("Ends an attached session. Repeating it changes nothing.")),
  )
  .annotateContext(OpenApi.annotations({ title: "Sessions" })) {}

/** The log and what was found in it. */
export class LogGroup extends HttpApiGroup.make("log")
  .add(
    HttpApiEndpoint.get("events", "/v1/events")
      .setUrlParams(eventParams)
      .addSuccess(EventPage)
      .annotateContext(
        described(
          "Events of the whole log, oldest first. With `Accept: text/event-stream` a stream: history after the cursor, " +
            "`event: synced`, then what comes. `id` is `<logId>.<sequence>`; resume with `Last-Event-ID` or `after` (the " +
            "header wins, without either it begins at the beginning). A cursor of another log or of the future gets one " +
            "`event: reset` with the snapshot's path and goes on from now. A comment line `head=<sequence>` comes every " +
            "15 s. A reader that is too slow gets `event: overflow` and is disconnected: resume.",
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("event", "/v1/events/:sequence")
      .setPath(Schema.Struct({ sequence: SequenceParam }))
      .setUrlParams(Schema.Struct({ ...readParams, native: Schema.optional(Flag) }))
      .addSuccess(EventDetail)
      .annotateContext(described("One event; with `native=1` also the provider's message, verbatim.")),
  )
  .add(
    HttpApiEndpoint.get("anomalies", "/v1/anomalies")
      .setUrlParams(
        Schema.Struct({
          ...pageParams,
          threadId: Schema.optional(Schema.String),
          reason: Schema.optional(AnomalyReason),
          subject: Schema.optional(Schema.String),
        }),
      )
      .addSuccess(anomalyPage)
      .annotateContext(described("What the fold refused to apply, and why, latest first.")),
  )
  .add(
    HttpApiEndpoint.get("stats", "/v1/stats")
      .setUrlParams(Schema.Struct({ ...readParams, byType: Schema.optional(Flag) }))
      .addSuccess(Stats)
      .annotateContext(described("Figures about the database.")),
  )
  .add(
    HttpApiEndpoint.get("invariants", "/v1/invariants")
      .addSuccess(InvariantList)
      .annotateContext(described("The rules that every log, every row and every step of the fold keeps.")),
  )
  .annotateContext(OpenApi.annotations({ title: "Log" })) {}

/** Whether the service works. */
export class HealthGroup extends HttpApiGroup.make("health", { topLevel: true })
  .add(
    HttpApiEndpoint.get("livez", "/livez")
      .addSuccess(Health)
      .annotateContext(described("The process answers. Needs no token.")),
  )
  .add(
    HttpApiEndpoint.get("readyz", "/readyz").addSuccess(Readiness).annotateContext(described("The database answers.")),
  )
  .add(
    HttpApiEndpoint.get("metrics", "/metrics")
      .addSuccess(HttpApiSchema.Text({ contentType: "text/plain; version=0.0.4" }))
      .annotateContext(described("Figures in the Prometheus text format.")),
  )
  .annotateContext(OpenApi.annotations({ title: "Health" })) {}

/** The API of `/v1`. */
export class Api extends HttpApi.make("threadfold")
  .add(ThreadsGroup)
  .add(CommandsGroup)
  .add(TurnsGroup)
  .add(RequestsGroup)
  .add(AgentsGroup)
  .add(ReaperGroup)
  .add(SessionsGroup)
  .add(ImportsGroup)
  .add(LogGroup)
  .add(HealthGroup)
  .addError(problemOf(400), { status: 400 })
  .addError(problemOf(401), { status: 401 })
  .addError(problemOf(403), { status: 403 })
  .addError(problemOf(404), { status: 404 })
  .addError(problemOf(405), { status: 405 })
  .addError(problemOf(409), { status: 409 })
  .addError(problemOf(412), { status: 412 })
  .addError(problemOf(413), { status: 413 })
  .addError(problemOf(415), { status: 415 })
  .addError(problemOf(429), { status: 429 })
  .addError(problemOf(500), { status: 500 })
  .addError(problemOf(502), { status: 502 })
  .addError(problemOf(503), { status: 503 })
  .annotateContext(
    OpenApi.annotations({
      title: "Threadfold",
      version: "1",
      description:
        "Event-sourced orchestration of coding agents. Send `Authorization: Bearer <token>` with every call but " +
        "`/livez`, `/docs` and `/openapi.json`; the token is in the `token` file of the data directory.",
      transform: ({ paths, components, ...rest }) => ({
        ...rest,
        paths: documentPaths(paths),
        components: documentComponents(components.schemas),
      }),
    }),
  ) {}
