/** Threads of a trace, their sessions, and the path on which facts become events. */
import { readWireJson } from "@threadfold/contracts"
import { makeConnectionBase } from "../../runtime/ConnectionBase.js"
import { draftOf, makeOrigin, makeSource, type Origin, type Source } from "../../runtime/Draft.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import { type Fields, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import type { Emitted, EndReason, Fate } from "../../Translator.js"
import { traceId } from "./readTraceLine.js"
import { noTotals, Recent, type TraceThread } from "./TraceThread.js"

/** What the body of a `thread_started` says of its thread. */
export interface ThreadTold {
  readonly agentPath: string | undefined
  readonly metadata: Fields | undefined
}

/** The parent of a sub-agent, as its metadata names it. */
const parentOf = (metadata: Fields): string | undefined => {
  const source = hintFields(metadata, "session_source") ?? {}
  const agent = hintFields(source, "subagent") ?? hintFields(source, "sub_agent") ?? {}
  return traceId(metadata, "parent_thread_id") ?? traceId(hintFields(agent, "thread_spawn") ?? {}, "parent_thread_id")
}

/** The object that a body holds; undefined: it is none. */
export const fieldsOf = (text: string | null | undefined): Fields | undefined => {
  const value = text === null || text === undefined ? undefined : readWireJson(text)
  return isFields(value) ? value : undefined
}

export class TraceThreads {
  private readonly base = makeConnectionBase("codex", { mode: "imported" })
  private readonly threads = new Map<string, TraceThread>()

  record(source: Source, origin: Origin, what: Fact): void {
    this.base.push(draftOf(source, origin, what))
  }

  /** Keeps a line verbatim. `problem`: why it could not be applied; it becomes an anomaly of the thread. */
  keep(source: Source, thread: TraceThread | undefined, method: string, known: boolean, problem?: string): Fate {
    const native = thread === undefined ? undefined : { threadId: thread.id }
    this.record(
      source,
      thread?.origin ?? this.base.origin,
      fact("provider.unmapped", { method, known, problem }, native),
    )
    return "kept"
  }

  get connection(): Origin {
    return this.base.origin
  }

  take(): readonly Emitted[] {
    return this.base.take()
  }

  /** Opens the connection, unless a line before has. */
  open(source: Source): void {
    if (!this.base.wasSeen()) this.base.open(source)
  }

  find(id: string | undefined): TraceThread | undefined {
    return id === undefined ? undefined : this.threads.get(id)
  }

  /** The thread where only one is open: breadcrumbs do not name theirs. */
  get onlyOpen(): TraceThread | undefined {
    const open = [...this.threads.values()].filter(({ state }) => state === "open")
    return open.length === 1 ? open[0] : undefined
  }

  /** The thread of that id. The first line that names one opens its session, and the next line after a pause does so again. */
  of(source: Source, id: string): TraceThread {
    const known = this.threads.get(id)
    if (known?.state === "paused") this.resume(source, known)
    if (known !== undefined) return known
    const thread: TraceThread = {
      id,
      origin: this.base.origin,
      sessions: 0,
      state: "open",
      isTold: false,
      running: undefined,
      turns: new Recent(),
      items: new Recent(),
      told: new Recent(),
      accepted: new Recent(),
      hasIds: false,
      inputLength: null,
      totals: noTotals(),
      lastError: undefined,
      model: undefined,
    }
    this.threads.set(id, thread)
    this.openSession(source, thread)
    return thread
  }

  /** A session of the thread, where the trace has told the end of the last one. */
  reopen(source: Source, thread: TraceThread): void {
    if (thread.state !== "ended") return
    thread.running = undefined
    this.openSession(source, thread)
  }

  private openSession(source: Source, thread: TraceThread): void {
    if (!this.base.isOpen()) this.base.open(source)
    thread.sessions += 1
    thread.state = "open"
    thread.totals = noTotals()
    thread.origin = makeOrigin({ kind: "session", nativeThreadId: thread.id, session: thread.sessions })
    const session = {
      provider: "codex",
      mode: "imported",
      resumed: thread.sessions > 1,
      usageMode: "cumulative-session",
    } as const
    this.record(source, thread.origin, fact("session.started", session, { threadId: thread.id }))
  }

  /** The trace has gone on since it ended the last time: so has the turn. */
  private resume(source: Source, thread: TraceThread): void {
    this.openSession(source, thread)
    const { id: threadId, running: turnId } = thread
    if (turnId === undefined) return
    this.record(source, thread.origin, fact("turn.started", { joined: true }, { threadId, turnId }))
  }

  /** What the trace tells of a thread at its start. */
  tell(source: Source, thread: TraceThread, { agentPath, metadata = {} }: ThreadTold): void {
    thread.isTold = true
    thread.model = hintText(metadata, "model") ?? thread.model
    const parent = parentOf(metadata)
    const { id: threadId, model, origin } = thread
    const cwd = hintText(metadata, "cwd")
    const names = [hintText(metadata, "task_name"), hintText(metadata, "nickname"), agentPath]
    const started = {
      provider: "codex",
      title: parent === undefined ? undefined : names.find((name) => name !== undefined && name !== "/root"),
      cwd,
      model,
      parentNativeThreadId: parent === threadId ? undefined : parent,
    }
    this.record(source, origin, fact("thread.started", started, { threadId }))
    const approvalPolicy = hintText(metadata, "approval_policy")
    const configured = { model, cwd, approvalPolicy, sandbox: hintText(metadata, "sandbox_policy") }
    if (Object.values(configured).every((value) => value === undefined)) return
    this.record(source, origin, fact("session.configured", configured, { threadId }))
  }

  endSession(
    source: Source,
    thread: TraceThread,
    reason: "unloaded" | "exit" | "recording-ended",
    message?: string,
  ): void {
    thread.state = reason === "recording-ended" ? "paused" : "ended"
    this.record(source, thread.origin, fact("session.exited", { reason, message }, { threadId: thread.id }))
  }

  /** Ends every session that is open, and the connection. */
  close(at: number, reason: EndReason, of = makeSource(at, at), message?: string): void {
    for (const thread of this.threads.values()) {
      if (thread.state === "open") {
        this.endSession(of, thread, reason === "exit" ? "exit" : "recording-ended", message)
      }
    }
    if (this.base.isOpen()) this.base.closed(of, { reason, message })
  }
}
