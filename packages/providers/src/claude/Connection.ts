/**
 * One connection as the translator sees it: the process, the session that it speaks for, and the one way by which a fact
 * becomes a numbered event. A process speaks for one thread, whatever session ids it gives it on the way.
 */
import type { EventType, PayloadOf } from "@threadfold/contracts"
import { makeCoalescer } from "../stream/Coalescer.js"
import { type Fact, fact } from "../stream/Fact.js"
import { makeOrigin, type Origin, type WireChannel } from "../stream/Origin.js"
import type { Emitted } from "../Translator.js"
import type { Source } from "../wire/Source.js"
import { configured } from "./notices.js"
import { makeSession, nativeOf, type SentMessage, type Session } from "./Session.js"

/** What is known of the process. */
export interface Process {
  readonly pid?: number
  readonly command?: readonly string[]
  /** The thread that it was started for, where its starter said so; else the first session id that it names. */
  readonly threadId?: string | undefined
  /** The provider's session id that it was started with, where it is not the thread's. */
  readonly nativeSessionId?: string | undefined
  /** True: it took up an existing thread again. */
  readonly resumed?: boolean
  readonly cwd?: string | undefined
  readonly model?: string | undefined
}

export type Ending = PayloadOf<"connection.closed"> & { readonly message?: string | undefined }

const provider = "claude"

/** What is known because the client said it; all else is the agent's word. */
const clientTypes: ReadonlySet<EventType> = new Set<EventType>([
  "turn.requested",
  "turn.interrupt-requested",
  "turn.start-failed",
  "request.answered",
])

export const makeConnection = (mode: "managed" | "attached" | "imported") => {
  const origin = makeOrigin({ kind: "connection" })
  const counts = new Map<string, number>()
  let emitted: Emitted[] = []
  const coalescer = makeCoalescer((event) => emitted.push(event))
  let state: "unseen" | "open" | "closed" = "unseen"
  let process: Process = {}
  let session: Session | null = null
  /** Messages that were sent before the session was known. */
  let early: SentMessage[] = []

  const put = (source: Source, where: Origin, what: Fact, channel: WireChannel): void =>
    coalescer.push({ origin: where, channel, fact: what, at: source.at, raw: source.takeRaw() })

  /** Records a fact of the session, or of the connection where there is none. */
  const record = (source: Source, what: Fact, channel?: WireChannel): void =>
    put(source, session?.origin ?? origin, what, channel ?? (clientTypes.has(what.type) ? "client" : "agent"))

  const open = (source: Source, seen: Process = process): void => {
    state = "open"
    process = seen
    const { command, pid } = seen
    put(source, origin, fact("connection.opened", { provider, mode, pid, command }), "agent")
  }

  return {
    record,
    open,
    session: (): Session | null => session,
    isOpen: () => state === "open",
    wasSeen: () => state !== "unseen",

    /** A message was sent before the session was known. */
    sentEarly: (message: SentMessage): void => {
      early.push(message)
    },

    /** The open session, opened first where there is none; null where nobody has said of which thread. */
    ensureSession: (source: Source, sessionId: string | undefined): Session | null => {
      if (session !== null) return session
      const threadId = process.threadId ?? sessionId
      if (threadId === undefined) return null
      const count = (counts.get(threadId) ?? 0) + 1
      counts.set(threadId, count)
      const native = process.nativeSessionId ?? threadId
      session = makeSession(threadId, count, native)
      session.waiting = early
      early = []
      const { cwd, model } = process
      const ids = nativeOf(session, undefined)
      const resumed = process.resumed ?? (count > 1 ? true : undefined)
      const nativeSessionId = native === threadId ? undefined : native
      record(source, fact("session.started", { provider, mode, nativeSessionId, resumed, usageMode: "per-turn" }, ids))
      record(source, fact("thread.started", { provider, cwd, model }, ids))
      for (const next of configured(session, { cwd, model })) record(source, next)
      return session
    },

    /** The one way in which a connection ends: the open session, then the connection itself. */
    close: (source: Source, ending: Ending): void => {
      coalescer.release(() => true)
      if (session !== null) {
        const reason = ending.reason === "stopped" ? "exit" : ending.reason
        record(source, fact("session.exited", { ...ending, reason }, nativeOf(session, undefined)))
      }
      session = null
      early = []
      put(source, origin, fact("connection.closed", { ...ending }), "agent")
      state = "closed"
    },

    release: coalescer.release,
    nextDeadline: coalescer.nextDeadline,

    /** The events that are complete, in order; taken once. */
    take: (): readonly Emitted[] => {
      const taken = emitted
      emitted = []
      return taken
    },
  }
}

export type Connection = ReturnType<typeof makeConnection>
