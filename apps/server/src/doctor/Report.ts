/** What `threadfold doctor` finds. */
import { Schema } from "effect"

const nullable = Schema.NullOr

/**
 * - `ok`
 * - `missing`: it is not there, and nothing asks for it.
 * - `problem`: it has to be corrected.
 */
export const Finding = Schema.Literal("ok", "missing", "problem")
export type Finding = typeof Finding.Type

/** One thing that was looked at. */
export const Check = Schema.Struct({
  /** `node`, `database module`, `data directory`, `database` or `configuration`. */
  subject: Schema.String,
  status: Finding,
  /** What was found. */
  detail: Schema.String,
  /** What to do; null: nothing. */
  next: nullable(Schema.String),
})
export type Check = typeof Check.Type

/** One agent: configured, found by its usual name, or known and not there. */
export const AgentCheck = Schema.Struct({
  name: Schema.String,
  /** `codex`, `claude` or `acp`. */
  kind: Schema.String,
  /** True: the configuration names it. */
  configured: Schema.Boolean,
  status: Finding,
  /** The program, or the module of its SDK; null: there is none. */
  path: nullable(Schema.String),
  /** Why it was taken from there, as part of a sentence; null: there is none. */
  why: nullable(Schema.String),
  /** What was found before it and is not run, each with the reason. */
  passedOver: Schema.Array(Schema.Struct({ path: Schema.String, why: Schema.String })),
  /** What it says of its version; null: it says nothing. */
  version: nullable(Schema.String),
  detail: Schema.String,
  next: nullable(Schema.String),
})
export type AgentCheck = typeof AgentCheck.Type

/** What `doctor --json` prints. */
export const DoctorReport = Schema.Struct({
  /** True: nothing has to be corrected. */
  ok: Schema.Boolean,
  /** Version of this program. */
  version: Schema.String,
  checks: Schema.Array(Check),
  agents: Schema.Array(AgentCheck),
})
export type DoctorReport = typeof DoctorReport.Type
