/** What the reading commands ask of a log and its projections, wherever they are: in a file, or behind a server. */
import type {
  ExplainReport,
  Stats,
  searchKinds,
  ThreadSnapshot,
  ThreadStatus,
  ThreadView,
  TraceTurn,
} from "@threadfold/contracts"
import type { SearchPage } from "@threadfold/contracts/api"
import type { Problem } from "@threadfold/contracts/problem"
import type { Effect, Stream } from "effect"
import type { ExplainSettings } from "./explain.js"
import type { StatsParts } from "./logStats.js"

/** Filters apply together. */
export interface ThreadsQuery {
  /** At most this many, newest first; null: all. */
  readonly limit: number | null
  readonly status?: ThreadStatus | undefined
  readonly agent?: string | undefined
  readonly model?: string | undefined
  /** In this folder, or below it. */
  readonly folder?: string | undefined
  /** True: without threads that another one spawned. */
  readonly root?: boolean | undefined
  /** In the title, or in the first words. */
  readonly text?: string | undefined
  /** What the order goes by; `createdAt` by default. */
  readonly sort?: "createdAt" | "updatedAt" | undefined
  /** True: deleted ones only; else they are left out. */
  readonly deleted?: boolean
  /** True: with the mirrors of other threads; else they are left out. */
  readonly mirrors?: boolean
}

/** A list of threads, newest first. */
export interface ThreadList {
  /** Sequence of the log that the list is true for. */
  readonly sequence: number
  readonly threads: readonly ThreadView[]
  /** True: there are more than the limit allowed. */
  readonly more: boolean
}

/** The newest turns of a thread with their model calls. */
export interface TraceList {
  /** Sequence of the log that the list is true for. */
  readonly sequence: number
  readonly threadId: string
  /** Newest first. */
  readonly turns: readonly TraceTurn[]
  /** True: there are older ones. */
  readonly more: boolean
}

/** Conditions apply together. */
export interface EventsQuery {
  readonly threadId?: string
  readonly types?: readonly string[]
  /** Not these types. */
  readonly except?: readonly string[]
  /** Events after this sequence (exclusive). */
  readonly after?: number
  /** At most this many; null: all. */
  readonly limit: number | null
  /** True: the newest ones, still oldest first. Needs a limit. */
  readonly newest?: boolean
  /** True: with the native message of each event, as `nativeBody`. */
  readonly native?: boolean
}

/** A search, and which of its hits are wanted. */
export interface SearchListQuery {
  readonly q: string
  readonly threadId: string | undefined
  readonly kind: (typeof searchKinds)[number] | undefined
  readonly limit: number
}

/** What a search found, newest first. */
export interface SearchList extends Pick<SearchPage, "items" | "sequence" | "watermark"> {
  /** True: there are more than the limit allowed. */
  readonly more: boolean
}

export interface Reader {
  /** What was said and done, by words. Fails with `invalid-request` where nothing can be found by them. */
  readonly search: (query: SearchListQuery) => Effect.Effect<SearchList, Problem>
  readonly threads: (query: ThreadsQuery) => Effect.Effect<ThreadList, Problem>
  /** Ids of the threads that a text may mean: a full id, the beginning of one, or a native id. At most ten. */
  readonly matching: (text: string) => Effect.Effect<readonly string[], Problem>
  /** A thread with all its entries. @param whole true: with every text whole; else long ones may be cut, and say so */
  readonly thread: (threadId: string, whole: boolean) => Effect.Effect<ThreadSnapshot, Problem>
  /** The newest turns of a thread with their model calls, newest first; at most `limit`. */
  readonly trace: (threadId: string, limit: number) => Effect.Effect<TraceList, Problem>
  /** Envelopes, oldest first, each as its JSON on one line. Page after page: memory holds one. */
  readonly events: (query: EventsQuery) => Stream.Stream<string, Problem>
  /** Sequence of the log of an event that is named by its id. Fails with `event-not-found`. */
  readonly sequenceOf: (threadId: string, eventId: string) => Effect.Effect<number, Problem>
  /** A reader of a file gives no `log`: the walk over it is a job of its own. */
  readonly stats: (query: { readonly byType: boolean } & Partial<StatsParts>) => Effect.Effect<Stats, Problem>
  /** What a thread does and what follows. A server goes by its own policy, and not by `settings`. */
  readonly explain: (threadId: string, settings: ExplainSettings) => Effect.Effect<ExplainReport, Problem>
}

/** Turns of a trace that are read at a time. */
export const tracePage = 50

/** How many candidates {@link Reader.matching} names. */
export const maxMatches = 10
