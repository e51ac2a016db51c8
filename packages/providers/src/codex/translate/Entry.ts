/** Entries of the mapping tables. Each method of the protocol has exactly one entry: a mapping, or the reason for none. */
import type { Fact } from "../../runtime/Fact.js"
import type { Fields } from "../../runtime/readFields.js"
import type { CodexThread, OpenRequest, Session } from "./CodexThread.js"
import type { Spawned } from "./readItem.js"

/** What a mapping may use besides the message. */
export interface Context {
  /** Version of the provider, from its answer to `initialize`. */
  readonly version: string | undefined
  /** Server requests of this process, by the JSON text of their id. */
  readonly requests: ReadonlyMap<string, OpenRequest>
  /** Reports that other threads are children of this one: evidence for a link. */
  readonly spawned: (children: readonly Spawned[]) => void
}

/** The open session that a message belongs to. */
export interface Place {
  readonly thread: CodexThread
  readonly session: Session
}

/** A method whose messages always name a thread. */
export interface ThreadEntry {
  readonly on: "thread"
  /** Whether the message opens a session. False: it concerns a stored thread, which need not be loaded. */
  readonly opens: (params: Fields) => boolean
  readonly map: (params: Fields, place: Place, context: Context) => readonly Fact[]
}

/** A method whose messages may name a thread, or concern the connection as a whole. */
export interface AnyEntry {
  readonly on: "any"
  readonly map: (params: Fields, nativeThreadId: string | undefined) => readonly Fact[]
}

/** A method that the fold has no use for. */
export interface KeptEntry {
  readonly on: "kept"
  /** Why it is only kept verbatim. */
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
