/** Reads through the HTTP API of the server that owns a data directory. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { type Client, makeClient, resendRead } from "@threadfold/client"
import { ThreadId, type ThreadSnapshot, type ThreadView, type TraceTurn, truncated } from "@threadfold/contracts"
import { Problem, ProblemDetails, slugOf } from "@threadfold/contracts/problem"
import { maxLimit } from "@threadfold/projections"
import { Chunk, Effect, Option, Schema, Stream } from "effect"
import { addNativeBody } from "./LocalReader.js"
import type { Moment, ThreadDiffReport } from "./moments.js"
import type { Server } from "./Place.js"
import {
  type EventsQuery,
  maxMatches,
  type Reader,
  type SearchList,
  type SearchListQuery,
  type ThreadsQuery,
  tracePage,
} from "./Reader.js"
import { wholeEntry, wholeThread } from "./wholeTexts.js"

const makeConnection = (server: Server) =>
  Effect.gen(function* () {
    const http = (yield* HttpClient.HttpClient).pipe(
      HttpClient.mapRequest(HttpClientRequest.bearerToken(server.token)),
      HttpClient.mapRequest(HttpClientRequest.prependUrl(server.url)),
      resendRead,
    )
    return { client: yield* makeClient(server), http }
  }).pipe(Effect.provide(FetchHttpClient.layer))

type Connection = Effect.Effect.Success<ReturnType<typeof makeConnection>>

/** Problems go on as they are; a server that does not answer, or not as its API says, is `unavailable`. */
const asProblem =
  ({ url }: Server) =>
  (error: unknown): Problem =>
    error instanceof Problem
      ? error
      : new Problem({
          slug: "unavailable",
          detail: `${url} does not answer as it should: ${error instanceof Error ? error.message : String(error)}.`,
        })

/** Every entry of a paged list. */
const all = <A, E>(
  page: (
    cursor: string | undefined,
  ) => Effect.Effect<{ readonly items: readonly A[]; readonly next: string | null }, E>,
  from?: string,
): Stream.Stream<A, E> =>
  Stream.paginateChunkEffect(from, (cursor) =>
    Effect.map(page(cursor), ({ items, next }) => [Chunk.fromIterable(items), Option.fromNullable(next)] as const),
  )

const threads = (client: Client, { limit, ...filters }: ThreadsQuery) =>
  Effect.gen(function* () {
    const found: ThreadView[] = []
    let sequence = 0
    let cursor: string | undefined
    for (;;) {
      const room = limit === null ? maxLimit : Math.min(maxLimit, limit - found.length)
      const page = yield* client.threads.list({ urlParams: { ...filters, limit: room, cursor } })
      sequence = cursor === undefined ? page.sequence : sequence
      found.push(...page.items)
      const full = limit !== null && found.length >= limit
      if (page.next === null || full) return { sequence, threads: found, more: page.next !== null }
      cursor = page.next
    }
  })

const matching = (client: Client, text: string) =>
  Effect.gen(function* () {
    const native = yield* client.threads.list({ urlParams: { limit: maxMatches, nativeThreadId: text } })
    const every = (deleted: boolean) =>
      all((cursor) => client.threads.list({ urlParams: { limit: maxLimit, cursor, deleted, mirrors: true } }))
    const begins = yield* Stream.concat(every(false), every(true)).pipe(
      Stream.map(({ threadId }) => threadId),
      Stream.filter((threadId) => threadId.startsWith(text.toLowerCase())),
      Stream.take(maxMatches),
      Stream.runCollect,
    )
    return [...new Set([...begins, ...native.items.map(({ threadId }) => threadId)])].slice(0, maxMatches)
  })

/** The newest turns of a trace, page by page. */
const trace = (client: Client, threadId: string, limit: number) =>
  Effect.gen(function* () {
    const path = { threadId: ThreadId.make(threadId) }
    const turns: TraceTurn[] = []
    let cursor: string | undefined
    for (;;) {
      const size = Math.min(tracePage, limit - turns.length)
      const { items, next, sequence } = yield* client.threads.trace({ path, urlParams: { limit: size, cursor } })
      turns.push(...items)
      if (next === null || turns.length >= limit) return { sequence, threadId, turns, more: next !== null }
      cursor = next
    }
  })

/**
 * A whole thread: its newest entries in one answer, older ones page by page. Older entries are closed, so that a page that
 * is read a moment later says the same; the cursors of an earlier moment stay at it.
 */
const thread = (client: Client, threadId: string, at?: number) =>
  Effect.gen(function* () {
    const path = { threadId: ThreadId.make(threadId) }
    const { more, ...snapshot } = yield* client.threads.get({ path, urlParams: { limit: maxLimit, at } })
    const rest = <A, E>(
      name: keyof ThreadSnapshot,
      page: (
        cursor: string | undefined,
      ) => Effect.Effect<{ readonly items: readonly A[]; readonly next: string | null }, E>,
    ): Effect.Effect<readonly A[], E> => {
      const cursor = more[name] ?? null
      return cursor === null
        ? Effect.succeed([])
        : Effect.map(Stream.runCollect(all(page, cursor)), Chunk.toReadonlyArray)
    }
    const older = <A>(entries: readonly A[], newer: readonly A[]): readonly A[] => [...[...entries].reverse(), ...newer]
    const query = (cursor: string | undefined) => ({ path, urlParams: { limit: maxLimit, cursor } })
    const { threads } = client
    return {
      ...snapshot,
      turns: older(yield* rest("turns", (cursor) => threads.turns(query(cursor))), snapshot.turns),
      items: older(yield* rest("items", (cursor) => threads.items(query(cursor))), snapshot.items),
      requests: older(yield* rest("requests", (cursor) => threads.requests(query(cursor))), snapshot.requests),
      inferences: older(yield* rest("inferences", (cursor) => threads.inferences(query(cursor))), snapshot.inferences),
      realtimeRuns: older(
        yield* rest("realtimeRuns", (cursor) => threads.realtime(query(cursor))),
        snapshot.realtimeRuns,
      ),
      delegations: older(
        yield* rest("delegations", (cursor) => threads.delegations(query(cursor))),
        snapshot.delegations,
      ),
      tasks: older(yield* rest("tasks", (cursor) => threads.tasks(query(cursor))), snapshot.tasks),
      anomalies: older(yield* rest("anomalies", (cursor) => threads.anomalies(query(cursor))), snapshot.anomalies),
      // The queue is listed in the order in which it runs: what follows comes behind.
      queue: [...snapshot.queue, ...(yield* rest("queue", (cursor) => threads.queue(query(cursor))))],
    } satisfies ThreadSnapshot
  })

/** A page of the log as the server wrote it: an odd event must not hide its neighbours, so nothing of it is decoded. */
const RawPage = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({ sequence: Schema.Number, truncated }, { key: Schema.String, value: Schema.Unknown }),
  ),
  next: Schema.NullOr(Schema.String),
})
const decodePage = Schema.decodeUnknown(RawPage)

const eventPage = (http: HttpClient.HttpClient, path: string, params: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const answer = yield* http.get(path, { urlParams: params })
    const body = yield* answer.json
    if (answer.status === 200) return yield* decodePage(body)
    const { detail, type } = yield* Schema.decodeUnknown(ProblemDetails)(body)
    return yield* new Problem({ slug: slugOf(type) ?? "unavailable", detail })
  })

const events = (
  { client, http }: Connection,
  server: Server,
  query: EventsQuery,
  problem: (error: unknown) => Problem,
): Stream.Stream<string, Problem> => {
  const { after, except, limit, native, newest, threadId, types } = query
  const path = threadId === undefined ? "/v1/events" : `/v1/threads/${threadId}/events`
  const params = {
    limit: String(Math.min(maxLimit, limit ?? maxLimit)),
    order: newest === true ? "desc" : "asc",
    ...(after === undefined ? {} : { after: String(after) }),
    ...(types === undefined ? {} : { types: types.join(",") }),
    ...(except === undefined ? {} : { except: except.join(",") }),
  }
  const found = all((cursor) => eventPage(http, path, cursor === undefined ? params : { ...params, cursor })).pipe(
    limit === null ? (stream) => stream : Stream.take(limit),
  )
  const ordered =
    newest === true
      ? Stream.unwrap(Effect.map(Stream.runCollect(found), (some) => Stream.fromChunk(Chunk.reverse(some))))
      : found
  return ordered.pipe(
    Stream.mapEffect((event) =>
      Effect.gen(function* () {
        const json = JSON.stringify(yield* wholeEntry(server, event))
        if (native !== true) return json
        const found = yield* client.log.event({ path: { sequence: event.sequence }, urlParams: { native: true } })
        const { nativeBody } = yield* wholeEntry(server, found)
        return addNativeBody(json, nativeBody ?? null)
      }),
    ),
    Stream.mapError(problem),
  )
}

/** What a search finds, page by page: one with filters may be short. */
const search = (client: Client, { limit, ...query }: SearchListQuery): Effect.Effect<SearchList, unknown> =>
  Effect.gen(function* () {
    const items: SearchList["items"][number][] = []
    let cursor: string | undefined
    for (;;) {
      const size = Math.min(maxLimit, limit - items.length)
      const { next, ...page } = yield* client.search.find({ urlParams: { ...query, limit: size, cursor } })
      items.push(...page.items)
      if (next === null || items.length >= limit) {
        return { sequence: page.sequence, watermark: page.watermark, items, more: next !== null }
      }
      cursor = next
    }
  })

/** The sequence of a moment. */
const sequenceOf = (client: Client, threadId: string, moment: Moment) => {
  const find = (urlParams: { readonly event?: string; readonly time?: number; readonly turn?: string }) =>
    Effect.map(client.moments.find({ path: { threadId }, urlParams }), ({ sequence }) => sequence)
  switch (moment.kind) {
    case "sequence":
      return Effect.succeed(moment.sequence)
    case "event":
      return find({ event: moment.event })
    case "time":
      return find({ time: moment.at })
    case "turn":
      return find({ turn: moment.turnId })
  }
}

/** What a server is asked beyond what every reader answers: it has checkpoints of its threads. */
export interface RemoteReader extends Reader {
  /** The whole of a thread as it was. */
  readonly at: (threadId: string, moment: Moment) => Effect.Effect<ThreadSnapshot, Problem>
  /** What changed from one sequence of the log to another. Fails with `diff-too-large` for a very long thread, and for what no answer holds whole. */
  readonly diff: (threadId: string, from: number, to: number) => Effect.Effect<ThreadDiffReport, Problem>
}

/** A reader of a server. */
export const openRemoteReader = (server: Server): Effect.Effect<RemoteReader> =>
  Effect.map(makeConnection(server), (connection) => {
    const { client } = connection
    const problem = asProblem(server)
    return {
      threads: (query) => Effect.mapError(threads(client, query), problem),
      matching: (text) => Effect.mapError(matching(client, text), problem),
      thread: (threadId, whole) =>
        Effect.mapError(
          Effect.flatMap(thread(client, threadId), (found) =>
            whole ? wholeThread(server, found) : Effect.succeed(found),
          ),
          problem,
        ),
      trace: (threadId, limit) => Effect.mapError(trace(client, threadId, limit), problem),
      search: (query) => Effect.mapError(search(client, query), problem),
      events: (query) => events(connection, server, query, problem),
      explain: (threadId) =>
        Effect.mapError(
          client.reasons.explain({ path: { threadId: ThreadId.make(threadId) }, urlParams: {} }),
          problem,
        ),
      stats: (query) => Effect.mapError(client.log.stats({ urlParams: query }), problem),
      sequenceOf: (threadId, event) => Effect.mapError(sequenceOf(client, threadId, { kind: "event", event }), problem),
      at: (threadId, moment) =>
        Effect.mapError(
          Effect.flatMap(sequenceOf(client, threadId, moment), (sequence) => thread(client, threadId, sequence)),
          problem,
        ),
      diff: (threadId, from, to) =>
        client.moments.diff({ path: { threadId }, urlParams: { from, to } }).pipe(
          Effect.mapError(problem),
          Effect.flatMap(({ next, patch, rows, ...report }) => {
            const isCut = rows.some(({ fields }) => fields.some(({ truncated }) => truncated !== undefined))
            return patch === null || typeof next === "number" || isCut
              ? new Problem({ slug: "diff-too-large", detail: "What changed is longer than one answer of the server." })
              : Effect.succeed({ ...report, rows, patch })
          }),
        ),
    }
  })
