/** The walk of a thread row by row: which rows a step moved, what was there before, and the same as a change of the document. */
import type { EventEnvelope, Rows, TableName, ThreadSnapshot } from "@threadfold/contracts"
import type { Change, Fold } from "../Change.js"
import { diffSnapshots, type RowChange } from "./diff.js"
import { type Cells, cells, keyOf, layout, type Scalar, toRow } from "./Layout.js"
import { type KeepsText, lightened } from "./LightRows.js"
import { MapStore } from "./MapStore.js"
import type { TableRow } from "./StoredRows.js"
import { snapshotOf } from "./snapshotOf.js"
import { type WalkStep, walk } from "./walk.js"

/** A row before and after a change; null: it is not there. Rows are replaced, never changed, so both sides stay true. */
export interface RowMove {
  readonly table: TableName
  readonly before: Cells | null
  readonly after: Cells | null
}

/** A step of a walk with the rows that it moved, in their order. */
export interface RowStep extends WalkStep {
  readonly moves: readonly RowMove[]
}

/** The moves that take moves back. */
export const reversed = (moves: readonly RowMove[]): readonly RowMove[] =>
  moves.map(({ after, before, table }) => ({ table, before: after, after: before })).reverse()

/**
 * Folds the events of one stream as {@link walk} does, and tells the rows that each step moved.
 *
 * @param keeps the text that the rows hold; null: all of it
 * @param mayJoin whether the step of a delta may be one with those of the deltas beside it; null: each event is a step
 */
export function* walkRows(
  streamId: string,
  events: Iterable<EventEnvelope>,
  fold?: Fold,
  keeps: KeepsText | null = null,
  mayJoin: ((event: EventEnvelope) => boolean) | null = null,
): Generator<RowStep, void> {
  const store = new MapStore()
  let moves: RowMove[] = []
  store.onMove = (table, before, after) => {
    moves.push({ table, before, after })
  }
  const kept = keeps === null ? undefined : (changes: readonly Change[]) => lightened(changes, keeps)
  for (const step of walk(streamId, events, fold, store, kept, mayJoin)) {
    const moved = moves
    moves = []
    yield { ...step, moves: moved }
  }
}

/** A row that a step moved, with the sides of its first and its last move. */
interface Moved {
  readonly table: TableName
  readonly key: readonly Scalar[]
  readonly before: Cells | null
  after: Cells | null
}

/** The moves of a step, one per row. */
const netted = (moves: readonly RowMove[]): ReadonlyMap<string, Moved> => {
  const byKey = new Map<string, Moved>()
  for (const { after, before, table } of moves) {
    const row = before ?? after
    if (row === null) continue
    const key = keyOf(layout(table), row)
    const name = JSON.stringify([table, ...key])
    const known = byKey.get(name)
    if (known === undefined) byKey.set(name, { table, key, before, after })
    else known.after = after
  }
  return byKey
}

type Side = "before" | "after"

/** A step of which {@link changedRows} tells what it changed: its moves, and all rows after them. */
export interface MovedStep {
  readonly event: Pick<EventEnvelope, "sequence">
  readonly moves: readonly RowMove[]
  readonly store: Pick<MapStore, "find" | "under" | "whole">
}

/** The rows of a step on one side: those that it moved, and those that a document needs to show these. */
class Surroundings {
  private readonly moved: ReadonlyMap<string, Moved>

  constructor(
    private readonly threadId: string,
    private readonly step: MovedStep,
  ) {
    this.moved = netted(step.moves)
  }

  /** The part of the document that the step may have changed; null: the thread is not there. */
  snapshot(side: Side): ThreadSnapshot | null {
    const rows = new Map<string, TableRow>()
    const add = (table: TableName, row: Cells | null): void => {
      if (row === null) return
      rows.set(JSON.stringify([table, ...keyOf(layout(table), row)]), { table, row: toRow(table, row) })
    }
    const thread = this.row(side, "threads", [this.threadId])
    if (thread === null) return null
    add("threads", thread)
    const { sessionId } = toRow("threads", thread)
    if (sessionId !== null) add("sessions", this.row(side, "sessions", [sessionId]))
    for (const one of this.moved.values()) {
      if (one.table === "item_chunks") add("items", this.row(side, "items", [String(one.key[0])]))
      else if (one.table !== "connections") add(one.table, one[side])
    }
    for (const ordinal of this.turnsTakenBack()) {
      const found = this.step.store.find("turns", "byOrdinal", [this.threadId, ordinal])
      if (found !== null) add("turns", this.row(side, "turns", [found.turnId]))
    }
    for (const rewind of this.under(side, "rewinds", this.threadId)) add("rewinds", rewind)
    for (const { row, table } of [...rows.values()]) {
      if (table !== "items") continue
      for (const chunk of this.under(side, "item_chunks", String(cells(row).itemId))) add("item_chunks", chunk)
    }
    return snapshotOf(rows.values(), this.step.event.sequence)
  }

  private row(side: Side, table: TableName, key: readonly Scalar[]): Cells | null {
    const moved = this.moved.get(JSON.stringify([table, ...key]))
    if (moved !== undefined) return moved[side]
    const found = this.step.store.whole(table, key)
    return found === null ? null : cells(found)
  }

  private under<N extends TableName>(side: Side, table: N, first: Scalar): readonly Cells[] {
    const untouched = this.step.store
      .under(table, first)
      .map(cells)
      .filter((row) => !this.moved.has(JSON.stringify([table, ...keyOf(layout(table), row)])))
    const moved = [...this.moved.values()].flatMap((one) => {
      const row = one.table === table && one.key[0] === first ? one[side] : null
      return row === null ? [] : [row]
    })
    return [...untouched, ...moved]
  }

  /** Ordinals of the turns that a rewind of this step took back. */
  private turnsTakenBack(): readonly number[] {
    return [...this.moved.values()].flatMap(({ after, table }) => {
      if (table !== "rewinds" || after === null) return []
      const { fromOrdinal, toOrdinal }: Rows["rewinds"] = toRow("rewinds", after)
      return Array.from({ length: Math.max(0, toOrdinal - fromOrdinal + 1) }, (_, at) => fromOrdinal + at)
    })
  }
}

/**
 * What a step changed in the `thread --json` document, as {@link diffSnapshots} tells it. To be asked before the walk goes on. Its
 * cost is that of the rows that moved, not of the thread.
 */
export const changedRows = (threadId: string, step: MovedStep): readonly RowChange[] => {
  const around = new Surroundings(threadId, step)
  const after = around.snapshot("after")
  return after === null ? [] : diffSnapshots(around.snapshot("before"), after).rows
}
