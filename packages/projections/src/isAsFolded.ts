/** Whether the stored rows of one stream are what its events lead to: what a rebuild beside the live tables asks of every stream. */

import type { TableName } from "@threadfold/contracts"
import { canonicalJson, fold as currentFold, encodeState, FOLD_VERSION, type Fold } from "@threadfold/core"
import { type FoldStateRow, MapStore } from "@threadfold/core/model"
import { differences } from "./compare.js"
import { type EventSource, standingRows } from "./EventSource.js"
import type { ProjectionStore } from "./ProjectionStore.js"
import { type Refold, refold } from "./refold.js"
import { ofTable } from "./replaceRows.js"
import { parseJson } from "./SqlText.js"

export interface ComparisonOptions {
  readonly source: EventSource
  /** The stored rows; a handle that can only read is enough. */
  readonly store: ProjectionStore
  /** Runs `body` so that all its reads, of the store and of the source, see one state of the database. */
  readonly readTransaction: <A>(body: () => A) => A
  /** Compares the rows of this table alone; null: of all, and the state. */
  readonly table: TableName | null
  /** Another fold, for tests that plant a fault. */
  readonly fold?: Fold
  /** Version of that fold. */
  readonly foldVersion?: number
  /** Called every few hundred events with how many were folded since the last call. */
  readonly onEvents?: (count: number) => void
}

/** Events between two calls of `onEvents`: a few milliseconds. */
const slice = 500
/** A writer that appends faster than we catch up gets the rest folded inside the read transaction. */
const roundsOutside = 5

/**
 * Folds the events of a stream into memory and compares. False: a row differs, or the state, or the stream is frozen, or another fold
 * made its rows, or the log goes on behind them. Works beside a running writer: only the comparison is inside a read transaction.
 */
export const isAsFolded = (options: ComparisonOptions, streamId: string): boolean => {
  const { foldVersion = FOLD_VERSION, readTransaction, source, store, table } = options
  const expected = new MapStore()
  let done: Refold | null = null
  for (let round = 0; ; round++) {
    const before = store.loadFoldState(streamId)
    if (isUsable(before, foldVersion)) done = advance(options, expected, before, done)
    const verdict = readTransaction((): boolean | null => {
      const now = store.loadFoldState(streamId)
      if (!isUsable(now, foldVersion)) return false
      if (now.streamVersion !== done?.state.streamVersion) {
        if (round < roundsOutside) return null
        done = advance(options, expected, now, done)
      }
      if (source.read(streamId, now.streamVersion, 1).length > 0) return false
      for (const _difference of differences(
        streamId,
        ofTable(expected.rowsOf(streamId), table),
        ofTable(standingRows(source, store, streamId), table),
      )) {
        return false
      }
      return table !== null || hasState(now, done)
    })
    if (verdict !== null) return verdict
  }
}

const isUsable = (state: FoldStateRow | null, foldVersion: number): state is FoldStateRow =>
  state?.foldVersion === foldVersion && state.status === "ok"

const hasState = (stored: FoldStateRow, { state }: Refold): boolean =>
  stored.streamVersion === state.streamVersion &&
  canonicalJson(parseJson(stored.state)) === canonicalJson(parseJson(encodeState(state)))

const advance = (options: ComparisonOptions, expected: MapStore, to: FoldStateRow, from: Refold | null): Refold => {
  const { fold = currentFold, onEvents, source } = options
  let done = from ?? refold(source, expected, fold, to.streamId, 0)
  while (done.state.streamVersion < to.streamVersion) {
    const until = Math.min(to.streamVersion, done.state.streamVersion + slice)
    done = refold(source, expected, fold, to.streamId, until, done.state)
    onEvents?.(done.events)
    // The log ends before the version that the rows name.
    if (done.events === 0) break
  }
  return done
}
