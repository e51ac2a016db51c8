/** Accounts, tools, notices, and what we could not map. */
import { Schema } from "effect"
import { Json, maybe } from "./Common.js"

/** `account.updated`, `account.rate-limits.updated`, `mcp.status.updated`: the provider's words, for display. */
export const ProviderData = Schema.Struct({
  /** What the provider sent, in its words. */
  data: maybe(Json),
})
/** `model.rerouted`: another model answers than the one asked for. */
export const ModelRerouted = Schema.Struct({
  /** Model that was asked for. */
  from: maybe(Schema.String),
  /** Model that answers. */
  to: maybe(Schema.String),
  /** Why. */
  reason: maybe(Schema.String),
})
/** `config.warning`, `deprecation.notice`, `runtime.warning`. */
export const Notice = Schema.Struct({
  /** One sentence. */
  message: Schema.String,
  /** More of it. */
  details: maybe(Schema.String),
})
/** `runtime.error`: fatal only when `willRetry` is false and it names the running turn. */
export const RuntimeError = Schema.Struct({
  /** One sentence. */
  message: Schema.String,
  /** The provider's kind. */
  code: maybe(Schema.String),
  /** HTTP status of the upstream call. */
  httpStatus: maybe(Schema.Number),
  /** More of it. */
  details: maybe(Schema.String),
  /** True: the provider goes on by itself. */
  willRetry: Schema.Boolean,
  /** True when the whole session is lost, whatever turn it names. */
  fatal: maybe(Schema.Boolean),
})
/** `provider.unmapped`: a message that has no event of its own, kept verbatim in the native table. */
export const ProviderUnmapped = Schema.Struct({
  /** The provider's method or type; for a line that is no message, its kind (`stderr`, `response`, …). */
  method: Schema.String,
  /** True: we know this message and it says nothing to the fold. False: unknown to this version of Threadfold. */
  known: Schema.Boolean,
  /** Why it could not be mapped, for a message that should have been. Of a pushed line: a slug of the problem catalogue. */
  problem: maybe(Schema.String),
  /** Where in the line, for example `payload.delta`. */
  place: maybe(Schema.String),
  /** Of a pushed or recorded line that is no event: its length and SHA-256 (hex). Of a long one only the head is kept. */
  line: maybe(Schema.Struct({ bytes: Schema.Number, sha256: Schema.String })),
  /** Set when a source used one of its numbers twice: where, and which. The native body is the refused line. */
  conflict: maybe(Schema.Struct({ channel: Schema.String, seq: Schema.Number })),
})
