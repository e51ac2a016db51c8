/** The writer as the engine's service sees it: in the same thread, or in a worker thread. */
import type { MessagePort } from "node:worker_threads"
import type { TableName } from "@threadfold/contracts"
import type { FileChange } from "@threadfold/event-log"
import type { Replaced } from "@threadfold/projections"
import type { Effect } from "effect"
import type { EngineStopped, SubmitError } from "../Errors.js"
import type { PurgeDemand, PurgeState } from "../purge/index.js"
import type { Outcome, Submission } from "../Submission.js"
import type { ChangedStream } from "./ChangedRows.js"

/** Called after a commit with the head of the log and the rows that the commit changed. */
export type RowListener = (head: number, changed: readonly ChangedStream[]) => void

export interface WriterPort {
  readonly offer: (submission: Submission, done: (outcome: Outcome) => void) => void
  readonly getMeta: (key: string) => Effect.Effect<string | null, EngineStopped>
  /**
   * Sets the listener for the rows that each commit changes; null: none. Gives the sequence after which no change is left out.
   */
  readonly watchRows: (listener: RowListener | null) => Effect.Effect<number, EngineStopped>
  /** Folds a stream again and replaces its rows, of one table or (null) of all; nothing is appended. */
  readonly refold: (streamId: string, table: TableName | null) => Effect.Effect<Replaced, SubmitError>
  /** Leaves a tombstone in place of a thread; its content then goes. The purge as it has begun, now or before. */
  readonly purge: (demand: PurgeDemand) => Effect.Effect<PurgeState, SubmitError>
  /** The purge of a thread; null: it was not purged. */
  readonly purgeOf: (threadId: string) => Effect.Effect<PurgeState | null, SubmitError>
  /** Notes how far a rebuild is; null: none is under way. */
  readonly noteRebuild: (point: string | null) => Effect.Effect<void, SubmitError>
  /** A port by which another thread reaches the writer; null: the writer is in this thread. */
  readonly connect: () => MessagePort | null
  /** What the writer found to be wrong with its files. */
  readonly lost: () => FileChange | null
}
