/**
 * What the translator remembers of a native thread on one connection. Nothing here decides about the domain: it is what
 * numbering, holding and linking need.
 */
import { makeOrigin, type Origin } from "../../runtime/Origin.js"
import type { Fields } from "../../runtime/readFields.js"
import { forgetItems, makeOpenItems, type OpenItems } from "./openItems.js"
import { makeRewinds, type Rewinds } from "./rewinds.js"
import { forgetLinks, makeVoice, type Voice } from "./Voice.js"

/** One incarnation of a thread on the connection. */
export interface Session {
  readonly origin: Origin
  /** What `thread.started` and later updates said of it; null until a message described the thread. */
  described: { title: string | undefined; parent: string | undefined } | null
  /** What was told of it from its parent's words. */
  readonly told: { parent: boolean; name: boolean }
  /**
   * Items that events of this session have made known and that go on, as turn and item. A delta of another one tells the
   * item's kind, so that it stands by itself.
   */
  readonly known: Set<string>
  /** The turn that this session has shown running, or that an answer has named. */
  running: string | undefined
  /** Turns inside the running one, such as a reviewer's, and the turn that they are of. Their content comes under its name. */
  readonly inner: Map<string, string>
}

/** The name of an item inside a session. */
export const itemKey = (turnId: string | undefined, itemId: string): string => `${turnId ?? ""}/${itemId}`

/** Where an event belongs: a session of a thread, or the connection (then without a thread). */
export interface Target {
  readonly origin: Origin
  readonly thread: CodexThread | null
}

/** A request that this process sent, until the process ends. */
export interface OpenRequest {
  readonly method: string
  readonly userInput: boolean
  /** Where its events belong, its answer's too. */
  readonly target: Target
  readonly native: { readonly threadId?: string; readonly turnId?: string; readonly itemId?: string }
  /** What it asks, in the provider's words. */
  readonly params: Fields
  /** Ids of its questions whose answers are secret. */
  readonly secrets: ReadonlySet<string>
}

export interface CodexThread {
  readonly id: string
  /** How many sessions it has had on this connection. */
  sessions: number
  /** The open one. */
  session: Session | null
  /** True: the client let go of it. What is still heard of it is said to every client, and opens no session. */
  detached: boolean
  /** Calls of `turn/start` that have no answer yet, as JSON text of their ids. */
  readonly unansweredStarts: Set<string>
  /** Client's ids of messages that were repeated in a turn while their calls had no answer. */
  readonly echoed: Set<string>
  /** Calls of `thread/resume` that have no answer yet. */
  readonly unansweredResumes: Set<string>
  /** True: a resume was refused since it was last loaded, so that a call about it shows nothing. */
  isRefused: boolean
  /** Turns that an answer named and that have not started yet. */
  readonly acceptedTurns: Set<string>
  /** The thread that spawned it, where an item of that thread said so. */
  parent: string | undefined
  /** What is remembered of its open items. */
  readonly items: OpenItems
  /** What that thread calls it. */
  name: string | undefined
  readonly voice: Voice
  rewinds: Rewinds
}

export const makeThread = (id: string): CodexThread => ({
  id,
  sessions: 0,
  session: null,
  detached: false,
  unansweredStarts: new Set(),
  echoed: new Set(),
  unansweredResumes: new Set(),
  isRefused: false,
  acceptedTurns: new Set(),
  parent: undefined,
  items: makeOpenItems(),
  name: undefined,
  voice: makeVoice(),
  rewinds: makeRewinds(),
})

/** Opens the thread's next session. */
export const openSession = (thread: CodexThread): Session => {
  thread.sessions += 1
  thread.isRefused = false
  const session: Session = {
    origin: makeOrigin({ kind: "session", nativeThreadId: thread.id, session: thread.sessions }),
    described: null,
    told: { parent: false, name: false },
    known: new Set(),
    running: undefined,
    inner: new Map(),
  }
  thread.session = session
  return session
}

/** The session is over; what voice still waited for cannot come any more. */
export const closeSession = (thread: CodexThread): void => {
  thread.session = null
  forgetItems(thread.items)
  forgetLinks(thread.voice)
}

/** Forgets the calls of a process that is gone: ids start again in the next one. */
export const forgetCalls = (thread: CodexThread): void => {
  thread.detached = false
  thread.isRefused = false
  thread.unansweredStarts.clear()
  thread.echoed.clear()
  thread.unansweredResumes.clear()
  thread.acceptedTurns.clear()
  thread.rewinds = makeRewinds()
}
