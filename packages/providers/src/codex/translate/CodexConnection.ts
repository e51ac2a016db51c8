/**
 * The translator's state of one connection: which sessions are open and which facts are held. Every fact goes through
 * `record`. A fact of a thread that is held waits with that thread; all others go to the coalescer.
 */

import { type Ending, makeConnectionBase, sessionEnding } from "../../runtime/ConnectionBase.js"
import type { WireChannel } from "../../runtime/Draft.js"
import { type Draft, draftOf, type Source } from "../../runtime/Draft.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import type { TranslatorOptions } from "../../Translator.js"
import {
  type CodexThread,
  closeSession,
  forgetCalls,
  makeThread,
  openSession,
  type Session,
  type Target,
} from "./CodexThread.js"
import type { Spawned } from "./readItem.js"

/** A `turn/started` that waits for the answer to a `turn/start` call, and the later facts of its thread. */
interface Hold {
  readonly nativeTurnId: string
  /** Source time at which it is released without the answer. */
  readonly deadline: number
  readonly drafts: Draft[]
}

/** How long the start of a turn waits for the answer to its call, in milliseconds of source time (docs/concepts.md). */
export const holdMs = 2_000

export const makeConnection = (options: TranslatorOptions) => {
  const { mode } = options
  const base = makeConnectionBase("codex", options)
  const target: Target = { origin: base.origin, thread: null }
  const threads = new Map<string, CodexThread>()
  const held = new Map<CodexThread, Hold>()

  /** Records a fact before the held ones: the answer that a hold waits for. */
  const recordNow = (source: Source, where: Target, what: Fact, channel?: WireChannel): void =>
    base.push(draftOf(source, where.origin, what, channel))

  const record = (source: Source, where: Target, what: Fact, channel?: WireChannel): void => {
    const next = draftOf(source, where.origin, what, channel)
    const hold = where.thread === null ? undefined : held.get(where.thread)
    if (hold === undefined) base.push(next)
    else hold.drafts.push(next)
    if (what.type === "session.exited" && where.thread !== null) closeSession(where.thread)
  }

  const thread = (id: string): CodexThread => {
    const known = threads.get(id)
    if (known !== undefined) return known
    const made = makeThread(id)
    threads.set(id, made)
    return made
  }

  const targetOf = (of: CodexThread, session: Session): Target => ({ origin: session.origin, thread: of })

  const letGo = (of: CodexThread): void => {
    const drafts = held.get(of)?.drafts ?? []
    held.delete(of)
    for (const next of drafts) base.push(next)
  }

  /** Releases the facts that are due. A call whose answer is overdue holds nothing any more. */
  const release = (isDue: (deadline: number) => boolean): void => {
    for (const [of, hold] of [...held]) {
      if (!isDue(hold.deadline)) continue
      of.unansweredStarts.clear()
      letGo(of)
    }
    base.release(isDue)
  }

  /** Ends every open session, then the connection. A connection ends in no other way. */
  const close = (source: Source, ending: Ending): void => {
    release(() => true)
    for (const of of threads.values()) {
      if (of.session !== null) {
        record(source, targetOf(of, of.session), fact("session.exited", sessionEnding(ending), { threadId: of.id }))
      }
    }
    base.closed(source, ending)
  }

  const descendsFrom = (of: CodexThread, ancestor: string): boolean => {
    let id: string | undefined = of.id
    while (id !== undefined && id !== ancestor) id = threads.get(id)?.parent
    return id === ancestor
  }

  /** Records the parent of an open session, and the name that the parent gave it. Each is recorded once, where it is new. */
  const recordParent = (source: Source, of: CodexThread, session: Session): void => {
    const { described, recorded } = session
    const parentNativeThreadId = recorded.parent || described?.parent !== undefined ? undefined : of.parent
    const title = recorded.name || described?.title !== undefined ? undefined : of.name
    if (parentNativeThreadId === undefined && title === undefined) return
    recorded.parent ||= parentNativeThreadId !== undefined
    recorded.name ||= title !== undefined
    if (described !== null) {
      described.parent ??= parentNativeThreadId
      described.title ??= title
    }
    const what = fact("thread.metadata.updated", { parentNativeThreadId, title }, { threadId: of.id })
    record(source, targetOf(of, session), what)
  }

  /** The open session of a thread, opened first where there is none. */
  const sessionOf = (
    source: Source,
    of: CodexThread,
    hints: {
      readonly resumed?: boolean
      readonly nativeSessionId?: string | undefined
      readonly described?: boolean
    },
  ): Session => {
    if (of.session !== null) return of.session
    const again = of.sessions > 0 || of.unansweredResumes.size > 0 ? true : undefined
    const session = openSession(of)
    const started = fact(
      "session.started",
      {
        provider: "codex",
        mode,
        nativeSessionId: hints.nativeSessionId,
        resumed: again ?? hints.resumed,
        usageMode: "cumulative-thread",
      },
      { threadId: of.id },
    )
    record(source, targetOf(of, session), started)
    if (hints.described !== true) recordParent(source, of, session)
    return session
  }

  return {
    ...base,
    /** The target of events that name no thread. */
    target,
    thread,
    targetOf,
    record,
    recordNow,
    release,
    letGo,
    heldTurn: (of: CodexThread): string | undefined => held.get(of)?.nativeTurnId,
    close,
    /** Whether the client has unsubscribed from the thread and not resumed it since. */
    isDetached: (id: string): boolean => {
      const known = threads.get(id)
      return known?.detached === true && known.unansweredResumes.size === 0
    },
    /** Forgets the calls of the last process: another process follows. */
    forgetProcess: () => {
      for (const of of threads.values()) forgetCalls(of)
    },

    session: sessionOf,

    /** A thread showed that others are its children. A link that would make a thread its own ancestor is ignored. */
    spawned: (source: Source, parent: CodexThread, children: readonly Spawned[]): void => {
      for (const { id, isThere, name, started } of children) {
        const child = thread(id)
        if (descendsFrom(parent, id)) continue
        // A thread that described itself without a parent does not become a child because another thread talks to it.
        if (!started && child.parent === undefined && child.session !== null && child.session.described !== null)
          continue
        child.parent ??= parent.id
        if (child.parent !== parent.id) continue
        child.name ??= name
        if (child.session !== null) recordParent(source, child, child.session)
        // The child may never send a line here, so its session opens because its parent works with it.
        else if (isThere && child.sessions === 0 && !child.detached) sessionOf(source, child, {})
      }
    },

    /** Holds the start of a turn, and all later facts of its thread, while a call is open that may be its cause. */
    holdTurn: (source: Source, of: CodexThread, nativeTurnId: string): void => {
      const accepted = of.acceptedTurns.has(nativeTurnId)
      of.acceptedTurns.clear()
      if (!accepted && of.unansweredStarts.size > 0 && !held.has(of)) {
        held.set(of, { nativeTurnId, deadline: source.lineAt + holdMs, drafts: [] })
      }
    },

    nextDeadline: (): number | null => {
      const deadlines = [...held.values()].map(({ deadline }) => deadline)
      const merge = base.nextDeadline()
      if (merge !== null) deadlines.push(merge)
      return deadlines.length === 0 ? null : Math.min(...deadlines)
    },
  }
}

export type Connection = ReturnType<typeof makeConnection>
