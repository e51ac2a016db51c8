/**
 * Where the engine writes projections: one interface, two interpreters (SQL tables, Maps). Synchronous, and inside the
 * log's transaction, so that an event and the rows it leads to are committed together.
 */
import type { AnyRow, TableName } from "@threadfold/contracts"
import type { Change, RowSource } from "@threadfold/core"

/** The small open state of one stream as it was left by its last event. */
export interface FoldStateRow {
  readonly streamId: string
  /** Version of the fold that made it. */
  readonly foldVersion: number
  /** Last event that is folded in. */
  readonly streamVersion: number
  /** `ok`, or `frozen`: SQL refused the rows, they wait for a rebuild. */
  readonly status: "ok" | "frozen"
  /** JSON of the state. */
  readonly state: string
}

/** One row of a stream's projections, with the table it belongs to. */
export interface TableRow {
  readonly table: TableName
  readonly row: AnyRow
}

export interface ProjectionStore extends RowSource {
  /**
   * Writes changes that were netted per row (see `Overlay.net`), in the order given: rows leaving an active state come
   * before rows entering one. Throws what the database throws.
   */
  readonly apply: (changes: readonly Change[]) => void
  readonly loadFoldState: (streamId: string) => FoldStateRow | null
  readonly saveFoldState: (row: FoldStateRow) => void
  /** Removes every row and the fold state of a stream; a rebuild begins with it. */
  readonly clearStream: (streamId: string) => void
  /** Every row of a stream in canonical order (table order, then key), heavy columns included. For hash, verify, check. */
  readonly rowsOf: (streamId: string) => Iterable<TableRow>
  /** Ids of all streams that have a fold state, in order, after `after` (exclusive), at most `limit`. */
  readonly streams: (after: string | null, limit: number) => readonly FoldStateRow[]
}
