/** Inference attempts: single streams of a model's response. A retry is an attempt of its own. */
import { Schema } from "effect"
import { Json, maybe, TokenCounts } from "./Common.js"

/** `inference.started`: an opening event. */
export const InferenceStarted = Schema.Struct({
  /** Model that was asked for. */
  model: maybe(Schema.String),
  /** Model provider. */
  provider: maybe(Schema.String),
})
/** `inference.item`: one complete output item. The key makes a repeated delivery harmless. */
export const InferenceItem = Schema.Struct({
  /** Unique inside the attempt: the item's native id, or its place as `#0`, `#1`, … */
  key: Schema.String,
  /** The item in the provider's words. */
  item: maybe(Json),
})
/** What any terminal may add. Evidence only ever fills what is empty (rule 7). */
const evidence = {
  /** The provider's response id. */
  responseId: maybe(Schema.String),
  /** Request id of the upstream HTTP call: what a support desk asks for. */
  upstreamRequestId: maybe(Schema.String),
  /** Tokens of this attempt. */
  usage: maybe(TokenCounts),
  /** Complete items that were not sent one by one. */
  items: maybe(Schema.Array(InferenceItem)),
}
/** `inference.completed`: the stream ended as it should. */
export const InferenceCompleted = Schema.Struct(evidence)
/** `inference.failed`: an upstream error, or the stream was cut off. */
export const InferenceFailed = Schema.Struct({
  ...evidence,
  /** What went wrong. */
  error: maybe(Schema.String),
})
/** `inference.cancelled`: the consumer went away, or somebody stopped it. */
export const InferenceCancelled = Schema.Struct({
  ...evidence,
  /** Why. */
  reason: maybe(Schema.String),
})
