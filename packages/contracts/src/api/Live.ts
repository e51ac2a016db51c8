/** Routes about what runs: turns and questions of all threads, the reaper. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { TurnChanges } from "../entities/FileChange.js"
import { InferenceDetail } from "../entities/Inference.js"
import { ItemDetail } from "../entities/Item.js"
import { ItemReport } from "../entities/ItemReport.js"
import { ReaperFindings } from "../entities/ReaperFinding.js"
import { RequestDetail } from "../entities/Request.js"
import { TurnDetail } from "../entities/Turn.js"
import { optional } from "../fields.js"
import { itemPath, reads, requestPath, turnPath } from "./Endpoint.js"
import { fieldsParam, madeParams, ofAllThreads } from "./Filters.js"
import { described, listRead, read, resourceRead } from "./operation.js"
import { listCall, memoryCall, readCall, writeCall } from "./problemSets.js"
import { Flag, limitTo, pageParams, readParams, SequenceParam, WaitSeconds } from "./Query.js"
import { inferenceFilters, itemFilters, requestFilters, turnFilters } from "./rowFilters.js"
import { pageOf } from "./Shapes.js"

const someRows =
  "Filters apply together. Each call looks at so many rows at most: with filters a page may hold fewer entries than `limit`, even none, and still have a `next`. Go on until `next` is null."

/** Parameters of every list of rows of all threads, beside those of its kind. */
const allRows = {
  ...pageParams,
  ...madeParams,
  ...ofAllThreads,
  mirrors: optional(Flag, "`true`: with rows of mirrors. Else they are left out, as those of deleted threads are."),
} as const

const listOf = (description: string) => described(`${description} ${someRows}`, listRead(listCall))

/** Turns of all threads, and by their ids. */
export class TurnsGroup extends HttpApiGroup.make("turns")
  .add(
    HttpApiEndpoint.get("list", "/v1/turns")
      .setUrlParams(Schema.Struct({ ...allRows, ...turnFilters, ...fieldsParam(TurnDetail) }))
      .addSuccess(pageOf(TurnDetail))
      .annotateContext(listOf("Turns of all threads, newest first.")),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/turns/:turnId")
      .setPath(turnPath)
      .setUrlParams(
        Schema.Struct({
          ...readParams,
          wait: optional(WaitSeconds, "Wait up to so many seconds, 60 at most, for the end."),
        }),
      )
      .addSuccess(TurnDetail)
      .annotateContext(
        described(
          "One turn. With `wait` it answers as soon as the end is final (`settled`), and else after so many seconds with " +
            "the turn as it is then: ask again. 429 while too many wait.",
          resourceRead([...readCall, "turn-not-found"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("changes", "/v1/turns/:turnId/changes")
      .setPath(turnPath)
      .setUrlParams(
        Schema.Struct({
          ...readParams,
          limit: optional(limitTo(500, 100), "Files at most, 1 to 500; 100 by default."),
          after: optional(SequenceParam, "`next` of an earlier page: so many files are passed over."),
        }),
      )
      .addSuccess(TurnChanges)
      .annotateContext(
        described(
          "What a turn changed, file by file, each with its unified diff and the lines that were added and removed. A diff over 64 KiB is cut.",
          read([...readCall, "turn-not-found"]),
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Turns" })) {}

/** Questions of the agents of all threads. */
export class RequestsGroup extends HttpApiGroup.make("requests")
  .add(
    HttpApiEndpoint.get("list", "/v1/requests")
      .setUrlParams(Schema.Struct({ ...allRows, ...requestFilters, ...fieldsParam(RequestDetail) }))
      .addSuccess(pageOf(RequestDetail))
      .annotateContext(
        listOf("Approvals and questions of all threads, newest first; with `status=open` what waits for an answer."),
      ),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/requests/:requestId")
      .setPath(requestPath)
      .setUrlParams(reads)
      .addSuccess(RequestDetail)
      .annotateContext(described("One approval or question.", resourceRead([...readCall, "request-not-found"]))),
  )
  .annotateContext(OpenApi.annotations({ title: "Requests" })) {}

/** Items of all threads. */
export class ItemsGroup extends HttpApiGroup.make("items")
  .add(
    HttpApiEndpoint.get("list", "/v1/items")
      .setUrlParams(Schema.Struct({ ...allRows, ...itemFilters, ...fieldsParam(ItemDetail) }))
      .addSuccess(pageOf(ItemDetail))
      .annotateContext(listOf("Items of all threads with their text, newest first.")),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/items/:itemId")
      .setPath(itemPath)
      .setUrlParams(reads)
      .addSuccess(ItemReport)
      .annotateContext(
        described(
          "One item: who allowed or declined it and why, what a web search looked for, and the pages that it names.",
          read([...readCall, "resource-not-found"]),
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Items" })) {}

/** Model calls of all threads. */
export class InferencesGroup extends HttpApiGroup.make("inferences")
  .add(
    HttpApiEndpoint.get("list", "/v1/inferences")
      .setUrlParams(Schema.Struct({ ...allRows, ...inferenceFilters, ...fieldsParam(InferenceDetail) }))
      .addSuccess(pageOf(InferenceDetail))
      .annotateContext(listOf("Inference attempts of all threads, newest first.")),
  )
  .annotateContext(OpenApi.annotations({ title: "Model calls" })) {}

/** The reaper, which stops sessions that are not used. */
export class ReaperGroup extends HttpApiGroup.make("reaper")
  .add(
    HttpApiEndpoint.get("findings", "/v1/reaper")
      .addSuccess(ReaperFindings)
      .annotateContext(
        described("What the last sweep found: why each session that lived stays or goes.", { problems: memoryCall }),
      ),
  )
  .add(
    HttpApiEndpoint.post("sweep", "/v1/reaper/sweep")
      .addSuccess(ReaperFindings)
      .annotateContext(described("Sweeps now, and answers with what was found and done.", { problems: writeCall })),
  )
  .annotateContext(OpenApi.annotations({ title: "Reaper" })) {}
