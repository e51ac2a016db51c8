/**
 * Where a fold step gets closed rows from: SQL, a Map, or an overlay of changes that are not committed yet. One
 * interface, so that the live service, rebuild, replay and the tests run the same code.
 */
import type { Rows, TableName } from "@threadfold/contracts"

/** Rows of a stream, as the fold asks for them. */
export interface RowSource {
  /**
   * The row whose columns of `lookup` equal `values`, without its heavy columns, or null.
   * `lookup` is `key` for the primary key, or a name from the table's `lookups`. Where several rows match, the one
   * with the highest `ordinal` column wins (only the tables with an `ordinal` allow several).
   */
  readonly find: <N extends TableName>(
    table: N,
    lookup: string,
    values: readonly (string | number | null)[],
  ) => Rows[N] | null
  /**
   * The row of this key with its heavy columns, or null. For what happens once in a while, such as a command that has to
   * know what a question asks; no rule that every event takes may need it.
   */
  readonly whole: <N extends TableName>(table: N, key: readonly (string | number)[]) => Rows[N] | null
  /**
   * The rows of one of the table's `lists` whose columns equal `values`, without heavy columns, in no particular order. Here a
   * null matches null. Its cost depends on what it finds, not on how much is open.
   */
  readonly list: <N extends TableName>(
    table: N,
    name: string,
    values: readonly (string | number | null)[],
  ) => readonly Rows[N][]
  /** Called with an id that was made for the present event: no row has it, so a look-up can be skipped. */
  readonly minted?: (id: string) => void
}

/** A source without rows. */
export const noRows: RowSource = { find: () => null, whole: () => null, list: () => [] }

/** Tables of things with an id of ours that belong to one thread. */
export type EntityTable =
  | "sessions"
  | "turns"
  | "items"
  | "requests"
  | "inferences"
  | "realtime_runs"
  | "delegations"
  | "tasks"
  | "queue"

/** The stored row with this id, provided that it belongs to the thread; an id of another thread finds nothing. */
export const rowOfThread = <N extends EntityTable>(
  rows: RowSource,
  table: N,
  id: string,
  threadId: string,
): Rows[N] | null => {
  const row = rows.find(table, "key", [id])
  return row !== null && row.threadId === threadId ? row : null
}
