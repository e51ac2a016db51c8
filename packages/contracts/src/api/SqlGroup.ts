/** The route that runs a statement over the views. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { field, growing, int, listed, optional, shape, text } from "../fields.js"
import { described, read } from "./operation.js"
import { databaseCall } from "./problemSets.js"

const bounded = (least: number, most: number) =>
  Schema.Number.pipe(
    Schema.int({ message: () => "expected a whole number" }),
    Schema.between(least, most, { message: () => `expected ${least} to ${most}` }),
    Schema.annotations({ jsonSchema: { type: "integer", minimum: least, maximum: most } }),
  )

/** Limits of a statement: those that hold unless it names others, and the widest. */
export const sqlLimits = {
  rows: { usual: 1_000, most: 100_000 },
  bytes: { usual: 4 * 1024 * 1024, most: 32 * 1024 * 1024 },
  timeoutMs: { usual: 5_000, most: 60_000 },
} as const

/** One statement, its values and its limits. */
export const SqlBody = shape("SqlBody", "One statement that reads views, its values and its limits.", {
  sql: text("The statement: it begins with SELECT, WITH or VALUES, and reads views (`v_threads`, `v_turns`, …)."),
  params: optional(
    Schema.Array(Schema.Union(Schema.String, Schema.Number, Schema.Null)),
    "Values of its `?`, in their order.",
  ),
  rows: optional(bounded(1, sqlLimits.rows.most), "Rows at most; 1,000 by default."),
  bytes: optional(bounded(1_000, sqlLimits.bytes.most), "Bytes of the rows as JSON at most; 4 MiB by default."),
  timeoutMs: optional(bounded(100, sqlLimits.timeoutMs.most), "Time that it may take, ms; 5,000 by default."),
})
export type SqlBody = typeof SqlBody.Type

/** What a statement has read. */
export const SqlRows = shape("SqlRows", "What a statement has read.", {
  sequence: int("Sequence of the log that this is true for."),
  columns: field(Schema.Array(Schema.String), "Names of the columns, as the statement gives them."),
  rows: field(Schema.Array(Schema.Array(Schema.Unknown)), "The rows; bytes are base64."),
  cut: field(
    Schema.NullOr(growing(listed("SqlCut", "What ended the rows of a statement before their end.", "rows", "bytes"))),
    "Which limit ended the rows before their end; null: they are complete.",
  ),
})
export type SqlRows = typeof SqlRows.Type

/** Statements. */
export class SqlGroup extends HttpApiGroup.make("sql")
  .add(
    HttpApiEndpoint.post("run", "/v1/sql")
      .setPayload(SqlBody)
      .addSuccess(SqlRows)
      .annotateContext(
        described(
          "Runs one statement that reads the documented views, in a process of its own that is ended at its limits of time and memory. Only where the server was started with `--sql`. `SELECT * FROM v_views` says what the views hold.",
          read([...databaseCall, "sql-off", "sql-refused", "sql-limit", "unsupported-media-type", "payload-too-large"]),
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "SQL" })) {}
