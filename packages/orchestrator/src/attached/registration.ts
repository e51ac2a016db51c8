/** The commands that open and end an attached session, and the event of a lease that ran out. */
import { type AttachRequest, type AttachSession, SessionId, type SessionRow, ThreadId } from "@threadfold/contracts"
import { mintId } from "@threadfold/core"
import { type CommandSubmission, type Destination, type EventDraft, sha256, threadKey } from "@threadfold/engine"
import { v7 } from "uuid"

/** The time in a UUIDv7, ms since the epoch. */
const timeOf = (uuid: string): number => Number.parseInt(uuid.replaceAll("-", "").slice(0, 12), 16)

/** Key of the log's small value that holds the content of a registration: what a repeated one is compared with. */
export const contentKey = (sessionId: string): string => `attached|${sessionId}`

/** The content of a registration as one text. */
export const contentOf = (body: AttachRequest): string =>
  JSON.stringify({
    provider: body.provider,
    threadId: body.threadId ?? null,
    nativeThreadId: body.nativeThreadId ?? null,
    leaseMs: body.leaseMs,
    title: body.title ?? null,
    cwd: body.cwd ?? null,
  })

/** The stream that a registration names; for a provider's thread id a proposal under its key. Null: it names none. */
const destinationOf = (sessionId: string, body: AttachRequest): Destination | null => {
  if (body.threadId !== undefined) return { streamId: body.threadId }
  if (body.nativeThreadId === undefined) return null
  const key = threadKey(`attached:${body.provider}`, body.nativeThreadId)
  return { streamId: mintId(sha256, timeOf(sessionId), `${sessionId}|${key}`), key }
}

/** The command that a registration is; null: it names no thread. @param at our clock, ms since the epoch */
export const attachCommand = (sessionId: SessionId, body: AttachRequest, at: number): CommandSubmission | null => {
  const to = destinationOf(sessionId, body)
  if (to === null) return null
  const command: typeof AttachSession.Type = {
    type: "session.attach",
    threadId: ThreadId.make(to.streamId),
    sessionId,
    provider: body.provider,
    leaseMs: body.leaseMs,
    nativeThreadId: body.nativeThreadId,
    title: body.title,
    cwd: body.cwd,
  }
  return { commandId: v7({ msecs: at }), to, command, at }
}

/** The command that ends it. */
export const detachCommand = (sessionId: string, threadId: string, at: number): CommandSubmission => ({
  commandId: v7({ msecs: at }),
  to: { streamId: threadId },
  command: { type: "session.detach", threadId: ThreadId.make(threadId), sessionId: SessionId.make(sessionId) },
  at,
})

/** The end of a session that sent nothing for its lease. Its id derives from the session's: it is stored once. */
export const leaseLapsed = (
  { sessionId, threadId }: Pick<SessionRow, "sessionId" | "threadId">,
  at: number,
  leaseMs: number,
): EventDraft => ({
  to: { streamId: threadId },
  sessionId,
  actor: "orchestrator",
  event: {
    type: "session.lease-lapsed",
    channel: null,
    seq: null,
    at,
    payload: { leaseMs },
    eventId: mintId(sha256, timeOf(sessionId), `${sessionId}|session.lease-lapsed`),
  },
})
