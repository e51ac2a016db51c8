/**
 * A rebuild stream by stream: each is folded again and compared with its rows, and only where these differ they are replaced. What
 * replaces them is asked for: beside a server its writer does it, alone the caller.
 */
import type { RebuildReport, TableName } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { FOLD_VERSION } from "@threadfold/core"
import { eventSourceOf } from "@threadfold/engine"
import { type LogDriver, sqliteDriver } from "@threadfold/event-log"
import {
  allStreams,
  isAsFolded,
  type RebuildPoint,
  rebuildPointIn,
  rebuildPointKey,
  rebuildPointText,
  SqlStore,
} from "@threadfold/projections"
import type Sqlite from "better-sqlite3"
import { Effect } from "effect"
import type { JobSurroundings } from "./Job.js"

/** What a rebuild is limited to. */
export interface RebuildScope {
  /** The thread or connection; null: all. */
  readonly threadId: string | null
  /** The table; null: all. */
  readonly table: TableName | null
  /** Whether it goes on where an interrupted one left off. */
  readonly resume: boolean
}

/** How often a rebuild notes how far it is, ms. */
const NOTE_MS = 500

/** Refused streams that a report lists. */
const LISTED = 100

const eventsIn = (driver: LogDriver, threadId: string | null): number =>
  threadId === null ? driver.head() : driver.streamVersion(threadId)

/** Fails with `thread-not-found` for a stream that neither the log nor the projections have. */
export const requireStream = (driver: LogDriver, store: SqlStore, streamId: string): Effect.Effect<void, Problem> =>
  driver.streamVersion(streamId) > 0 || store.loadFoldState(streamId) !== null
    ? Effect.void
    : new Problem({ slug: "thread-not-found", detail: `No stream has the id ${streamId}.` })

/** Rebuilds on a handle that can only read; `ask` reaches what writes. */
export const compareAndRefold = (
  handle: Sqlite.Database,
  { resume, table, threadId }: RebuildScope,
  { ask, progress }: JobSurroundings,
): Effect.Effect<RebuildReport, Problem> =>
  Effect.gen(function* () {
    const driver = sqliteDriver(handle)
    const source = eventSourceOf(driver)
    const store = new SqlStore(handle)
    const readTransaction = <A>(body: () => A): A => handle.transaction(body).deferred()
    const isWhole = threadId === null
    if (!isWhole) yield* requireStream(driver, store, threadId)
    const start = isWhole && resume ? rebuildPointIn(store, { table }) : null
    // A rebuild that finds nothing and notes nothing writes nothing: it also ends where nothing can be written.
    let isNoted = isWhole && store.getMeta(rebuildPointKey) !== null
    const totalEvents = eventsIn(driver, threadId)
    let { events, streams } = start ?? { streams: 0, events: 0 }
    let [changed, rows, notedAt] = [0, 0, performance.now()]
    const refused: { readonly streamId: string; readonly detail: string }[] = []
    let refusals = 0
    const onEvents = (count: number): void => {
      events += count
      progress(streams, events, totalEvents)
    }
    const comparison = { source, store, readTransaction, table, onEvents }
    for (const streamId of isWhole ? allStreams(source, store, start?.after ?? null) : [threadId]) {
      if (!isAsFolded(comparison, streamId)) {
        const replaced = yield* ask({ kind: "refold", streamId, table })
        rows += replaced.rows
        if (replaced.refused === null) changed += 1
        else {
          refusals += 1
          if (refused.length < LISTED) refused.push({ streamId, detail: replaced.refused })
        }
      }
      streams += 1
      progress(streams, events, totalEvents)
      if (isWhole && performance.now() - notedAt >= NOTE_MS) {
        const point: RebuildPoint = { foldVersion: FOLD_VERSION, after: streamId, table, streams, events }
        yield* ask({ kind: "note", point: rebuildPointText(point) })
        notedAt = performance.now()
        isNoted = true
      }
      // Where it shares its thread with a server, as in tests, the server has its turn.
      yield* Effect.yieldNow()
    }
    if (isNoted) yield* ask({ kind: "note", point: null })
    return { ok: refusals === 0, streams, events, changed, rows, refused, hash: null }
  })
