/** The mapping tables: each method of the protocol has exactly one entry, a mapping or the reason why it has none. */
import type { Fact } from "../../runtime/Fact.js"
import type { Fields } from "../../runtime/readFields.js"
import type { CodexThread, OpenRequest, Session } from "./CodexThread.js"
import type { Spawned } from "./readItem.js"

/** What a mapping may look at and ask for besides the message. */
export interface Context {
  /** Version of the provider, once its answer to `initialize` said it. */
  readonly version: string | undefined
  /** Server requests of this process, by the JSON text of their id. */
  readonly requests: ReadonlyMap<string, OpenRequest>
  /** Says that the thread has others for children: evidence for a link. */
  readonly spawned: (children: readonly Spawned[]) => void
}

/** The open session that a message belongs to. */
export interface Place {
  readonly thread: CodexThread
  readonly session: Session
}

/** It always names a thread. */
export interface ThreadEntry {
  readonly on: "thread"
  /** False: it says something of a stored thread, so it is no sign that a session exists. */
  readonly opens: (params: Fields) => boolean
  readonly map: (params: Fields, place: Place, context: Context) => readonly Fact[]
}

/** It may name a thread, or speak of the connection as a whole. */
export interface AnyEntry {
  readonly on: "any"
  readonly map: (params: Fields, nativeThreadId: string | undefined) => readonly Fact[]
}

/** It says nothing that the fold could use. */
export interface KeptEntry {
  readonly on: "kept"
  /** Why it is kept verbatim only. */
  readonly why: string
  readonly opens: boolean
}

export type Entry = ThreadEntry | AnyEntry | KeptEntry

export const onThread = (map: ThreadEntry["map"], opens: ThreadEntry["opens"] = () => true): ThreadEntry => ({
  on: "thread",
  opens,
  map,
})

export const onAny = (map: AnyEntry["map"]): AnyEntry => ({ on: "any", map })

export const kept = (why: string): KeptEntry => ({ on: "kept", why, opens: true })

/** Kept, and about a stored thread, which need not be loaded. */
export const keptOfStored = (why: string): KeptEntry => ({ on: "kept", why, opens: false })
