/** Query parameters that many routes share. */
import { Schema } from "effect"
import { optional } from "../fields.js"

/** `true` or `false`, also `1` or `0`. */
export const Flag = Schema.transform(Schema.Literal("true", "false", "1", "0"), Schema.Boolean, {
  strict: true,
  decode: (text) => text === "true" || text === "1",
  encode: (value): "true" | "false" => (value ? "true" : "false"),
}).annotations({ jsonSchema: { type: "string", enum: ["true", "false", "1", "0"] } })

/** How many entries a page holds at most: 1 to 500, 50 by default. */
export const Limit = Schema.NumberFromString.pipe(
  Schema.int({ message: () => "limit must be a whole number from 1 to 500" }),
  Schema.between(1, 500, { message: () => "limit must be a whole number from 1 to 500" }),
  Schema.annotations({
    jsonSchema: { type: "integer", minimum: 1, maximum: 500, default: 50 },
  }),
)

/** A sequence of the log. */
export const SequenceParam = Schema.NumberFromString.pipe(
  Schema.int({ message: () => "expected a sequence of the log" }),
  Schema.nonNegative({ message: () => "expected a sequence of the log" }),
  Schema.annotations({ jsonSchema: { type: "integer", minimum: 0 } }),
)

/** Longest `wait`, seconds. */
export const maxWaitSeconds = 60

const waitMessage = () => `wait must be a number of seconds from 0 to ${maxWaitSeconds}`

/** For how long a read may wait, in seconds. */
export const WaitSeconds = Schema.NumberFromString.pipe(
  Schema.between(0, maxWaitSeconds, { message: waitMessage }),
  Schema.annotations({
    jsonSchema: { type: "number", minimum: 0, maximum: maxWaitSeconds },
  }),
)

/** Parameters of every read. */
export const readParams = {
  "min-sequence": optional(
    SequenceParam,
    "Wait up to 5 s until the log has reached this sequence, else the problem `range-not-reached`.",
  ),
} as const

/** A read of a thread as it was. */
export const atParam = {
  at: optional(
    SequenceParam,
    "The thread as it was after this sequence of the log; beyond its end the end is meant. Before the thread's first event: the " +
      "problem `before-first-event`. A cursor of such an answer continues at the same sequence.",
  ),
} as const

/** Whether turns that were taken back are listed. */
export const rewoundParam = {
  rewound: optional(
    Flag,
    "`false`: without turns that were taken back; `true`: those alone. Absent: all, marked `rewound`.",
  ),
} as const

/** Parameters of every list. */
export const pageParams = {
  ...readParams,
  limit: optional(Limit, "Entries at most, 1 to 500; 50 by default."),
  cursor: optional(Schema.String, "`next` or `previous` of an earlier page of the same list, unchanged."),
  order: optional(Schema.Literal("asc", "desc"), "`desc`: newest first."),
} as const

/** Whether events come with the provider's native message. */
export const nativeParam = {
  native: optional(Flag, "`true`: with the provider's message of each event, verbatim. Pages only."),
} as const

/** How a page of the log, or a stream of it, is asked for. */
export const eventParams = Schema.Struct({
  ...readParams,
  limit: pageParams.limit,
  cursor: optional(Schema.String, "`next` of an earlier page, unchanged."),
  order: pageParams.order,
  after: optional(
    Schema.String,
    "Events after this place (exclusive): a sequence, or an id of a stream (<logId>.<sequence>).",
  ),
  types: optional(Schema.String, "Only these event types, separated by commas."),
  ...nativeParam,
})
