/**
 * Questions over all threads: searches, sums, statements, the inbox, and lists to their end. A question changes nothing, so it is asked
 * again while the server cannot be reached.
 */
import type {
  Inbox,
  InferenceDetail,
  ItemDetail,
  RequestDetail,
  SearchHit,
  ThreadView,
  TurnDetail,
  UsageSums,
} from "@threadfold/contracts"
import type { SearchPage, SqlBody, SqlRows } from "@threadfold/contracts/api"
import { Chunk, Effect, Option, Stream } from "effect"
import type { Client } from "./Client.js"
import { type Failure, type RetryOptions, repeating } from "./Failure.js"

type QueryOf<F extends (request: never) => unknown> = Parameters<F>[0] extends { readonly urlParams: infer Query }
  ? Query
  : never

/** What a walk over a list asks for: its filters and order; `limit` is how many entries a call brings. */
type Walked<F extends (request: never) => unknown> = Omit<QueryOf<F>, "cursor" | "fields">

/** Lists to their end, a page at a time: the next page is asked for when the entries of the last one were taken. */
export interface Lists {
  readonly threads: (query?: Walked<Client["threads"]["list"]>) => Stream.Stream<ThreadView, Failure>
  readonly turns: (query?: Walked<Client["turns"]["list"]>) => Stream.Stream<TurnDetail, Failure>
  readonly items: (query?: Walked<Client["items"]["list"]>) => Stream.Stream<ItemDetail, Failure>
  readonly requests: (query?: Walked<Client["requests"]["list"]>) => Stream.Stream<RequestDetail, Failure>
  readonly inferences: (query?: Walked<Client["inferences"]["list"]>) => Stream.Stream<InferenceDetail, Failure>
  /** All that a search finds. */
  readonly found: (query: Walked<Client["search"]["find"]>) => Stream.Stream<SearchHit, Failure>
}

export interface Questions {
  /** One page of what was said and done, found by words; `next` of it is the `cursor` of the following one. */
  readonly search: (query: QueryOf<Client["search"]["find"]>) => Effect.Effect<SearchPage, Failure>
  /** Tokens of all threads, added up; `by` names what by. */
  readonly usage: (query?: QueryOf<Client["search"]["usage"]>) => Effect.Effect<UsageSums, Failure>
  /** Rows that one statement reads from the views; `sql-off` where the server was not started with `--sql`. */
  readonly sql: (body: SqlBody) => Effect.Effect<SqlRows, Failure>
  /** What needs a person, of all threads, as it is now. */
  readonly readInbox: (query?: Omit<QueryOf<Client["inbox"]["get"]>, "after">) => Effect.Effect<Inbox, Failure>
  /** Lists of all threads, to their end. */
  readonly each: Lists
}

interface Page<A> {
  readonly items: readonly A[]
  readonly next: string | null
}

type Ask = ReturnType<typeof repeating>

const walk =
  (ask: Ask) =>
  <A, E>(pageAt: (place: { readonly cursor?: string }) => Effect.Effect<Page<A>, E>): Stream.Stream<A, Failure> =>
    Stream.paginateChunkEffect<string | null, A, Failure, never>(null, (cursor) =>
      Effect.map(ask(pageAt(cursor === null ? {} : { cursor })), ({ items, next }) => [
        Chunk.fromIterable(items),
        Option.fromNullable(next),
      ]),
    )

/** The questions of a server. */
export const questions = (api: Client, retry: RetryOptions): Questions => {
  const ask = repeating(retry)
  const all = walk(ask)
  return {
    search: (urlParams) => ask(api.search.find({ urlParams })),
    usage: (urlParams = {}) => ask(api.search.usage({ urlParams })),
    sql: (payload) => ask(api.sql.run({ payload })),
    readInbox: (urlParams = {}) => ask(api.inbox.get({ urlParams })),
    each: {
      threads: (query) => all((place) => api.threads.list({ urlParams: { ...query, ...place } })),
      turns: (query) => all((place) => api.turns.list({ urlParams: { ...query, ...place } })),
      items: (query) => all((place) => api.items.list({ urlParams: { ...query, ...place } })),
      requests: (query) => all((place) => api.requests.list({ urlParams: { ...query, ...place } })),
      inferences: (query) => all((place) => api.inferences.list({ urlParams: { ...query, ...place } })),
      found: (query) => all((place) => api.search.find({ urlParams: { ...query, ...place } })),
    },
  }
}
