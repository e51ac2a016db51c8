/**
 * The HTTP API as data: the server implements it, the client and the OpenAPI document are derived from it.
 *
 * Every answer is JSON; every error a problem of the catalogue. Reads carry a `Sequence` header: the sequence of the
 * log that the answer is true for. Single resources carry an `ETag` and take `If-None-Match`. The two streams of events
 * answer `Accept: text/event-stream`; without it they answer a page.
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as OpenApi from "@effect/platform/OpenApi"
import { CommandsGroup } from "./Commands.js"
import { openApiDocument } from "./document.js"
import { eventSchemas } from "./eventComponents.js"
import { ImportsGroup } from "./Imports.js"
import { AgentsGroup, ReaperGroup, RequestsGroup, TurnsGroup } from "./Live.js"
import { HealthGroup, LogGroup } from "./LogGroup.js"
import { ModelGroup } from "./Model.js"
import { MomentsGroup } from "./Moments.js"
import { ProblemDetails } from "./Problem.js"
import { problemOf } from "./Problems.js"
import { ProjectionsGroup } from "./ProjectionsGroup.js"
import { ReasonsGroup } from "./Reasons.js"
import { ReplayGroup } from "./ReplayGroup.js"
import { SessionsGroup } from "./SessionsGroup.js"
import { StreamOverflow, StreamReset, StreamSynced } from "./Shapes.js"
import { Bundle, EventStream, JobStream, LineResultLines, ProviderEventLines, RecordingLines } from "./Streams.js"
import { ThreadsGroup } from "./ThreadsGroup.js"

/** The API of `/v1`. */
export class Api extends HttpApi.make("threadfold")
  .add(ThreadsGroup)
  .add(ReasonsGroup)
  .add(ModelGroup)
  .add(MomentsGroup)
  .add(CommandsGroup)
  .add(TurnsGroup)
  .add(RequestsGroup)
  .add(AgentsGroup)
  .add(ReaperGroup)
  .add(SessionsGroup)
  .add(LogGroup)
  .add(ImportsGroup)
  .add(ProjectionsGroup)
  .add(ReplayGroup)
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
  .addError(problemOf(507), { status: 507 })
  .annotate(HttpApi.AdditionalSchemas, [
    ProblemDetails,
    ...eventSchemas,
    EventStream,
    JobStream,
    StreamSynced,
    StreamReset,
    StreamOverflow,
    ProviderEventLines,
    LineResultLines,
    RecordingLines,
    Bundle,
  ])
  .annotateContext(
    OpenApi.annotations({
      title: "Threadfold",
      version: "1",
      license: { name: "MIT" },
      description:
        "Event-sourced orchestration of coding agents. Send `Authorization: Bearer <token>` with every call but " +
        "`/`, `/assets/*`, `/docs`, `/openapi.json` and `/livez`; the token is in the `token` file of the data directory.",
      transform: openApiDocument,
    }),
  ) {}
