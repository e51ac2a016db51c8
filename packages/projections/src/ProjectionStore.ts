/**
 * Where the engine writes projections: one interface, two interpreters (SQL tables, Maps). Synchronous, and inside the
 * log's transaction, so that an event and the rows it leads to are committed together.
 */
import type { Change } from "@threadfold/core"
import type { FoldStateRow, RemovedRows, RowsSource, ServedSession, TableRow } from "@threadfold/core/model"

/** Rows and open states that a writer can change. */
export interface ProjectionStore extends RowsSource {
  /**
   * Writes changes in the order given. Inside the writer they come netted from `Overlay.net`, one per row, rows leaving
   * an active state before rows entering one; changes straight from the fold work as well. Throws what the database
   * throws.
   */
  readonly apply: (changes: readonly Change[]) => void
  readonly loadFoldState: (streamId: string) => FoldStateRow | null
  readonly saveFoldState: (row: FoldStateRow) => void
  /** Removes every row and the fold state of a stream; a rebuild begins with it. */
  readonly clearStream: (streamId: string) => void
  /**
   * Removes at most `limit` rows of a stream, of any table but `threads` and `connections`: what a purge leaves of it is that row and the fold state.
   * Nothing is removed when none is left.
   */
  readonly removeSome: (streamId: string, limit: number) => RemovedRows
  /** Sessions of a thread behind this epoch, oldest first, at most `limit`, with their connections. */
  readonly sessionsAfter: (threadId: string, epoch: number, limit: number) => readonly ServedSession[]
  /** Connections that were opened for a thread, by their ids, behind this id, at most `limit`. */
  readonly openedFor: (threadId: string, after: string, limit: number) => readonly string[]
  /** Whether a thread besides this one has a session on the connection, or has it opened for it and is not purged. */
  readonly servesOther: (connectionId: string, threadId: string) => boolean
  /** Every row of a stream in canonical order (table order, then key), heavy columns included. For hash, verify, check. */
  readonly rowsOf: (streamId: string) => Iterable<TableRow>
  /** Ids of all streams that have a fold state, in order, after `after` (exclusive), at most `limit`. */
  readonly streams: (after: string | null, limit: number) => readonly FoldStateRow[]
  /** Ids of all streams that own a row or a fold state, in order, after `after` (exclusive), at most `limit`. */
  readonly owners: (after: string | null, limit: number) => readonly string[]
  /** A small value that belongs to the projections (such as how far a rebuild came), or null. */
  readonly getMeta: (key: string) => string | null
  /** Sets such a value; null removes it. */
  readonly setMeta: (key: string, value: string | null) => void
  /**
   * Runs `body`; when it throws, the store is as it was before and the error is thrown on. SQL: a transaction, or a savepoint
   * inside the transaction that is open already.
   */
  readonly atomically: <A>(body: () => A) => A
}
