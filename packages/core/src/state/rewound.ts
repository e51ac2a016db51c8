/**
 * Which turns were taken back (rule 13). Ranges of turns never overlap in part: a later one begins at a turn that still counted,
 * so it holds an earlier range whole or not at all. Those that no later one holds are numbered by `depth`, oldest first, and
 * found by bisection, so the cost grows neither with the turns of a thread nor with its rewinds.
 */
import { type RewindRow, rewindTurnLimit, type TurnRow } from "@threadfold/contracts"
import type { RowSource } from "../RowSource.js"
import type { FoldState } from "./FoldState.js"

type Rewinds = Pick<FoldState, "streamId" | "rewinds">

/** The outer range of this depth; null: there are not so many. */
export const rangeOf = ({ rewinds, streamId }: Rewinds, rows: RowSource, depth: number): RewindRow | null =>
  rewinds === null || depth < 1 || depth > rewinds.depth ? null : rows.find("rewinds", "byDepth", [streamId, depth])

/** The outermost range that holds the turn of this ordinal, or null. */
export const rangeAt = (state: Rewinds, rows: RowSource, ordinal: number): RewindRow | null => {
  let low = 1
  let high = state.rewinds?.depth ?? 0
  let found: RewindRow | null = null
  while (low <= high) {
    const middle = (low + high) >> 1
    const range = rangeOf(state, rows, middle)
    if (range !== null && range.fromOrdinal <= ordinal) {
      found = range
      low = middle + 1
    } else high = middle - 1
  }
  return found !== null && ordinal <= found.toOrdinal ? found : null
}

/**
 * Whether the provider has taken the turn, so that it counts in a rewind: a turn that steered, or was never delivered, does not.
 */
export const isTaken = (turn: TurnRow): boolean =>
  turn.origin !== "synthetic" &&
  turn.steeredInto === null &&
  (turn.startedAt !== null || (turn.nativeTurnId !== null && turn.outcome !== "cancelled"))

/** Where a rewind stops: at a turn that was kept, or after this many turns. */
export interface RewindBound {
  readonly kept: TurnRow | null
  readonly count: number
}

/** The turns that a rewind takes back. */
export interface TakenBack {
  /** The oldest of them. */
  readonly first: TurnRow
  readonly count: number
}

/** The turns that a rewind takes back; null: none. It goes back from the newest turn, over ranges taken back before. */
export const takenBack = (
  state: Rewinds & Pick<FoldState, "thread">,
  rows: RowSource,
  { count, kept }: RewindBound,
): TakenBack | null => {
  const newest = state.thread?.turns ?? 0
  let depth = state.rewinds?.depth ?? 0
  let range = rangeOf(state, rows, depth)
  let first: TurnRow | null = null
  let taken = 0
  let looked = 0
  for (let ordinal = newest; ordinal >= 1 && looked < rewindTurnLimit; looked++) {
    if (range !== null && ordinal <= range.toOrdinal) {
      ordinal = Math.min(ordinal, range.fromOrdinal) - 1
      depth -= 1
      range = rangeOf(state, rows, depth)
      continue
    }
    const turn = rows.find("turns", "byOrdinal", [state.streamId, ordinal])
    if (turn !== null && turn.turnId === kept?.turnId) break
    if (turn !== null && isTaken(turn)) {
      first = turn
      taken += 1
      if (kept === null && taken >= count) break
    }
    ordinal -= 1
  }
  return first === null ? null : { first, count: taken }
}
