/** Query parameters that many routes share. */
import { Schema } from "effect"
import { optional } from "../fields.js"

/** `true` or `false`, also `1` or `0`. */
export const Flag = Schema.transform(Schema.Literal("true", "false", "1", "0"), Schema.Boolean, {
  strict: true,
  decode: (text) => text === "true" || text === "1",
  encode: (value): "true" | "false" => (value ? "true" : "false"),
}).annotations({ jsonSchema: { type: "string", enum: ["true", "false", "1", "0"] } })

/**
 * A number that is written in one way only. JavaScript alone would also read `1e3`, `0x10` and ` 5 ` as numbers, which a program in
 * another language would not expect of this one.
 */
export const written = (form: RegExp, message: () => string) =>
  Schema.compose(Schema.String.pipe(Schema.pattern(form, { message })), Schema.NumberFromString)

/** A whole number: digits alone. */
const wholeFromText = (message: () => string) => written(/^[0-9]+$/, message).pipe(Schema.int({ message }))

/** How much a page holds at most, from `least` on; `usual` where it is not said. */
export const limitTo = (most: number, usual: number, least = 1) => {
  const message = () => `limit must be a whole number from ${least} to ${most}`
  return wholeFromText(message).pipe(
    Schema.between(least, most, { message }),
    Schema.annotations({ jsonSchema: { type: "integer", minimum: least, maximum: most, default: usual } }),
  )
}

/** How many entries a page holds at most: 1 to 500, 50 by default. */
export const Limit = limitTo(500, 50)

/** How many turns a page of a trace holds at most: 1 to 50, 20 by default. */
export const traceLimit = optional(limitTo(50, 20), "How many turns at most, 1 to 50. Default: 20.")

/** A whole number from 0 on. */
const fromZero = (what: string) =>
  wholeFromText(() => `expected ${what}, in digits`).pipe(
    Schema.annotations({ jsonSchema: { type: "integer", minimum: 0 } }),
  )

/** A sequence of the log. */
export const SequenceParam = fromZero("a sequence of the log")

/** A version of a thread's stream. */
export const VersionParam = fromZero("a version of the thread")

/** A place in a file, bytes from its beginning. */
export const OffsetParam = fromZero("a number of bytes")

/** A time, ms since the epoch; before it, negative. */
export const TimeParam = written(/^-?[0-9]+$/, () => "expected a time in whole ms since the epoch").pipe(
  Schema.int({ message: () => "expected a time in whole ms since the epoch" }),
  Schema.annotations({ jsonSchema: { type: "integer" } }),
)

/** Longest `wait`, seconds. */
export const maxWaitSeconds = 60

const waitMessage = () => `wait must be a number of seconds from 0 to ${maxWaitSeconds}`

/** For how long a read may wait, in seconds. */
export const WaitSeconds = written(/^[0-9]+([.][0-9]+)?$/, waitMessage).pipe(
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
  limit: optional(
    Limit,
    "Entries at most, 1 to 500; 50 by default. A page ends before it has more than 256 KiB: go on with its cursor.",
  ),
  cursor: optional(Schema.String, "`next` or `previous` of an earlier page of the same list, unchanged."),
  order: optional(Schema.Literal("asc", "desc"), "`desc`: newest first."),
} as const

/** Whether events come with the provider's native message. */
export const nativeParam = {
  native: optional(Flag, "`true`: with the provider's message of each event, verbatim. Pages only."),
} as const

/** Whether a stream has audio, and its bytes. */
const AudioFlag = Schema.Union(Schema.Literal("live"), Flag).annotations({
  jsonSchema: { type: "string", enum: ["true", "false", "1", "0", "live"] },
})

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
  except: optional(Schema.String, "Without these event types, separated by commas."),
  audio: optional(
    AudioFlag,
    "Of a stream: `true`: with `realtime.audio`, which comes by the dozen a second. Else it is left out, unless `types` names it. Pages have it in any case. `live`: the bytes, too, as `audio` (`StreamAudio`), from now on; a reader that is too slow misses the oldest of them.",
  ),
  ...nativeParam,
})
