/** The answers to the lines that an adapter pushes. */
import { Schema } from "effect"
import { field, int, listed, optional, shape, Whole } from "../fields.js"

/** What became of one pushed line. */
export const LineStatus = listed(
  "LineStatus",
  "What became of one pushed line.",
  "appended",
  "duplicate",
  "conflict",
  "invalid",
  "gap",
)
export type LineStatus = typeof LineStatus.Type

/** The answer to one line. */
export const LineResult = shape("LineResult", "The answer to one line. Blank lines are counted and not answered.", {
  line: int("Number of the line, or of the entry of the array, from 1."),
  seq: field(Schema.NullOr(Whole), "The number the line gave itself; null where it has none that can be read."),
  status: field(
    LineStatus,
    "`appended`: stored; `gap`: stored, and numbers before it are missing; `duplicate`: the log has it already; `conflict`: the number is taken by other content; `invalid`: stored as `provider.unmapped` under its number, or, without a number that can be read or on one channel more than the session may have, not stored.",
  ),
  sequence: optional(Whole, "Where it stands in the log; absent where it was not stored."),
  problem: optional(
    Schema.String,
    "What is wrong with it: a slug of the problem catalogue, which has its text and what to do. Beside `appended` and `gap` it is `unknown-field`: the line was taken, and says something that this version does not know.",
  ),
  place: optional(
    Schema.String,
    "Where it is wrong, for example `payload.delta`; absent where it is the line as a whole.",
  ),
})
export type LineResult = typeof LineResult.Type

/** The answer to a push, given after the commit. */
export const PushResult = shape("PushResult", "The answer to a push, given after the commit.", {
  results: field(Schema.Array(LineResult), "An answer for each line, in their order."),
})
export type PushResult = typeof PushResult.Type
