/** An attached session: an adapter in any language opens one, pushes its events, and keeps it alive. */
import { Schema } from "effect"
import { field, int, optional, optTime, shape, text } from "../fields.js"
import { ThreadId } from "../Ids.js"
import { Session } from "./Session.js"

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
  "The session that an adapter opens. Exactly one of `threadId` and `nativeThreadId` names the thread.",
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
