/** Routes of the log and of what was found in it, and whether the service works. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { AnomalyReason } from "../AnomalyReason.js"
import { AnomalyView } from "../entities/Anomaly.js"
import { field, optional } from "../fields.js"
import { Stats } from "../StatsReports.js"
import { described, eventRead, read, resourceRead } from "./operation.js"
import { databaseCall, listCall, memoryCall, openCall, readCall } from "./problemSets.js"
import { eventParams, Flag, nativeParam, pageParams, readParams, SequenceParam } from "./Query.js"
import { EventDetail, EventPage, Health, InvariantList, pageOf, Readiness } from "./Shapes.js"

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
            "`event: reset` with the snapshot's path and continues from now. A comment line `head=<sequence>` comes every " +
            "15 s. A reader that is too slow gets `event: overflow` and is disconnected: resume.",
          eventRead(listCall),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("event", "/v1/events/:sequence")
      .setPath(Schema.Struct({ sequence: field(SequenceParam, "A sequence of the log.") }))
      .setUrlParams(Schema.Struct({ ...readParams, ...nativeParam }))
      .addSuccess(EventDetail)
      .annotateContext(
        described(
          "One event; with `native=1` also the provider's message, verbatim.",
          resourceRead([...readCall, "event-not-found"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("anomalies", "/v1/anomalies")
      .setUrlParams(
        Schema.Struct({
          ...pageParams,
          threadId: optional(Schema.String, "Only those of this stream: our id of a thread or a connection."),
          reason: optional(AnomalyReason, "Only those for this reason."),
          subject: optional(Schema.String, "Only those about this subject, for example `turn:<id>`."),
        }),
      )
      .addSuccess(pageOf(AnomalyView))
      .annotateContext(described("What the fold refused to apply, and why, latest first.", read(listCall))),
  )
  .add(
    HttpApiEndpoint.get("stats", "/v1/stats")
      .setUrlParams(
        Schema.Struct({
          ...readParams,
          byType: optional(Flag, "`true`: with a count by event type, which reads the log."),
          types: optional(
            Flag,
            "`true`: with sizes by event type, and rates. Like the three below it walks through the log.",
          ),
          threads: optional(Flag, "`true`: with the largest threads."),
          gaps: optional(Flag, "`true`: with numbers that are missing, and what came twice."),
          skew: optional(Flag, "`true`: with differences between the clocks of sources and ours."),
        }),
      )
      .addSuccess(Stats)
      .annotateContext(described("Figures about the database.", read(readCall))),
  )
  .add(
    HttpApiEndpoint.get("invariants", "/v1/invariants")
      .addSuccess(InvariantList)
      .annotateContext(
        described("The rules that every log, every row and every step of the fold keeps.", { problems: memoryCall }),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Log" })) {}

const MetricsText = HttpApiSchema.Text({ contentType: "text/plain; version=0.0.4" }).annotations({
  identifier: "MetricsText",
  title: "Metrics",
  description: "Figures in the Prometheus text format.",
})

/** Whether the service works. */
export class HealthGroup extends HttpApiGroup.make("health", { topLevel: true })
  .add(
    HttpApiEndpoint.get("livez", "/livez")
      .addSuccess(Health)
      .annotateContext(described("The process answers. Needs no token.", { problems: openCall })),
  )
  .add(
    HttpApiEndpoint.get("readyz", "/readyz")
      .addSuccess(Readiness)
      .annotateContext(described("The database answers.", read([...databaseCall, "disk-full"]))),
  )
  .add(
    HttpApiEndpoint.get("metrics", "/metrics")
      .addSuccess(MetricsText)
      .annotateContext(described("Figures in the Prometheus text format.", { problems: memoryCall })),
  )
  .annotateContext(OpenApi.annotations({ title: "Health" })) {}
