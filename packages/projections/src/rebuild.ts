/**
 * Makes the rows anew from the log, offline: the caller owns the database. Streams are rebuilt in batches, one
 * transaction each, so that a killed rebuild leaves every stream with its old rows or its new ones, never a mixture.
 */
import { fold as currentFold, encodeState, FOLD_VERSION, type Fold } from "@threadfold/core"
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

/** Where an interrupted rebuild left off. */
const progressKey = "rebuild"

/**
 * Rebuilds one stream, in a transaction of its own or inside the open one: clears its rows, folds its events, stores the
 * rows and the state. A frozen stream is `ok` again. Returns how many events were folded.
 */
export const rebuildStream = (
  { source, store, fold = currentFold, foldVersion = FOLD_VERSION }: RebuildOptions,
  streamId: string,
): number =>
  store.atomically(() => {
    store.clearStream(streamId)
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
  })

/** True for a row that breaks a rule of the schema, false for a database that cannot write. */
export const isRefusal = (error: unknown): error is Error =>
  error instanceof Error &&
  (error instanceof TypeError || ("code" in error && String(error.code).startsWith("SQLITE_CONSTRAINT")))

/** Rebuilds every stream. Throws what the database throws when it cannot write at all. */
export const rebuild = (options: RebuildOptions): RebuildReport => {
  const { source, store, foldVersion = FOLD_VERSION, eventsPerTransaction = 20_000 } = options
  const start = options.resume === true ? resumePoint(store, foldVersion) : null
  const ids = allStreams(source, store, start)[Symbol.iterator]()
  const refused: { readonly streamId: string; readonly detail: string }[] = []
  let streams = 0
  let events = 0
  for (let next = ids.next(); next.done !== true; ) {
    store.atomically(() => {
      let last = ""
      for (let inBatch = 0; next.done !== true && inBatch < eventsPerTransaction; next = ids.next()) {
        last = next.value
        const outcome = attempt(options, last)
        if (typeof outcome === "number") inBatch += outcome
        else refused.push({ streamId: last, detail: outcome.message })
        events += typeof outcome === "number" ? outcome : 0
        streams += 1
      }
      store.setMeta(progressKey, JSON.stringify({ foldVersion, after: last }))
    })
    options.onProgress?.({ streams, events, refused })
  }
  store.setMeta(progressKey, null)
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

const resumePoint = (store: ProjectionStore, foldVersion: number): string | null => {
  const left: unknown = JSON.parse(store.getMeta(progressKey) ?? "null")
  if (typeof left !== "object" || left === null || !("after" in left) || !("foldVersion" in left)) return null
  return left.foldVersion === foldVersion && typeof left.after === "string" ? left.after : null
}
