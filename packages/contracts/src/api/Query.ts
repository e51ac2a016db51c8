/** Query parameters that many routes share. */
import { Schema } from "effect"

/** `true` or `false`, also `1` or `0`. */
export const Flag = Schema.transform(Schema.Literal("true", "false", "1", "0"), Schema.Boolean, {
  strict: true,
  decode: (text) => text === "true" || text === "1",
  encode: (value): "true" | "false" => (value ? "true" : "false"),
}).annotations({ jsonSchema: { type: "string", enum: ["true", "false", "1", "0"] } })

/** How many entries a page holds at most: 1 to 500, 50 unless told. */
export const Limit = Schema.NumberFromString.pipe(
  Schema.int({ message: () => "limit must be a whole number from 1 to 500" }),
  Schema.between(1, 500, { message: () => "limit must be a whole number from 1 to 500" }),
  Schema.annotations({
    description: "Entries at most, 1 to 500; 50 unless told.",
    jsonSchema: { type: "integer", minimum: 1, maximum: 500, default: 50 },
  }),
)

/** A sequence of the log. */
export const SequenceParam = Schema.NumberFromString.pipe(
  Schema.int({ message: () => "expected a sequence of the log" }),
  Schema.nonNegative({ message: () => "expected a sequence of the log" }),
  Schema.annotations({ description: "A sequence of the log.", jsonSchema: { type: "integer", minimum: 0 } }),
)

/** Longest `wait`, seconds. */
export const maxWaitSeconds = 60

const waitMessage = () => `wait must be a number of seconds from 0 to ${maxWaitSeconds}`

/** For how long a read may wait, in seconds. */
export const WaitSeconds = Schema.NumberFromString.pipe(
  Schema.between(0, maxWaitSeconds, { message: waitMessage }),
  Schema.annotations({
    description: "Wait up to so many seconds, 60 at most, for the end.",
    jsonSchema: { type: "number", minimum: 0, maximum: maxWaitSeconds },
  }),
)

/** Event types, separated by commas. */
export const TypeList = Schema.String.annotations({
  description: "Only these event types, separated by commas.",
})

/** What every read takes. */
export const readParams = {
  /** Wait up to 5 s until the log has reached this sequence; then `range-not-reached`. */
  "min-sequence": Schema.optional(
    SequenceParam.annotations({
      description: "Wait up to 5 s until the log has reached this sequence, else the problem range-not-reached.",
      jsonSchema: { type: "integer", minimum: 0 },
    }),
  ),
} as const

/** Whether turns that were taken back are listed. */
export const rewoundParam = {
  /** `false`: without turns that were taken back; `true`: those alone. */
  rewound: Schema.optional(
    Flag.annotations({
      description: "false: without turns that were taken back; true: those alone. Absent: all, marked `rewound`.",
    }),
  ),
} as const

/** What every list takes. */
export const pageParams = {
  ...readParams,
  limit: Schema.optional(Limit),
  /** `next` or `previous` of an earlier page of the same list. */
  cursor: Schema.optional(
    Schema.String.annotations({ description: "`next` or `previous` of an earlier page of the same list, unchanged." }),
  ),
  /** `desc`: newest first. */
  order: Schema.optional(Schema.Literal("asc", "desc").annotations({ description: "desc: newest first." })),
} as const
