/** The state of a thread while its plan is rendered: native ids, labels, and the events in order. */
import type { Actor, Channel, NativeRef, OrchestrationEventType, ProviderEventType } from "@threadfold/contracts"
import type { Draft } from "./GeneratedEvent.js"
import { namedUuid } from "./seeded.js"

/** Labels and counters shared by all threads of a world. */
export interface World {
  readonly nextThread: () => number
  readonly nextSession: () => string
  readonly nextConnection: () => string
  /** Our own ids, for the few payloads that carry one (a queued message). */
  readonly ownId: () => string
}

/** Counters of native ids; a weak id restarts with them. */
export interface Counters {
  turns: number
  items: number
  requests: number
  calls: number
  inferences: number
  tasks: number
  handoffs: number
}

export const freshCounters = (): Counters => ({
  turns: 0,
  items: 0,
  requests: 0,
  calls: 0,
  inferences: 0,
  tasks: 0,
  handoffs: 0,
})

export interface Totals {
  input: number
  output: number
  cached: number | null
}

/** An action that runs when the turn is about to end. */
export type Later = () => void

/** One thread while it is rendered. It is mutable, used for one rendering and never shared. */
export interface ThreadRendering {
  readonly world: World
  readonly stream: string
  readonly nativeThreadId: string
  /** Threads of one family repeat each other's strong turn ids (forks). */
  readonly family: string
  readonly weakIds: boolean
  readonly drafts: Draft[]
  session: string
  connection: string
  counters: Counters
  /** Running totals of tokens. */
  totals: Totals
  /** The running turn's native id. */
  turn: string | null
  /** Whether the running turn has no start of its own: a rewind does not count it. */
  isSynthetic: boolean
  /** The native id of the session's last turn, once it has ended; null also after it was taken back. */
  ended: string | null
  /** Whether a voice conversation is live. */
  voice: "none" | "live"
  /** Sub-agent threads of this session: they end with its connection. */
  children: ThreadRendering[]
}

export interface Said {
  readonly native?: Omit<NativeRef, "threadId">
  readonly channel?: Channel
  readonly actor?: Actor
  readonly commandId?: string
}

/** The source of events that Threadfold makes by itself. */
export const ours = { channel: "client", actor: "orchestrator" } as const

/** Adds an event of the thread's session. It names the thread, as every event of a session does. */
export const emit = (
  thread: ThreadRendering,
  type: ProviderEventType | OrchestrationEventType,
  payload: unknown,
  said: Said = {},
): void => {
  thread.drafts.push({
    stream: thread.stream,
    session: thread.session,
    connection: thread.connection,
    actor: said.actor ?? "provider",
    ...(said.commandId === undefined ? {} : { commandId: said.commandId }),
    type,
    channel: said.channel ?? "agent",
    native: { threadId: thread.nativeThreadId, ...said.native },
    payload,
  })
}

/** Adds an event of the client. */
export const emitAsClient = (
  thread: ThreadRendering,
  type: OrchestrationEventType,
  payload: unknown,
  native: Omit<NativeRef, "threadId"> = {},
): void => emit(thread, type, payload, { native, channel: "client", actor: "client" })

/** Adds an event of the connection's own stream. */
export const emitOnConnection = (thread: ThreadRendering, type: ProviderEventType, payload: unknown): void => {
  thread.drafts.push({
    stream: thread.connection,
    session: null,
    connection: thread.connection,
    actor: "provider",
    type,
    channel: "agent",
    native: {},
    payload,
  })
}

/** Strong turn ids belong to the family, so that a fork repeats them; weak ones are counters of the session. */
export const nextTurnId = (thread: ThreadRendering): string => {
  thread.counters.turns += 1
  return thread.weakIds ? `turn-${thread.counters.turns}` : namedUuid(`${thread.family}/turn/${thread.counters.turns}`)
}

export const nextItemId = (thread: ThreadRendering): string => {
  thread.counters.items += 1
  const { items, turns } = thread.counters
  return thread.weakIds ? `item-${items}` : namedUuid(`${thread.family}/turn/${turns}/item/${items}`)
}

/** JSON text of a counter from 0: the first request of a session has the falsy id `0`. */
export const nextRequestId = (thread: ThreadRendering): string => String(thread.counters.requests++)
/** JSON text of our own call's id on the connection. */
export const nextCallId = (thread: ThreadRendering): string => String(++thread.counters.calls)

/** Begins a session: new connection, and the counters of weak ids start again. */
export const beginSession = (thread: ThreadRendering): void => {
  const { turns, items, inferences, tasks, handoffs } = thread.counters
  thread.session = thread.world.nextSession()
  thread.connection = thread.world.nextConnection()
  thread.counters = thread.weakIds ? freshCounters() : { ...freshCounters(), turns, items, inferences, tasks, handoffs }
  thread.turn = null
  thread.isSynthetic = false
  thread.ended = null
  thread.voice = "none"
  thread.children = []
}
