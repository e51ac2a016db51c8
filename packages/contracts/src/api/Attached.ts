/** Attached sessions: an adapter in any language opens one, pushes its events, and keeps it alive. */
import { Schema } from "effect"
import { Session } from "../entities/Session.js"
import { field, int, listed, optional, optTime, shape, text, Whole } from "../fields.js"
import { ThreadId } from "../Ids.js"

/** Shortest and longest lease, in milliseconds. */
export const leaseRange = { min: 1_000, max: 86_400_000 } as const

const common = {
  provider: field(
    Schema.String.pipe(Schema.minLength(1), Schema.maxLength(64)),
    "Provider kind: `codex`, `claude`, `acp`, or the adapter's own name.",
  ),
  leaseMs: field(
    Schema.Number.pipe(Schema.int(), Schema.between(leaseRange.min, leaseRange.max)),
    "The session ends with `session.lease-lapsed` when nothing comes for so long, ms.",
  ),
  title: optional(Schema.String.pipe(Schema.maxLength(1_000)), "Display name of the thread."),
  cwd: optional(Schema.String.pipe(Schema.maxLength(4_096)), "Working directory."),
} as const

/** Body of `PUT /v1/sessions/{sessionId}`. */
export const AttachRequest = shape(
  "AttachRequest",
  "What an adapter says of the session that it opens. Exactly one of `threadId` and `nativeThreadId` names the thread.",
  {
    ...common,
    threadId: optional(ThreadId, "Our id of the thread; one that does not exist is created."),
    nativeThreadId: optional(
      Schema.String.pipe(Schema.minLength(1), Schema.maxLength(512)),
      "The provider's id of the thread; the same one always leads to the same thread of this provider.",
    ),
  },
).pipe(
  Schema.filter((body) =>
    (body.threadId === undefined) !== (body.nativeThreadId === undefined)
      ? undefined
      : "name the thread by exactly one of threadId and nativeThreadId",
  ),
)
export type AttachRequest = typeof AttachRequest.Type

/** An attached session as its adapter sees it. */
export const AttachedSession = shape("AttachedSession", "An attached session as its adapter sees it.", {
  ...Session.pick("sessionId", "threadId").fields,
  provider: text("Provider kind, as the adapter named it."),
  ...Session.pick("epoch", "status", "cause").fields,
  leaseMs: int("It ends when nothing comes for so long, in ms."),
  leaseExpiresAt: optTime("When it ends unless something comes before, by our clock", "it has ended"),
  sequence: int("Sequence of the log that this is true for."),
})
export type AttachedSession = typeof AttachedSession.Type

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
