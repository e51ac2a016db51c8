/** Attached sessions: an adapter in any language opens one, pushes its events, and keeps it alive. */
import { Schema } from "effect"
import { SessionStatus } from "../events/Session.js"
import { ThreadId } from "../Ids.js"

/** Shortest and longest lease, in milliseconds. */
export const leaseRange = { min: 1_000, max: 86_400_000 } as const

const common = {
  /** Provider kind: `codex`, `claude`, `acp`, or the adapter's own name. */
  provider: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(64)),
  /** The session ends with `session.lease-lapsed` when nothing comes for so long, ms. */
  leaseMs: Schema.Number.pipe(Schema.int(), Schema.between(leaseRange.min, leaseRange.max)),
  /** Display name of the thread. */
  title: Schema.optional(Schema.String.pipe(Schema.maxLength(1_000))),
  /** Working directory. */
  cwd: Schema.optional(Schema.String.pipe(Schema.maxLength(4_096))),
} as const

/** Body of `PUT /v1/sessions/{sessionId}`: exactly one of `threadId` and `nativeThreadId`. */
export const AttachRequest = Schema.Struct({
  ...common,
  /** Our id of the thread; one that does not exist is created. */
  threadId: Schema.optional(ThreadId),
  /** The provider's id of the thread; the same one always leads to the same thread of this provider. */
  nativeThreadId: Schema.optional(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(512))),
}).pipe(
  Schema.filter((body) =>
    (body.threadId === undefined) !== (body.nativeThreadId === undefined)
      ? undefined
      : "name the thread by exactly one of threadId and nativeThreadId",
  ),
)
export type AttachRequest = typeof AttachRequest.Type

/** An attached session as its adapter sees it. */
export const AttachedSession = Schema.Struct({
  sessionId: Schema.String,
  threadId: Schema.String,
  provider: Schema.String,
  epoch: Schema.Number,
  status: SessionStatus,
  /** Why it ended; null while it lives. */
  cause: Schema.NullOr(Schema.String),
  leaseMs: Schema.Number,
  /** When it ends unless something comes before, ms since the epoch by our clock; null once it has ended. */
  leaseExpiresAt: Schema.NullOr(Schema.Number),
  /** Sequence of the log that this is true for. */
  sequence: Schema.Number,
})
export type AttachedSession = typeof AttachedSession.Type

/** What became of one pushed line. */
export const LineStatus = Schema.Literal("appended", "duplicate", "conflict", "invalid", "gap")
export type LineStatus = typeof LineStatus.Type

/** The answer to one line. Blank lines are counted and not answered. */
export const LineResult = Schema.Struct({
  /** Number of the line, or of the entry of the array, from 1. */
  line: Schema.Number,
  /** The number the line gave itself; null where it has none that can be read. */
  seq: Schema.NullOr(Schema.Number),
  /**
   * `appended`: stored; `gap`: stored, and numbers before it are missing; `duplicate`: the log has it already;
   * `conflict`: the number is taken by other content; `invalid`: stored as `provider.unmapped` under its number, or,
   * without a number that can be read or on one channel more than the session may have, not stored.
   */
  status: LineStatus,
  /** Where it stands in the log; absent where it was not stored. */
  sequence: Schema.optional(Schema.Number),
  /**
   * What is wrong with it: a slug of the problem catalogue, which has its text and what to do. Beside `appended` and `gap` it is
   * `unknown-field`: the line was taken, and says something that this version does not know.
   */
  problem: Schema.optional(Schema.String),
  /** Where it is wrong, for example `payload.delta`; absent where it is the line as a whole. */
  place: Schema.optional(Schema.String),
})
export type LineResult = typeof LineResult.Type

/** The answer to `POST /v1/sessions/{sessionId}/events`, given after the commit. */
export const PushResult = Schema.Struct({ results: Schema.Array(LineResult) })
export type PushResult = typeof PushResult.Type
