/** Reads a database file, on a connection that cannot write. */
import { type EffectRow, StorageUnavailable, type ThreadView, type TraceTurn } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { databaseGroups, readOpenEffects } from "@threadfold/engine"
import { type EventRow, encodeEnvelopeJson, type LogReader, openReadOnly, type ReadQuery } from "@threadfold/event-log"
import { maxLimit, Projections } from "@threadfold/projections"
import Sqlite from "better-sqlite3"
import { Context, Effect, Layer, type Scope, Stream } from "effect"
import { toProblem } from "../problems/toProblem.js"
import { noEvent } from "./namedEvent.js"
import { type EventsQuery, maxMatches, type Reader, type ThreadsQuery, tracePage } from "./Reader.js"

/** Events per page. */
const pageSize = 500

const unavailable = (reason: string): Problem =>
  toProblem(new StorageUnavailable({ failed: "The database could not be read", reason }))

type Queries = Context.Tag.Service<typeof Projections>

const threads = (projections: Queries, { limit, ...filters }: ThreadsQuery) =>
  Effect.gen(function* () {
    const found: ThreadView[] = []
    let sequence = 0
    let cursor: string | undefined
    for (;;) {
      const room = limit === null ? maxLimit : Math.min(maxLimit, limit - found.length)
      const page = yield* projections.threads({ ...filters, limit: room, cursor })
      sequence = cursor === undefined ? page.sequence : sequence
      found.push(...page.items)
      const full = limit !== null && found.length >= limit
      if (page.next === null || full) return { sequence, threads: found, more: page.next !== null }
      cursor = page.next
    }
  })

const withNative = (log: LogReader, row: EventRow): Effect.Effect<string, StorageUnavailable> =>
  Effect.map(log.native(row.sequence), (body) => addNativeBody(encodeEnvelopeJson(row), body))

/** The envelope's JSON with one more field, the native message or null. */
export const addNativeBody = (envelope: string, body: string | null): string =>
  `${envelope.slice(0, -1)},"nativeBody":${JSON.stringify(body)}}`

const events = (log: LogReader, query: EventsQuery): Stream.Stream<string, Problem> => {
  const filter = {
    ...(query.threadId === undefined ? {} : { streamId: query.threadId }),
    ...(query.types === undefined ? {} : { types: query.types }),
    ...(query.except === undefined ? {} : { except: query.except }),
    after: query.after ?? 0,
  }
  const limit = query.limit
  const rows =
    query.newest === true && limit !== null
      ? newest(log, filter, limit)
      : log.readAll({ ...filter, limit: pageSize }).pipe(limit === null ? (all) => all : Stream.take(limit))
  return rows.pipe(
    Stream.mapEffect((row) => (query.native === true ? withNative(log, row) : Effect.succeed(encodeEnvelopeJson(row)))),
    Stream.mapError(({ reason }) => unavailable(reason)),
  )
}

/** The last events that match, oldest first: where the page of them begins is found from the end. */
const newest = (
  log: LogReader,
  filter: Pick<ReadQuery, "except" | "streamId" | "types"> & { readonly after: number },
  limit: number,
) =>
  Stream.unwrap(
    log.readAll({ ...filter, order: "desc", limit: pageSize }).pipe(
      Stream.take(limit),
      Stream.runFold(0, (_first, row) => row.sequence),
      Effect.map((first) =>
        first === 0
          ? Stream.empty
          : log.readAll({ ...filter, after: first - 1, limit: pageSize }).pipe(Stream.take(limit)),
      ),
    ),
  )

/** The newest turns of a trace, page by page. No price is known here. */
const traceOf = (projections: Projections["Type"], threadId: string, limit: number) =>
  Effect.gen(function* () {
    const turns: TraceTurn[] = []
    let cursor: string | undefined
    for (;;) {
      const size = Math.min(tracePage, limit - turns.length)
      const { items, next, sequence } = yield* projections.trace(threadId, { limit: size, cursor })
      turns.push(...items)
      if (next === null || turns.length >= limit) return { sequence, threadId, turns, more: next !== null }
      cursor = next
    }
  })

/** Loaded on demand: no other reading command needs the rules of the workflow. */
const loadExplain = Effect.promise(() => import("./explain.js"))

const loadSearch = Effect.promise(() => import("./searchFile.js"))

/** Open effects of a thread that are looked at. */
const effectsLimit = 500

const openEffectsOf = (file: string, threadId: string): readonly EffectRow[] => {
  const handle = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    return readOpenEffects(handle, threadId, effectsLimit)
  } finally {
    handle.close()
  }
}

/** A reader of a database file. Fails with `database-not-found`, `database-too-new` or `database-unreadable`. */
export const openLocalReader = (file: string): Effect.Effect<Reader, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const log = yield* Effect.mapError(openReadOnly({ file, migrations: databaseGroups }), toProblem)
    const projections = Context.get(yield* Layer.build(Projections.layer(file)), Projections)
    const openEffects = (threadId: string) => Effect.sync(() => openEffectsOf(file, threadId))
    return {
      threads: (query) => Effect.mapError(threads(projections, query), toProblem),
      matching: (text) => Effect.mapError(projections.matchingThreads(text, maxMatches), toProblem),
      thread: (threadId) =>
        Effect.mapBoth(projections.threadSnapshot(threadId, { limitPerList: null }), {
          onFailure: toProblem,
          onSuccess: ({ snapshot }) => snapshot,
        }),
      trace: (threadId, limit) => Effect.mapError(traceOf(projections, threadId, limit), toProblem),
      search: (query) => Effect.flatMap(loadSearch, ({ searchInFile }) => searchInFile(file, query)),
      events: (query) => events(log, query),
      sequenceOf: (_threadId, eventId) =>
        Effect.flatMap(Effect.mapError(log.findByEventId(eventId), toProblem), (row) =>
          row === null ? noEvent(eventId) : Effect.succeed(row.sequence),
        ),
      explain: (threadId, settings) =>
        Effect.flatMap(loadExplain, ({ explain }) =>
          Effect.mapError(explain({ projections, openEffects }, threadId, settings), toProblem),
        ),
      stats: (query) => Effect.mapError(projections.stats(query), toProblem),
    }
  })
