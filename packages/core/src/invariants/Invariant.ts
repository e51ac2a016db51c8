/**
 * What an invariant is. Three kinds: *log* looks at the sequence as recorded, *row* at the stored tables as they are,
 * *fold* at the open state after every step. A fact that sources may cause is an anomaly; a broken invariant is a bug of
 * ours or a damaged database.
 */
import type { EventEnvelope, Rows, TableName } from "@threadfold/contracts"
import type { Step } from "../fold/Step.js"

/** `error`: the data is wrong. `warning`: the data may be right, and a person should look. */
export type Severity = "error" | "warning"

interface Described {
  /** Stable name, `<kind>.<what>`. */
  readonly id: string
  /** What always holds, as one sentence. */
  readonly text: string
  readonly severity: Severity
}

/**
 * A check of one stream: given its events in order, each once, it returns what is wrong with the event, or null. Its memory
 * is its own and bounded by what is open or recent, never by the length of the log.
 */
export type LogCheck = (event: EventEnvelope) => string | null

export interface LogInvariant extends Described {
  readonly kind: "log"
  /** A fresh check for a stream. */
  readonly start: (streamId: string) => LogCheck
}

/** The stored rows of one stream. Heavy columns may be missing. */
export interface ThreadRows {
  readonly all: <N extends TableName>(table: N) => readonly Rows[N][]
}

/** A row that breaks an invariant. */
export interface RowViolation {
  readonly table: TableName
  /** Values of the table's key columns. */
  readonly key: readonly (string | number)[]
  /** Sequence of the last event that touched the row, or one of the rows that it contradicts. */
  readonly sequence: number
  /** What is wrong, as one sentence. */
  readonly detail: string
}

export interface RowInvariant extends Described {
  readonly kind: "row"
  /** Version of the fold from which on rows keep it; absent: all do. Rows of an earlier one are folded again before anything depends on them. */
  readonly since?: number
  readonly violations: (rows: ThreadRows) => readonly RowViolation[]
}

export interface StateInvariant extends Described {
  readonly kind: "fold"
  /** What is wrong with the state that the step leaves, or null. Looks at what the step wrote, never at all that is open. */
  readonly violation: (step: Step) => string | null
}

/** An invariant of a log, of rows or of the open state. */
export type Invariant = LogInvariant | RowInvariant | StateInvariant
