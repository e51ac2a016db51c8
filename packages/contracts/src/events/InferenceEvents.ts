/** Inference attempts: single streams of a model's response. A retry is an attempt of its own. */
import { Schema } from "effect"
import { int, maybe, shape, text } from "../fields.js"
import { Json, TokenCounts } from "./Common.js"

/** A span of time in whole milliseconds, at most 7 days: no call of a model takes longer. */
const ShortSpan = Schema.Number.pipe(Schema.int(), Schema.between(0, 7 * 86_400_000))

/** `inference.started` */
export const InferenceStarted = shape("InferenceStarted", "An opening event.", {
  model: maybe(Schema.String, "Model that was asked for."),
  provider: maybe(Schema.String, "Model provider."),
})
/** What an item was that is kept in part. */
export const ItemTruncation = shape("ItemTruncation", "What an output item was that is kept in part.", {
  bytes: int("Bytes of the item as the stream brought it."),
  sha256: text("SHA-256 of these bytes, in hexadecimal."),
})
export type ItemTruncation = typeof ItemTruncation.Type
/** `inference.item` */
export const InferenceItem = shape(
  "InferenceItem",
  "One complete output item. The key makes a repeated delivery harmless.",
  {
    key: text("Unique inside the attempt: the item's native id, or its place as `#0`, `#1`, …"),
    item: maybe(Json, "The item in the provider's words."),
    truncated: maybe(ItemTruncation, "The item was too long: `item` holds its beginning. Absent: it is whole."),
  },
)
/** What any terminal may add. Evidence only ever fills what is empty (rule 7). */
const evidence = {
  responseId: maybe(Schema.String, "The provider's response id."),
  upstreamRequestId: maybe(Schema.String, "Request id of the upstream HTTP call: what a support desk asks for."),
  usage: maybe(TokenCounts, "Tokens of this attempt."),
  firstByteMs: maybe(ShortSpan, "From the start of the call to the first byte of its answer, ms."),
  untraced: maybe(Schema.Boolean, "True: a part of the attempt could not be recorded, so items may be missing."),
  items: maybe(Schema.Array(InferenceItem), "Complete items that were not sent one by one."),
}
/** `inference.completed` */
export const InferenceCompleted = shape("InferenceCompleted", "The stream ended as it should.", evidence)
/** `inference.failed` */
export const InferenceFailed = shape("InferenceFailed", "An upstream error, or the stream was cut off.", {
  ...evidence,
  error: maybe(Schema.String, "What went wrong."),
})
/** `inference.cancelled` */
export const InferenceCancelled = shape("InferenceCancelled", "The consumer went away, or it was stopped.", {
  ...evidence,
  reason: maybe(Schema.String, "Why."),
})
