/** Puts rows that were folded elsewhere in the place of a stream's stored ones. */

import type { TableName } from "@threadfold/contracts"
import { fold as currentFold, encodeState, FOLD_VERSION, type FoldState } from "@threadfold/core"
import { cells, type FoldStateRow, keyOf, layout, MapStore, putOf, type TableRow } from "@threadfold/core/model"
import { changesBetween } from "./compare.js"
import type { EventSource } from "./EventSource.js"
import type { ProjectionStore } from "./ProjectionStore.js"
import { isRefusal, noteRemade, type RebuildOptions, rebuildStream } from "./rebuild.js"
import { refold } from "./refold.js"

/** The result of folding a stream. */
export interface Folded {
  readonly state: FoldState
  readonly rows: Iterable<TableRow>
  readonly foldVersion: number
}

/** What became of the stored rows. */
export interface Replaced {
  /** Rows that were removed, put or put anew. */
  readonly rows: number
  /** Why the database refused the new rows; null: it took them. */
  readonly refused: string | null
}

/** How rows are replaced. */
export interface ReplaceOptions {
  /** Sequence of the stream's last event. */
  readonly sequence: number
  /**
   * Writes the rows of this table alone. Rows that another fold made, or a state that is not that of the last event, make it all
   * tables: rows of two folds are never mixed. Null: all tables.
   */
  readonly table?: TableName | null
}

/**
 * Replaces a stream's rows and state, all or nothing. Only rows that differ are written. Where the database refuses the rows, the old
 * ones stay, the stream is frozen until a rebuild, and an anomaly has the reason.
 */
export const replaceRows = (
  store: ProjectionStore,
  folded: Folded,
  { sequence, table = null }: ReplaceOptions,
): Replaced => {
  const { foldVersion, state } = folded
  try {
    return store.atomically(() => {
      const stored = store.loadFoldState(state.streamId)
      const only = stored !== null && isCurrent(stored, state, foldVersion) ? table : null
      const rows = writeChanges(store, folded, only)
      if (only === null) save(store, state, foldVersion, "ok")
      if (rows > 0) noteRemade(store)
      return { rows, refused: null }
    })
  } catch (error) {
    if (!isRefusal(error)) throw error
    freeze(store, state, foldVersion, sequence, error.message)
    return { rows: 0, refused: error.message }
  }
}

/** Whether the stored rows are of this fold and this last event, so that one table of them may be replaced alone. */
const isCurrent = (stored: FoldStateRow, { streamVersion }: FoldState, foldVersion: number): boolean =>
  stored.status === "ok" && stored.foldVersion === foldVersion && stored.streamVersion === streamVersion

/** Removes first what differs: what is put then meets only rows that stay, so that no unique place is taken twice. */
const writeChanges = (store: ProjectionStore, { rows, state }: Folded, table: TableName | null): number => {
  const changes = changesBetween(ofTable(rows, table), ofTable(store.rowsOf(state.streamId), table))
  const { put, removed } = changes
  for (const row of removed) {
    store.apply([{ op: "delete", table: row.table, key: keyOf(layout(row.table), cells(row.row)) }])
  }
  for (const row of put) store.apply([putOf(row.table, cells(row.row))])
  return changes.rows
}

/** The rows of one table; null: all of them. */
export const ofTable = (rows: Iterable<TableRow>, table: TableName | null): Iterable<TableRow> =>
  table === null ? rows : onlyOf(rows, table)

function* onlyOf(rows: Iterable<TableRow>, table: TableName): Iterable<TableRow> {
  for (const row of rows) if (row.table === table) yield row
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
