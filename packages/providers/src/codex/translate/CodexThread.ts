/**
 * The translator's state of a native thread on one connection. It serves only numbering, holding and linking: the rules of
 * the domain are in the fold.
 */
import { makeOrigin, type Origin } from "../../runtime/Draft.js"
import type { Fields } from "../../runtime/readFields.js"
import { forgetItems, makeOpenItems, type OpenItems } from "./openItems.js"
import { makeRewinds, type Rewinds } from "./rewinds.js"
import { forgetLinks, makeVoice, type Voice } from "./Voice.js"

/** One incarnation of a thread on the connection. */
export interface Session {
  readonly origin: Origin
  /** The content of `thread.started` and later updates. Null until a message described the thread. */
  described: { title: string | undefined; parent: string | undefined } | null
  /** Which facts from its parent's messages were recorded. */
  readonly recorded: { parent: boolean; name: boolean }
  /** Keys of the items that events of this session have started and not ended. A delta of another item must carry its kind. */
  readonly known: Set<string>
  /** The turn that this session has shown to run, or that an answer has named. */
  running: string | undefined
  /** Inner turns (such as a reviewer's), and the turn around each. Their content becomes content of that turn. */
  readonly inner: Map<string, string>
}

/** The key of an item inside a session. */
export const itemKey = (turnId: string | undefined, itemId: string): string => `${turnId ?? ""}/${itemId}`

/** Where an event belongs: to a session of a thread, or to the connection (then `thread` is null). */
export interface Target {
  readonly origin: Origin
  readonly thread: CodexThread | null
}

/** A request of the server. It is kept until the process ends. */
export interface OpenRequest {
  readonly method: string
  readonly userInput: boolean
  /** Where its events and those of its answer belong. */
  readonly target: Target
  readonly native: { readonly threadId?: string; readonly turnId?: string; readonly itemId?: string }
  /** Its parameters, as the provider sent them. */
  readonly params: Fields
  /** Ids of its questions whose answers are secret. */
  readonly secrets: ReadonlySet<string>
}

export interface CodexThread {
  readonly id: string
  /** How many sessions it has had on this connection. */
  sessions: number
  /** The open session. */
  session: Session | null
  /** True: the client has unsubscribed. Codex still sends some messages about the thread to every client: they open no session. */
  detached: boolean
  /** Calls of `turn/start` that have no answer yet, as JSON text of their ids. */
  readonly unansweredStarts: Set<string>
  /** Client ids of user messages that were repeated in a turn before their calls were answered. */
  readonly echoed: Set<string>
  /** Calls of `thread/resume` that have no answer yet. */
  readonly unansweredResumes: Set<string>
  /** True: a resume was refused since the thread was last loaded. Then a call does not show that it is loaded. */
  isRefused: boolean
  /** Turns that an answer named and that have not started yet. */
  readonly acceptedTurns: Set<string>
  /** A compaction of ours whose turn has not started: its call, and our id of the turn. */
  compacting: { readonly callId: string; readonly turnId: string } | null
  /** The thread that started it, where an item of that thread shows it. */
  parent: string | undefined
  /** Its open items. */
  readonly items: OpenItems
  /** The name that its parent gave it. */
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
  compacting: null,
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
    recorded: { parent: false, name: false },
    known: new Set(),
    running: undefined,
    inner: new Map(),
  }
  thread.session = session
  return session
}

/** Closes the session, with the links that its voice conversation still waited for. */
export const closeSession = (thread: CodexThread): void => {
  thread.session = null
  forgetItems(thread.items)
  forgetLinks(thread.voice)
}

/** Forgets the calls of a process that is gone: in the next process their ids start again. */
export const forgetCalls = (thread: CodexThread): void => {
  thread.detached = false
  thread.isRefused = false
  thread.unansweredStarts.clear()
  thread.echoed.clear()
  thread.unansweredResumes.clear()
  thread.acceptedTurns.clear()
  thread.compacting = null
  thread.rewinds = makeRewinds()
}
