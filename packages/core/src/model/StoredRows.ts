/** Rows as interpreters of the fold's changes keep them and give them out. A row stays with its stream. */
import type { AnyRow, Rows, TableName } from "@threadfold/contracts"
import type { RowSource } from "../RowSource.js"
import { type Cells, type Layout, scalar } from "./Layout.js"

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

/** Tables whose row of a purged stream stays: it is what its tombstone leads to. */
export const tombstoneTables: ReadonlySet<TableName> = new Set<TableName>(["threads", "connections"])

/** A session of a thread, and the connection that it ran on. */
export interface ServedSession {
  /** Its place among those of the thread. */
  readonly epoch: number
  /** Null: an adapter outside fed it. */
  readonly connectionId: string | null
}

/** Rows that were removed at a time. */
export interface RemovedRows {
  readonly keys: readonly { readonly table: TableName; readonly key: readonly (string | number)[] }[]
  /** About how long their texts were, in bytes. */
  readonly bytes: number
}

/** A source that can also list all matches of a look-up: what an `Overlay` lies over. */
export interface RowsSource extends RowSource {
  /**
   * Every row that matches, without heavy columns, best first (highest ordinal, else lowest key). A null among the
   * values matches nothing, here and in `find`.
   */
  readonly findAll: <N extends TableName>(
    table: N,
    lookup: string,
    values: readonly (string | number | null)[],
  ) => readonly Rows[N][]
}

/**
 * A change would move a row to another stream: an id of ours came up in a second stream. The tables refuse the same with a
 * trigger, and `code` is that of their refusal, so that a writer handles both alike: it freezes the stream of the change, and the
 * owner's rows stay as they are.
 */
export class ForeignRow extends Error {
  readonly code = "SQLITE_CONSTRAINT_TRIGGER"

  constructor(table: string, owner: string) {
    super(`a row of ${table} belongs to the stream ${owner}`)
    this.name = "ForeignRow"
  }
}

/** Throws where `after` would take the place of another stream's row. */
export const keepOwner = (of: Layout, before: Cells | null, after: Cells): void => {
  if (of.guarded && before !== null && before[of.owner] !== after[of.owner]) {
    throw new ForeignRow(of.table, String(scalar(before, of.owner)))
  }
}
