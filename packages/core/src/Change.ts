/**
 * What a fold step changes, for the interpreters to write. Changes name rows and columns only; every rule was applied before.
 */
import type { AnomalyReason, EventEnvelope, ItemChunkRow, Rows, TableName } from "@threadfold/contracts"
import type { RowSource } from "./RowSource.js"
import type { FoldState } from "./state/FoldState.js"

/** Insert the row or replace it whole; heavy columns that the row leaves out keep what is stored. */
export type Put = {
  readonly [N in TableName]: {
    readonly op: "put"
    readonly table: N
    readonly row: Rows[N]
    /** Where changes were put together for a store: it was found to have no row of this key, so that an insert is tried first. */
    readonly isNew?: true
  }
}[TableName]

/** Remove the row with this key; nothing happens where there is none. */
export interface Delete {
  readonly op: "delete"
  readonly table: TableName
  readonly key: readonly (string | number)[]
}

/**
 * Put the text behind that of the chunk with this key, and take over its sequence; without such a chunk it is one. The text is
 * well-formed, because pieces are joined in memory and in the database.
 */
export interface AppendChunk {
  readonly op: "append-chunk"
  readonly row: ItemChunkRow
  /** Take off the last character first: it stands for half a surrogate pair that the text completes. */
  readonly drop?: 1
}

/** Remove every chunk of an item: its final text came. */
export interface ClearChunks {
  readonly op: "clear-chunks"
  readonly itemId: string
}

/** Count one more anomaly of this key; the first one makes the row. */
export interface NoteAnomaly {
  readonly op: "anomaly"
  readonly threadId: string
  readonly subject: string
  readonly reason: AnomalyReason
  readonly sequence: number
  readonly detail: string | null
}

/** One change of rows. An interpreter carries it out. */
export type Change = Put | Delete | AppendChunk | ClearChunks | NoteAnomaly

/** What one step of the fold leads to. */
export interface FoldResult {
  readonly state: FoldState
  readonly changes: readonly Change[]
}

/** A fold of one event. Callers take it as a value, so that a test can plant a fault in it. */
export type Fold = (state: FoldState, event: EventEnvelope, rows: RowSource) => FoldResult
