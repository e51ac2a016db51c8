/**
 * One connection as the translator sees it: the process, the session that it speaks for, and the one way by which a fact
 * becomes a numbered event. A process speaks for one thread, whatever session ids it gives it on the way.
 */
import type { EventType } from "@threadfold/contracts"
import {
  type Process as BareProcess,
  type Ending,
  makeConnectionBase,
  sessionEnding,
} from "../../runtime/ConnectionBase.js"
import { draftOf, type Source } from "../../runtime/Draft.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import type { WireChannel } from "../../runtime/Origin.js"
import type { TranslatorOptions } from "../../Translator.js"
import { makeSession, nativeOf, type SentMessage, type Session } from "./ClaudeSession.js"
import { configured } from "./claudeNotices.js"
import type { ModelTotals } from "./claudeUsage.js"

/** What is known of the process. */
export interface Process extends BareProcess {
  /** The thread that it was started for, where its starter said so; else the first session id that it names. */
  readonly threadId?: string | undefined
  /** The provider's session id that it was started with, where it is not the thread's. */
  readonly nativeSessionId?: string | undefined
  /** True: it took up an existing thread again. */
  readonly resumed?: boolean | undefined
  readonly cwd?: string | undefined
  readonly model?: string | undefined
}

const provider = "claude"

/** What is known because the client said it; all else is the agent's word. */
const clientTypes: ReadonlySet<EventType> = new Set<EventType>([
  "turn.requested",
  "turn.interrupt-requested",
  "turn.start-failed",
  "request.answered",
])

export const makeConnection = (options: TranslatorOptions) => {
  const { mode } = options
  const base = makeConnectionBase<Process>(provider, options)
  const counts = new Map<string, number>()
  const totals = new Map<string, ModelTotals>()
  let session: Session | null = null
  /** Messages that were sent before the session was known. */
  let early: SentMessage[] = []

  /** Records a fact of the session, or of the connection where there is none. */
  const record = (source: Source, what: Fact, channel?: WireChannel): void => {
    const said = channel ?? (clientTypes.has(what.type) ? "client" : "agent")
    base.push(draftOf(source, session?.origin ?? base.origin, what, said))
  }

  return {
    ...base,
    record,
    session: (): Session | null => session,

    /** A message was sent before the session was known. */
    sentEarly: (message: SentMessage): void => {
      early.push(message)
    },

    /** The open session, opened first where there is none; null where nobody has said of which thread. */
    ensureSession: (source: Source, sessionId: string | undefined): Session | null => {
      if (session !== null) return session
      const process = base.process()
      const threadId = process?.threadId ?? sessionId
      if (threadId === undefined) return null
      const count = (counts.get(threadId) ?? 0) + 1
      counts.set(threadId, count)
      const native = process?.nativeSessionId ?? threadId
      const { cwd, model, resumed = count > 1 ? true : undefined } = process ?? {}
      // Of a conversation that is taken up again, what it used before is known only where it was heard.
      const total = totals.get(threadId) ?? { counted: resumed === true ? undefined : {} }
      totals.set(threadId, total)
      session = makeSession(threadId, count, native, total)
      session.waiting = early
      early = []
      const ids = nativeOf(session, undefined)
      const nativeSessionId = native === threadId ? undefined : native
      record(source, fact("session.started", { provider, mode, nativeSessionId, resumed, usageMode: "per-turn" }, ids))
      record(source, fact("thread.started", { provider, cwd, model }, ids))
      for (const next of configured(session, { cwd, model })) record(source, next)
      return session
    },

    /** The one way in which a connection ends: the open session, then the connection itself. */
    close: (source: Source, ending: Ending): void => {
      base.release(() => true)
      if (session !== null) {
        record(source, fact("session.exited", sessionEnding(ending), nativeOf(session, undefined)))
      }
      session = null
      early = []
      base.closed(source, ending)
    },
  }
}

export type Connection = ReturnType<typeof makeConnection>
