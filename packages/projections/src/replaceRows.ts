/** Puts rows that were folded elsewhere in the place of a stream's stored ones. */

import { fold as currentFold, encodeState, FOLD_VERSION, type FoldState } from "@threadfold/core"
import { cells, type FoldStateRow, MapStore, putOf, type TableRow } from "@threadfold/core/model"
import type { EventSource } from "./EventSource.js"
import type { ProjectionStore } from "./ProjectionStore.js"
import { isRefusal, type RebuildOptions, rebuildStream } from "./rebuild.js"
import { refold } from "./refold.js"

/** Rows written at a time: a long stream's are never all in memory twice. */
const batch = 500

const putAll = (store: ProjectionStore, rows: Iterable<TableRow>): void => {
  let puts: ReturnType<typeof putOf>[] = []
  for (const { row, table } of rows) {
    puts.push(putOf(table, cells(row)))
    if (puts.length < batch) continue
    store.apply(puts)
    puts = []
  }
  store.apply(puts)
}

/** The result of folding a stream. */
export interface Folded {
  readonly state: FoldState
  readonly rows: Iterable<TableRow>
  readonly foldVersion: number
}

/**
 * Replaces a stream's rows and state, all or nothing. Where the database refuses the rows, the old ones stay, the stream
 * is frozen until a rebuild, and an anomaly has the reason. `sequence`: of the stream's last event.
 */
export const replaceRows = (store: ProjectionStore, folded: Folded, sequence: number): FoldStateRow => {
  const { foldVersion, rows, state } = folded
  try {
    return store.atomically(() => {
      store.clearStream(state.streamId)
      putAll(store, rows)
      return save(store, state, foldVersion, "ok")
    })
  } catch (error) {
    if (!isRefusal(error)) throw error
    return freeze(store, state, foldVersion, sequence, error.message)
  }
}

const save = (
  store: ProjectionStore,
  state: FoldState,
  foldVersion: number,
  status: FoldStateRow["status"],
): FoldStateRow => {
  const { streamId, streamVersion } = state
  const row = { streamId, foldVersion, streamVersion, status, state: encodeState(state) }
  store.saveFoldState(row)
  return row
}

const freeze = (
  store: ProjectionStore,
  state: FoldState,
  foldVersion: number,
  sequence: number,
  detail: string,
): FoldStateRow => {
  const threadId = state.streamId
  store.apply([
    { op: "anomaly", threadId, subject: `stream:${threadId}`, reason: "projection-frozen", sequence, detail },
  ])
  return save(store, state, foldVersion, "frozen")
}

/**
 * Folds a whole stream again, inside the running transaction, for the append that waits for it; null for a stream
 * without events. Refused rows freeze it, and its events are applied.
 */
export const refoldNow = (options: RebuildOptions, streamId: string): FoldStateRow | null => {
  const { fold = currentFold, foldVersion = FOLD_VERSION, source, store } = options
  try {
    rebuildStream(options, streamId)
    return store.loadFoldState(streamId)
  } catch (error) {
    if (!isRefusal(error)) throw error
    const { state } = refold(source, new MapStore(), fold, streamId)
    return freeze(store, state, foldVersion, lastSequence(source, state), error.message)
  }
}

/** Sequence of the last event that is folded into a state. */
export const lastSequence = (source: EventSource, { streamId, streamVersion }: FoldState): number =>
  source.read(streamId, streamVersion - 1, 1)[0]?.sequence ?? 0
