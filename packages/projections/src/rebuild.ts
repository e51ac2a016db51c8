/**
 * Makes the rows anew from the log, offline: the caller owns the database. Streams are rebuilt in batches, one
 * transaction each, so that a killed rebuild leaves every stream with its old rows or its new ones, never a mixture.
 */
import { fold as currentFold, encodeState, FOLD_VERSION, type Fold } from "@threadfold/core"
import { Option, Schema } from "effect"
import { allStreams, type EventSource } from "./EventSource.js"
import type { ProjectionStore } from "./ProjectionStore.js"
import { refold } from "./refold.js"

export interface RebuildOptions {
  readonly source: EventSource
  readonly store: ProjectionStore
  /** Another fold, for tests that plant a fault. */
  readonly fold?: Fold
  /** Version of that fold. */
  readonly foldVersion?: number
  /** A transaction takes streams until it holds this many events; a longer stream has one of its own. Default 20,000. */
  readonly eventsPerTransaction?: number
  /** Goes on after the last stream that an interrupted rebuild by the same version of the fold committed. */
  readonly resume?: boolean
  /** Called after each transaction with what is committed so far. */
  readonly onProgress?: (done: RebuildReport) => void
}

/** What a rebuild did. */
export interface RebuildReport {
  /** Streams that were folded again. */
  readonly streams: number
  /** Events that were folded. */
  readonly events: number
  /** Streams whose new rows the database refused: they keep the old ones and stay frozen. */
  readonly refused: readonly { readonly streamId: string; readonly detail: string }[]
}

/** Under which key of the projections a rebuild notes how far it is; one that is killed leaves it. */
export const rebuildPointKey = "rebuild"

/** Under which key of the projections it is counted how often rows were made again: they change then without an event. */
export const remadeKey = "remade"

/** Counts that rows were made again, inside the running transaction: the answers that callers hold are not those of the new rows. */
export const noteRemade = (store: Pick<ProjectionStore, "getMeta" | "setMeta">): void =>
  store.setMeta(remadeKey, String(Number(store.getMeta(remadeKey) ?? 0) + 1))

/** How far a rebuild of all streams is. */
export interface RebuildPoint {
  /** Version of the fold that it runs with. */
  readonly foldVersion: number
  /** The last stream that is done; streams are taken in the order of their ids. */
  readonly after: string
  /** The table that it is limited to; null: all. */
  readonly table: string | null
  /** Streams that are done. */
  readonly streams: number
  /** Events that were folded. */
  readonly events: number
}

const Point = Schema.Struct({
  foldVersion: Schema.Number,
  after: Schema.String,
  table: Schema.optionalWith(Schema.NullOr(Schema.String), { default: () => null }),
  streams: Schema.optionalWith(Schema.Number, { default: () => 0 }),
  events: Schema.optionalWith(Schema.Number, { default: () => 0 }),
})
const decodePoint = Schema.decodeUnknownOption(Schema.parseJson(Point))

/** What {@link rebuildPointText} has written; null where it is none. */
export const decodeRebuildPoint = (text: string | null): RebuildPoint | null =>
  text === null ? null : Option.getOrNull(decodePoint(text))

export const rebuildPointText = (point: RebuildPoint): string => JSON.stringify(point)

/** Where a rebuild with this fold and this table was stopped; null: none was, or another one. */
export const rebuildPointIn = (
  store: Pick<ProjectionStore, "getMeta">,
  { foldVersion = FOLD_VERSION, table }: { readonly foldVersion?: number; readonly table: string | null },
): RebuildPoint | null => {
  const point = decodeRebuildPoint(store.getMeta(rebuildPointKey))
  return point?.foldVersion === foldVersion && point.table === table ? point : null
}

/** Clears the rows of a stream, folds its events, stores the rows and the state, inside the open transaction. Returns its events. */
const replaceStream = (
  { source, store, fold = currentFold, foldVersion = FOLD_VERSION }: RebuildOptions,
  streamId: string,
): number => {
  store.clearStream(streamId)
  noteRemade(store)
  const { state, events } = refold(source, store, fold, streamId)
  if (events > 0) {
    store.saveFoldState({
      streamId,
      foldVersion,
      streamVersion: state.streamVersion,
      status: "ok",
      state: encodeState(state),
    })
  }
  return events
}

/**
 * Rebuilds one stream, in a transaction of its own or inside the open one: clears its rows, folds its events, stores the
 * rows and the state. A frozen stream is `ok` again. Returns how many events were folded.
 */
export const rebuildStream = (options: RebuildOptions, streamId: string): number =>
  options.store.atomically(() => replaceStream(options, streamId))

/** True for a row that breaks a rule of the schema, false for a database that cannot write. */
export const isRefusal = (error: unknown): error is Error =>
  error instanceof Error &&
  (error instanceof TypeError || ("code" in error && String(error.code).startsWith("SQLITE_CONSTRAINT")))

/** Rebuilds every stream. Throws what the database throws when it cannot write at all. */
export const rebuild = (options: RebuildOptions): RebuildReport => {
  const { source, store, foldVersion = FOLD_VERSION, eventsPerTransaction = 20_000 } = options
  const start = options.resume === true ? rebuildPointIn(store, { foldVersion, table: null }) : null
  const ids = allStreams(source, store, start?.after ?? null)[Symbol.iterator]()
  const refused: { readonly streamId: string; readonly detail: string }[] = []
  let streams = 0
  let events = 0
  const note = (after: string, folded: number, count: number): void => {
    streams += count
    events += folded
    store.setMeta(rebuildPointKey, rebuildPointText({ foldVersion, after, table: null, streams, events }))
  }
  for (let next = ids.next(); next.done !== true; ) {
    const taken: string[] = []
    const before = { streams, events }
    try {
      // Without a savepoint for each stream: what SQLite keeps to go back to one grows with the stream, and it walks through all of it
      // after many a statement.
      store.atomically(() => {
        let folded = 0
        for (; next.done !== true && folded < eventsPerTransaction; next = ids.next()) {
          taken.push(next.value)
          folded += replaceStream(options, next.value)
        }
        note(taken.at(-1) ?? "", folded, taken.length)
      })
    } catch (error) {
      if (!isRefusal(error)) throw error
      streams = before.streams
      events = before.events
      store.atomically(() => {
        let folded = 0
        for (const streamId of taken) {
          const outcome = attempt(options, streamId)
          if (typeof outcome === "number") folded += outcome
          else refused.push({ streamId, detail: outcome.message })
        }
        note(taken.at(-1) ?? "", folded, taken.length)
      })
      // A stream that was refused at once is still the next one.
      if (next.value === taken.at(-1)) next = ids.next()
    }
    options.onProgress?.({ streams, events, refused })
  }
  store.setMeta(rebuildPointKey, null)
  return { streams, events, refused }
}

const attempt = (options: RebuildOptions, streamId: string): number | Error => {
  try {
    return rebuildStream(options, streamId)
  } catch (error) {
    if (!isRefusal(error)) throw error
    const before = options.store.loadFoldState(streamId)
    if (before !== null) options.store.saveFoldState({ ...before, status: "frozen" })
    return error
  }
}
