/** The events that open and end an attached session. Their ids derive from the session's, so that a retry adds nothing. */
import type { AttachRequest } from "@threadfold/contracts/api"
import { mintId } from "@threadfold/core"
import { type Destination, type Member, sha256, threadKey } from "@threadfold/engine"

/** The time in a UUIDv7, ms since the epoch. */
const timeOf = (uuid: string): number => Number.parseInt(uuid.replaceAll("-", "").slice(0, 12), 16)

/** Id of the event of this type that a session has at most once. */
export const sessionEventId = (sessionId: string, type: string): string =>
  mintId(sha256, timeOf(sessionId), `${sessionId}|${type}`)

/** The content of a registration as one text: what a repeated one is compared with. */
export const contentOf = (body: AttachRequest): string =>
  JSON.stringify({
    provider: body.provider,
    threadId: body.threadId ?? null,
    nativeThreadId: body.nativeThreadId ?? null,
    leaseMs: body.leaseMs,
    title: body.title ?? null,
    cwd: body.cwd ?? null,
  })

/** Key of the thread that a provider's thread id stands for. */
export const attachedKey = (provider: string, nativeThreadId: string): string =>
  threadKey(`attached:${provider}`, nativeThreadId)

/** The stream that a registration names; for a provider's thread id a proposal under its key. */
export const destinationOf = (sessionId: string, body: AttachRequest): Destination | null => {
  if (body.threadId !== undefined) return { streamId: body.threadId }
  if (body.nativeThreadId === undefined) return null
  const key = attachedKey(body.provider, body.nativeThreadId)
  return { streamId: mintId(sha256, timeOf(sessionId), `${sessionId}|${key}`), key }
}

/** An event of ours about a session: it carries no number, its id makes it unique. */
export const sessionEvent = (
  to: Destination,
  sessionId: string,
  actor: Member["actor"],
  at: number,
  type: string,
  payload: object,
): Member => ({
  to,
  sessionId,
  actor,
  event: { type, channel: null, seq: null, at, payload, eventId: sessionEventId(sessionId, type) },
})

/** What a registration appends. The registration itself is kept as the native message of its `session.started`. */
export const registrationMembers = (
  sessionId: string,
  body: AttachRequest,
  to: Destination,
  newThread: boolean,
  at: number,
): readonly Member[] => {
  const native = body.nativeThreadId === undefined ? null : { threadId: body.nativeThreadId }
  const about = (type: string, payload: object) => sessionEvent(to, sessionId, "client", at, type, payload)
  const started = about("session.started", { provider: body.provider, mode: "attached", leaseMs: body.leaseMs })
  const created = about("thread.created", {
    provider: body.provider,
    title: body.title ?? null,
    cwd: body.cwd ?? null,
  })
  return [
    // The thread is there before its session: an event of its own, that no session says.
    ...(newThread ? [{ ...created, sessionId: null, event: { ...created.event, native } }] : []),
    { ...started, event: { ...started.event, native, raw: contentOf(body) } },
    ...(body.cwd === undefined ? [] : [about("session.configured", { cwd: body.cwd })]),
    ...(newThread || body.title === undefined ? [] : [about("thread.metadata.updated", { title: body.title })]),
  ]
}
