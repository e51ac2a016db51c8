/** Accounts, tools, notices, and what we could not map. */
import { Schema } from "effect"
import { flag, int, maybe, shape, text } from "../fields.js"
import { Json } from "./Common.js"

/** `account.updated`, `account.rate-limits.updated`, `mcp.status.updated` */
export const ProviderData = shape("ProviderData", "The provider's words, for display.", {
  data: maybe(Json, "What the provider sent, in its words."),
})
/** `model.rerouted` */
export const ModelRerouted = shape("ModelRerouted", "Another model answers than the one asked for.", {
  from: maybe(Schema.String, "Model that was asked for."),
  to: maybe(Schema.String, "Model that answers."),
  reason: maybe(Schema.String, "Why."),
})
/** `config.warning`, `deprecation.notice`, `runtime.warning` */
export const Notice = shape("Notice", "Something that a person should read.", {
  message: text("One sentence."),
  details: maybe(Schema.String, "More of it."),
})
/** `runtime.error` */
export const RuntimeError = shape(
  "RuntimeError",
  "Fatal only when `willRetry` is false and it names the running turn.",
  {
    message: text("One sentence."),
    code: maybe(Schema.String, "The provider's kind."),
    httpStatus: maybe(Schema.Number, "HTTP status of the upstream call."),
    details: maybe(Schema.String, "More of it."),
    willRetry: flag("True: the provider goes on by itself."),
    fatal: maybe(Schema.Boolean, "True when the whole session is lost, whatever turn it names."),
  },
)
const LineDigest = shape("LineDigest", "What is left of a line that is not kept whole.", {
  bytes: int("Length of the line, bytes."),
  sha256: text("SHA-256 of the line, hex."),
})
const ChannelPlace = shape("ChannelPlace", "A number of a channel.", {
  channel: text("The channel."),
  seq: int("The number, from 1."),
})
/** `provider.unmapped` */
export const ProviderUnmapped = shape(
  "ProviderUnmapped",
  "A message that has no event of its own, kept verbatim in the native table.",
  {
    method: text("The provider's method or type; for a line that is no message, its kind (`stderr`, `response`, …)."),
    known: flag(
      "True: this message is known and does not matter to the fold. False: unknown to this version of Threadfold.",
    ),
    problem: maybe(
      Schema.String,
      "Why it could not be mapped, for a message that should have been. Of a pushed line: a slug of the problem catalogue.",
    ),
    place: maybe(Schema.String, "Where in the line, for example `payload.delta`."),
    line: maybe(
      LineDigest,
      "Of a pushed or recorded line that is no event: its length and SHA-256 (hex). Of a long one only the head is kept.",
    ),
    conflict: maybe(
      ChannelPlace,
      "Set when a source used one of its numbers twice: where, and which. The native body is the refused line.",
    ),
  },
)
