/**
 * The translator's state of one connection: the process and its open session. Every fact goes through `record`. A process
 * serves one thread, even if it changes its session id on the way.
 */
import type { EventType } from "@threadfold/contracts"
import {
  type Process as BareProcess,
  type Ending,
  makeConnectionBase,
  sessionEnding,
} from "../../runtime/ConnectionBase.js"
import type { WireChannel } from "../../runtime/Draft.js"
import { draftOf, type Source } from "../../runtime/Draft.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import type { TranslatorOptions } from "../../Translator.js"
import { makeSession, nativeOf, type SentMessage, type Session } from "./ClaudeSession.js"
import { configured } from "./claudeNotices.js"
import type { ModelTotals } from "./claudeUsage.js"

/** What is known of the process. */
export interface Process extends BareProcess {
  /** The thread that it was started for, where the spawn line has it. Else the first session id of its messages is used. */
  readonly threadId?: string | undefined
  /** The provider's session id that it was started with, where it differs from the thread's id. */
  readonly nativeSessionId?: string | undefined
  /** True: it resumed an existing thread. */
  readonly resumed?: boolean | undefined
  /** Our id of the first turn that its start took back. */
  readonly rewoundFrom?: string | undefined
  readonly cwd?: string | undefined
  readonly model?: string | undefined
}

const provider = "claude"

/** Events that come from the client's lines. All others come from the agent. */
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

    /** Keeps a message that was sent before the session was known. */
    sentEarly: (message: SentMessage): void => {
      early.push(message)
    },

    /** The open session, opened first where there is none. Null: its thread is not known yet. */
    ensureSession: (source: Source, sessionId: string | undefined): Session | null => {
      if (session !== null) return session
      const process = base.process()
      const threadId = process?.threadId ?? sessionId
      if (threadId === undefined) return null
      const count = (counts.get(threadId) ?? 0) + 1
      counts.set(threadId, count)
      const native = process?.nativeSessionId ?? threadId
      const { cwd, model, resumed = count > 1 ? true : undefined } = process ?? {}
      // The earlier usage of a resumed conversation is known only if this connection has seen it.
      const total = totals.get(threadId) ?? { counted: resumed === true ? undefined : {} }
      totals.set(threadId, total)
      session = makeSession(threadId, count, native, total)
      session.waiting = early
      early = []
      const ids = nativeOf(session, undefined)
      const nativeSessionId = native === threadId ? undefined : native
      record(source, fact("session.started", { provider, mode, nativeSessionId, resumed, usageMode: "per-turn" }, ids))
      record(source, fact("thread.started", { provider, cwd, model }, ids))
      const from = count === 1 ? process?.rewoundFrom : undefined
      if (from !== undefined) record(source, fact("thread.rewound", { firstTurnId: from }, ids))
      for (const next of configured(session, { cwd, model })) record(source, next)
      return session
    },

    /** Ends the open session, then the connection. A connection ends in no other way. */
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
