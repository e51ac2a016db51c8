/** What the readers of events share: turns, attempts and open items of the threads of a trace. */
import type { NativeRef } from "@threadfold/contracts"
import type { Source } from "../../runtime/Draft.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import type { Fate } from "../../Translator.js"
import { type TraceLine, traceId } from "./readTraceLine.js"
import { type Attempt, type OpenItem, Recent, type TraceThread } from "./TraceThread.js"
import type { TraceThreads } from "./TraceThreads.js"
import { itemEnded } from "./traceTools.js"

/** What became of a line, and what it is about. */
export interface Done {
  readonly fate: Fate
  /** Native ids that its bodies are kept under; undefined: it is about no thread. */
  readonly native: NativeRef | undefined
}

export class TraceState {
  readonly attempts = new Recent<Attempt>()
  /** Why a turn failed or was given up, where a breadcrumb says so before the turn's end (version 1). */
  readonly ends = new Recent<{ readonly reason?: string; readonly message?: string; readonly code?: string }>(256)

  constructor(readonly threads: TraceThreads) {}

  /** The thread that a line is about: the one its event names, else its envelope. Undefined: neither names one. */
  threadOf(source: Source, { payload, threadId }: TraceLine): TraceThread | undefined {
    const id = traceId(payload, "thread_id") ?? threadId
    return id === undefined ? undefined : this.threads.of(source, id)
  }

  turnOf({ payload, turnId }: TraceLine): string | undefined {
    return traceId(payload, "codex_turn_id") ?? turnId
  }

  record(source: Source, thread: TraceThread, what: Fact): void {
    this.threads.record(source, thread.origin, what)
  }

  /** A line that is kept verbatim, although its type is known. */
  kept(source: Source, thread: TraceThread | undefined, { type }: TraceLine, problem?: string): Done {
    const fate = this.threads.keep(source, thread, type, true, problem)
    return { fate, native: thread === undefined ? undefined : { threadId: thread.id } }
  }

  /** A turn starts. Codex ends a turn of a thread before it starts the next one, so another one that runs is over. */
  startTurn(source: Source, thread: TraceThread, turnId: string, isSynthetic: boolean): void {
    const { id: threadId, model, running } = thread
    // A turn that has ended does not run again: the fold says so, and what runs goes on.
    if (thread.turns.get(turnId) === "ended") {
      return this.record(source, thread, fact("turn.started", { model }, { threadId, turnId }))
    }
    const supersedes = running !== undefined && running !== turnId
    if (supersedes) thread.turns.set(running, "ended")
    if (supersedes) this.endItems(source, thread, running)
    thread.turns.set(turnId, "started")
    thread.running = turnId
    thread.lastError = undefined
    const started = {
      model,
      supersedes: supersedes ? true : undefined,
      synthetic: isSynthetic ? true : undefined,
    }
    this.record(source, thread, fact("turn.started", started, { threadId, turnId }))
  }

  /** Work that begins in a turn whose start is not in the trace shows that the turn runs. */
  ensureTurn(source: Source, thread: TraceThread, turnId: string | undefined): void {
    if (turnId === undefined || thread.state !== "open" || thread.turns.has(turnId)) return
    this.startTurn(source, thread, turnId, true)
  }

  /** Ends the calls of a turn whose runtime told its end, although the trace does not tell that of the call. The fold ends the others. */
  endItems(source: Source, thread: TraceThread, turnId: string): void {
    for (const item of thread.items.values()) {
      if (item.turnId !== turnId) continue
      const { runtime } = item
      if (runtime !== undefined) this.record(source, thread, itemEnded(thread, item, runtime.status, undefined))
      thread.items.delete(item.itemId)
    }
  }

  /** An item begins. */
  beginItem(source: Source, thread: TraceThread, line: TraceLine, item: OpenItem, began: Fact): Done {
    this.ensureTurn(source, thread, item.turnId)
    if (thread.items.has(item.itemId)) return this.kept(source, thread, line, "it has begun already")
    thread.items.set(item.itemId, item)
    thread.told.set(`${item.turnId ?? ""}|${item.itemId}`, true)
    this.record(source, thread, began)
    return this.about(thread, item)
  }

  about(thread: TraceThread, { itemId, turnId }: Pick<OpenItem, "itemId" | "turnId">): Done {
    return { fate: "mapped", native: { threadId: thread.id, ...(turnId === undefined ? {} : { turnId }), itemId } }
  }
}
