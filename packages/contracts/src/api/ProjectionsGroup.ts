/** Work over the projections of a running server: whether they are what the log leads to, and making them so. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { field, int, listed, optInt, optional, optText, optTime, shape, text, time } from "../fields.js"
import { CheckReport, RebuildReport, VerifyReport } from "../Reports.js"
import { accepted } from "./Endpoint.js"
import { RowTable } from "./Model.js"
import { described } from "./operation.js"
import { ProblemDetails } from "./Problem.js"
import { bodyCall, databaseCall } from "./problemSets.js"

const Thread = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(100))

/** What a comparison is limited to. */
export const VerifyRequest = shape("VerifyRequest", "What a comparison is limited to; without a body: everything.", {
  threadId: optional(Thread, "Only this stream: our id of a thread or a connection."),
  bytes: optional(Schema.Boolean, "True: every native body is read, too."),
})
export type VerifyRequest = typeof VerifyRequest.Type

/** What a rebuild is limited to. */
export const RebuildRequest = shape("RebuildRequest", "What a rebuild is limited to; without a body: nothing.", {
  threadId: optional(Thread, "Only this stream: our id of a thread or a connection."),
  projection: optional(
    RowTable,
    "Only the rows of this table are written. A stream whose rows are of another version of the fold, or that is frozen, gets all of its rows.",
  ),
  resume: optional(Schema.Boolean, "True: go on where a rebuild that was stopped left off."),
})
export type RebuildRequest = typeof RebuildRequest.Type

/** What a check is limited to. */
export const CheckRequest = shape("CheckRequest", "What a check is limited to; without a body: everything.", {
  threadId: optional(Thread, "Only this stream: our id of a thread or a connection."),
  invariants: optional(
    Schema.Array(Schema.String.pipe(Schema.maxLength(100))).pipe(Schema.maxItems(100)),
    "Only these invariants, by the ids of `GET /v1/invariants`; absent or empty: all of the log and of rows.",
  ),
})
export type CheckRequest = typeof CheckRequest.Type

/** How far work over the projections is. */
export const JobState = listed(
  "JobState",
  "How far work over the projections is. `interrupted`: the server ended before it did; `resume` goes on with it.",
  "running",
  "completed",
  "cancelled",
  "failed",
  "interrupted",
)
export type JobState = typeof JobState.Type

const common = {
  jobId: text("Its id."),
  state: field(JobState, "How far it is."),
  threadId: optText("The stream that it is limited to; null: all."),
  streams: int("Streams that are done."),
  events: int("Events that were folded."),
  totalEvents: optInt("Events that there were to fold when it began; null: not known yet."),
  etaMs: optInt("When it will end at its present rate, ms from now; null: not known, or it has ended."),
  startedAt: time("When it began"),
  endedAt: optTime("When it ended", "it runs"),
  problem: field(Schema.NullOr(ProblemDetails), "Why it failed; null unless it has."),
}

/** A comparison of the projections with the log. */
export const VerifyView = shape("VerifyJob", "A comparison of the projections with the log.", {
  ...common,
  report: field(Schema.NullOr(VerifyReport), "What was found; null unless it has completed."),
})
export type VerifyView = typeof VerifyView.Type

/** A rebuild of the projections. */
export const RebuildView = shape("RebuildJob", "A rebuild of the projections.", {
  ...common,
  projection: optText("The table that it is limited to; null: all."),
  report: field(Schema.NullOr(RebuildReport), "What it did; null unless it has completed."),
})
export type RebuildView = typeof RebuildView.Type

/** A check of the invariants. */
export const CheckView = shape("CheckJob", "A check of the invariants of the log and of the rows.", {
  ...common,
  invariants: field(Schema.Array(Schema.String), "Ids of the invariants that it is limited to; empty: all."),
  report: field(Schema.NullOr(CheckReport), "What was found; null unless it has completed."),
})
export type CheckView = typeof CheckView.Type

/** The work of every kind. */
export const ProjectionWork = shape("ProjectionWork", "Work over the projections, of every kind.", {
  verify: field(Schema.NullOr(VerifyView), "The comparison that runs, or the last one; null: there was none."),
  check: field(Schema.NullOr(CheckView), "The check that runs, or the last one; null: there was none."),
  rebuild: field(Schema.NullOr(RebuildView), "The rebuild that runs, or the last one; null: there was none."),
})
export type ProjectionWork = typeof ProjectionWork.Type

const stream = { "text/event-stream": "JobStream" }
const begin = {
  problems: [...bodyCall, "job-running" as const, "thread-not-found" as const],
  bodyOptional: true as const,
  headers: ["Location" as const],
}
const look = { problems: [...databaseCall, "job-not-found" as const], alsoAnswers: stream }
const end = { problems: [...databaseCall, "job-not-found" as const] }

/** Work over the projections. */
export class ProjectionsGroup extends HttpApiGroup.make("projections")
  .add(
    HttpApiEndpoint.get("work", "/v1/projections")
      .addSuccess(ProjectionWork)
      .annotateContext(
        described("The work of every kind that runs, or the last one of it. A kind of which there was none is null.", {
          problems: databaseCall,
        }),
      ),
  )
  .add(
    HttpApiEndpoint.post("verify", "/v1/projections/verify")
      .setPayload(VerifyRequest)
      .addSuccess(VerifyView, accepted)
      .annotateContext(
        described(
          "Begins to compare the log with its digests and the rows with what the log leads to, beside the work of the server. One " +
            "at a time: 409 `job-running` names the one that runs. `Location` leads to its progress and its report.",
          begin,
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("verification", "/v1/projections/verify")
      .addSuccess(VerifyView)
      .annotateContext(
        described(
          "The comparison that runs, or the last one of this run of the server. With `Accept: text/event-stream` its progress " +
            "until it ends.",
          look,
        ),
      ),
  )
  .add(
    HttpApiEndpoint.del("cancelVerification", "/v1/projections/verify")
      .addSuccess(VerifyView)
      .annotateContext(described("Ends the comparison that runs. One that has ended stays as it is.", end)),
  )
  .add(
    HttpApiEndpoint.post("check", "/v1/projections/check")
      .setPayload(CheckRequest)
      .addSuccess(CheckView, accepted)
      .annotateContext(
        described(
          "Begins to check the invariants of the log and of the rows, beside the work of the server; each stream is looked at as of " +
            "one moment. One at a time: 409 `job-running` names the one that runs. `Location` leads to its progress and its report, " +
            "whose violations name the events that broke a rule. An unknown invariant is 400 `invalid-request`.",
          begin,
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("checking", "/v1/projections/check")
      .addSuccess(CheckView)
      .annotateContext(
        described(
          "The check that runs, or the last one of this run of the server. With `Accept: text/event-stream` its progress until it ends.",
          look,
        ),
      ),
  )
  .add(
    HttpApiEndpoint.del("cancelCheck", "/v1/projections/check")
      .addSuccess(CheckView)
      .annotateContext(described("Ends the check that runs. One that has ended stays as it is.", end)),
  )
  .add(
    HttpApiEndpoint.post("rebuild", "/v1/projections/rebuild")
      .setPayload(RebuildRequest)
      .addSuccess(RebuildView, accepted)
      .annotateContext(
        described(
          "Begins to make the rows anew from the log, beside the work of the server: each stream is folded again, and where its rows " +
            "differ they are replaced, all of a stream at once. Nothing is appended and no effect runs. One at a time: 409 " +
            "`job-running` names the one that runs. `Location` leads to its progress and its report.",
          begin,
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("rebuilding", "/v1/projections/rebuild")
      .addSuccess(RebuildView)
      .annotateContext(
        described(
          "The rebuild that runs, or the last one; also one that the end of the server interrupted. With `Accept: " +
            "text/event-stream` its progress until it ends.",
          look,
        ),
      ),
  )
  .add(
    HttpApiEndpoint.del("cancelRebuild", "/v1/projections/rebuild")
      .addSuccess(RebuildView)
      .annotateContext(
        described(
          "Ends the rebuild that runs: streams that are done keep their new rows, `resume` goes on. One that has ended stays as it is.",
          end,
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Projections" })) {}
