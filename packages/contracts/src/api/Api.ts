/**
 * The HTTP API as data: the server implements it, the client and the OpenAPI document are derived from it.
 *
 * Every answer is JSON; every error a problem of the catalogue. Reads carry a `Sequence` header: the sequence of the
 * log that the answer is true for. Single resources carry an `ETag` and take `If-None-Match`. The two streams of events
 * answer `Accept: text/event-stream`; without it they answer a page.
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as OpenApi from "@effect/platform/OpenApi"
import { AgentsGroup } from "./AgentsGroup.js"
import { BlobsGroup } from "./BlobsGroup.js"
import { CommandsGroup } from "./Commands.js"
import { openApiDocument } from "./document.js"
import { EffectsGroup } from "./EffectsGroup.js"
import { eventSchemas } from "./eventComponents.js"
import { ImportsGroup } from "./Imports.js"
import { InboxGroup } from "./InboxGroup.js"
import { InferencesGroup, ItemsGroup, ReaperGroup, RequestsGroup, TurnsGroup } from "./Live.js"
import { HealthGroup, LogGroup } from "./LogGroup.js"
import { ModelGroup } from "./Model.js"
import { MomentsGroup } from "./Moments.js"
import { PageGroup } from "./PageGroup.js"
import { ProblemDetails } from "./Problem.js"
import { problemOf } from "./Problems.js"
import { ProjectionsGroup } from "./ProjectionsGroup.js"
import { PurgesGroup } from "./PurgesGroup.js"
import { ReasonsGroup } from "./Reasons.js"
import { ReplayGroup } from "./ReplayGroup.js"
import { SearchGroup } from "./SearchGroup.js"
import { SessionsGroup } from "./SessionsGroup.js"
import { StreamAudio, StreamOverflow, StreamReset, StreamSynced } from "./Shapes.js"
import { SqlGroup } from "./SqlGroup.js"
import {
  BlobBytes,
  Bundle,
  EntryLines,
  EntryTable,
  EventStream,
  JobStream,
  LineResultLines,
  ProviderEventLines,
  RecordingLines,
} from "./Streams.js"
import { SubscriptionsGroup } from "./SubscriptionsGroup.js"
import { TextsGroup } from "./TextsGroup.js"
import { ThreadsGroup } from "./ThreadsGroup.js"
import { VoiceGroup } from "./VoiceGroup.js"

/** The API of `/v1`. */
export class Api extends HttpApi.make("threadfold")
  .add(ThreadsGroup)
  .add(ReasonsGroup)
  .add(ModelGroup)
  .add(MomentsGroup)
  .add(CommandsGroup)
  .add(EffectsGroup)
  .add(BlobsGroup)
  .add(TurnsGroup)
  .add(ItemsGroup)
  .add(TextsGroup)
  .add(InferencesGroup)
  .add(RequestsGroup)
  .add(InboxGroup)
  .add(AgentsGroup)
  .add(ReaperGroup)
  .add(SessionsGroup)
  .add(VoiceGroup)
  .add(LogGroup)
  .add(SubscriptionsGroup)
  .add(SearchGroup)
  .add(SqlGroup)
  .add(ImportsGroup)
  .add(ProjectionsGroup)
  .add(PurgesGroup)
  .add(ReplayGroup)
  .add(PageGroup)
  .add(HealthGroup)
  .addError(problemOf(400), { status: 400 })
  .addError(problemOf(401), { status: 401 })
  .addError(problemOf(403), { status: 403 })
  .addError(problemOf(404), { status: 404 })
  .addError(problemOf(405), { status: 405 })
  .addError(problemOf(409), { status: 409 })
  .addError(problemOf(410), { status: 410 })
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
    StreamAudio,
    StreamReset,
    StreamOverflow,
    ProviderEventLines,
    LineResultLines,
    RecordingLines,
    Bundle,
    BlobBytes,
    EntryLines,
    EntryTable,
  ])
  .annotateContext(
    OpenApi.annotations({
      title: "Threadfold",
      version: "1",
      license: { name: "MIT" },
      description:
        "Event-sourced orchestration of coding agents. Send `Authorization: Bearer <token>` with every call but " +
        "`/`, `/assets/*`, `/docs`, `/openapi.json`, `/livez` and the sign-in of the web page; the token is in the `token` file of the data directory.",
      transform: openApiDocument,
    }),
  ) {}
