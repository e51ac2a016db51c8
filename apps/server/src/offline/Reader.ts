/** What the reading commands ask of a log and its projections, wherever they are: in a file, or behind a server. */
import type { ExplainReport, Stats, ThreadSnapshot, ThreadStatus, ThreadView } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import type { Effect, Stream } from "effect"
import type { ExplainSettings } from "./explain.js"
import type { StatsParts } from "./logStats.js"

/** Filters apply together. */
export interface ThreadsQuery {
  /** At most this many, newest first; null: all. */
  readonly limit: number | null
  readonly status?: ThreadStatus
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

/** Conditions apply together. */
export interface EventsQuery {
  readonly threadId?: string
  readonly types?: readonly string[]
  /** Events after this sequence (exclusive). */
  readonly after?: number
  /** At most this many; null: all. */
  readonly limit: number | null
  /** True: the newest ones, still oldest first. Needs a limit. */
  readonly newest?: boolean
  /** True: with the native message of each event, as `nativeBody`. */
  readonly native?: boolean
}

export interface Reader {
  readonly threads: (query: ThreadsQuery) => Effect.Effect<ThreadList, Problem>
  /** Ids of the threads that a text may mean: a full id, the beginning of one, or a native id. At most ten. */
  readonly matching: (text: string) => Effect.Effect<readonly string[], Problem>
  /** The whole of a thread. */
  readonly thread: (threadId: string) => Effect.Effect<ThreadSnapshot, Problem>
  /** Envelopes, oldest first, each as its JSON on one line. Page after page: memory holds one. */
  readonly events: (query: EventsQuery) => Stream.Stream<string, Problem>
  /** A reader of a file gives no `log`: the walk over it is a job of its own. */
  readonly stats: (query: { readonly byType: boolean } & Partial<StatsParts>) => Effect.Effect<Stats, Problem>
  /** What a thread does and what follows. A server goes by its own policy, and not by `settings`. */
  readonly explain: (threadId: string, settings: ExplainSettings) => Effect.Effect<ExplainReport, Problem>
}

/** How many candidates {@link Reader.matching} names. */
export const maxMatches = 10
