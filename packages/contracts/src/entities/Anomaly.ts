import { AnomalyReason } from "../AnomalyReason.js"
import { field, growing, int, optText, retyped, shape, text } from "../fields.js"
import { truncated } from "./Truncated.js"
import { type RowOf, table } from "./table.js"

/** Every field of an anomaly. */
export const Anomaly = shape(
  "AnomalyRow",
  "Facts that the fold refused to apply in a stream, for one reason and subject.",
  {
    threadId: text("The stream: our id of a thread or a connection."),
    subject: text("What it is about, for example `turn:<id>` or `native-turn:<id>`."),
    reason: field(AnomalyReason, "One of the closed list."),
    count: int("How often it happened."),
    firstSequence: int("Sequence of the first event that it happened with."),
    lastSequence: int("Sequence of the last event that it happened with."),
    detail: optText("One sentence about the last one."),
  },
)

/** Its table. */
export const anomalies = table("anomalies", "What the fold refused to apply, and why.", Anomaly, {
  key: ["threadId", "subject", "reason"],
  derived: ["firstSequence", "lastSequence"],
})
/** A row of `anomalies`. */
export type AnomalyRow = RowOf<typeof anomalies>

/** Anomalies as they are served. */
export const AnomalyView = shape(
  "Anomaly",
  "Facts that the fold refused to apply in a stream, for one reason and subject.",
  {
    ...Anomaly.pick("threadId", "reason", "subject", "count", "firstSequence", "lastSequence", "detail").fields,
    reason: retyped(Anomaly.fields.reason, growing(AnomalyReason)),
    truncated,
  },
)
export type AnomalyView = typeof AnomalyView.Type
