/**
 * Which rows the writer has changed, for programs that keep copies of them. Keys alone: a reader of the rows gets them as they are
 * when it reads. Without a listener a batch pays for one look at a flag per step.
 */
import type { TableName } from "@threadfold/contracts"
import type { Change } from "@threadfold/core"
import { cells, keyOf, layout, type Scalar, wellFormed } from "@threadfold/core/model"

/** A row by its key. Fewer values than the table's key has: every row whose key begins with them was removed. */
export interface RowKey {
  readonly table: TableName
  readonly key: readonly Scalar[]
}

/** What changed of one stream. */
export interface ChangedStream {
  readonly streamId: string
  /** Sequence of the last event that changed something of it. */
  readonly sequence: number
  /** All of its rows were made again. */
  readonly refolded: boolean
  readonly keys: readonly RowKey[]
}

interface Noted {
  sequence: number
  refolded: boolean
  readonly keys: Map<string, RowKey>
}

const keyOfChange = (change: Change): RowKey => {
  switch (change.op) {
    case "put":
      return { table: change.table, key: keyOf(layout(change.table), cells(change.row)) }
    case "delete":
      return { table: change.table, key: change.key }
    case "append-chunk":
      return { table: "item_chunks", key: [change.row.itemId, change.row.ordinal] }
    case "clear-chunks":
      return { table: "item_chunks", key: [change.itemId] }
    case "anomaly":
      return { table: "anomalies", key: [change.threadId, wellFormed(change.subject), change.reason] }
  }
}

export class ChangedRows {
  /** There is a listener. */
  isWatched = false
  private running = new Map<string, Noted>()
  private committed = new Map<string, Noted>()

  /** Notes what a step of the running batch changes. */
  note(streamId: string, sequence: number, changes: readonly Change[]): void {
    if (!this.isWatched) return
    const noted = notedOf(this.running, streamId)
    noted.sequence = sequence
    for (const change of changes) {
      const key = keyOfChange(change)
      noted.keys.set(JSON.stringify([key.table, ...key.key]), key)
    }
  }

  /** Notes that the running batch makes all rows of a stream anew. */
  refolded(streamId: string, sequence: number): void {
    if (!this.isWatched) return
    const noted = notedOf(this.running, streamId)
    noted.sequence = sequence
    noted.refolded = true
  }

  /** The batch is committed. */
  commit(): void {
    for (const [streamId, { keys, refolded, sequence }] of this.running) {
      const noted = notedOf(this.committed, streamId)
      noted.sequence = sequence
      noted.refolded ||= refolded
      for (const [text, key] of keys) noted.keys.set(text, key)
    }
    this.discard()
  }

  /** The batch never happened. */
  discard(): void {
    if (this.running.size > 0) this.running = new Map()
  }

  /** What was committed since it was taken last; null: there is no listener. */
  take(): readonly ChangedStream[] | null {
    if (!this.isWatched) return null
    const taken = [...this.committed].map(([streamId, { keys, refolded, sequence }]) => ({
      streamId,
      sequence,
      refolded,
      keys: [...keys.values()],
    }))
    this.committed = new Map()
    return taken
  }

  /** Begins or ends the watching; what was noted before is forgotten. Where it goes on, nothing is. */
  watch(isWatched: boolean): void {
    if (isWatched === this.isWatched) return
    this.isWatched = isWatched
    this.running = new Map()
    this.committed = new Map()
  }
}

const notedOf = (streams: Map<string, Noted>, streamId: string): Noted => {
  const known = streams.get(streamId)
  if (known !== undefined) return known
  const made: Noted = { sequence: 0, refolded: false, keys: new Map() }
  streams.set(streamId, made)
  return made
}
