/** Folds events that follow each other. Where they are deltas of one item they are folded as one step, which costs a fraction of many. */

import type { EventEnvelope, ItemRow } from "@threadfold/contracts"
import type { Change, Fold } from "../Change.js"
import type { RowSource } from "../RowSource.js"
import { type FoldState, recentItem } from "../state/FoldState.js"
import { type DeltaPiece, type DeltaRun, foldDeltaRun, isOrdinary, pieceOf } from "./deltaLane.js"
import { fold as currentFold } from "./fold.js"

/** Deltas that follow each other and are folded as one step. */
export interface RunOfDeltas {
  readonly item: ItemRow
  readonly run: DeltaRun
  readonly pieces: DeltaPiece[]
}

/** The run that an event begins; null: it begins none. */
export const beginsRun = (before: FoldState, event: EventEnvelope): RunOfDeltas | null => {
  const { channel, itemId, recordedAt, seq, sessionId } = event
  if (event.type !== "content.delta" || itemId === null || channel === null || seq === null) return null
  const item = recentItem(before.recentItems, itemId)
  const run = { sessionId, channel, recordedAt, seq }
  if (item === null || !isOrdinary(before, run)) return null
  const begun = { item, run, pieces: [] }
  return joinsRun(before, begun, event) ? begun : null
}

/** Takes an event into a run where it is the next of it. False: the run ends before it. */
export const joinsRun = (before: FoldState, { item, pieces, run }: RunOfDeltas, event: EventEnvelope): boolean => {
  if (
    event.type !== "content.delta" ||
    event.itemId !== item.itemId ||
    event.seq !== run.seq + pieces.length ||
    event.streamVersion !== before.streamVersion + 1 + pieces.length ||
    event.channel !== run.channel ||
    event.sessionId !== run.sessionId ||
    event.recordedAt !== run.recordedAt
  ) {
    return false
  }
  const piece = pieceOf(event.v, event.payload, event.at, event.sequence)
  if (piece === null) return false
  pieces.push(piece)
  return true
}

/**
 * Folds events of one stream, the oldest first, and gives the state after the last one. It leads to what the fold leads to event by
 * event: the same state, and rows that are the same when all changes are carried out.
 *
 * @param rows where the fold finds rows: it must see what `take` has taken
 * @param take takes the changes of an event, or of a run of deltas
 * @param fold another fold, which is asked for every event
 */
export const foldPage = (
  before: FoldState,
  events: readonly EventEnvelope[],
  rows: RowSource,
  take: (changes: readonly Change[]) => void,
  fold: Fold = currentFold,
): FoldState => {
  let state = before
  for (let index = 0; index < events.length; ) {
    const event = events[index]
    if (event === undefined) break
    const begun = fold === currentFold ? beginsRun(state, event) : null
    if (begun !== null) {
      index += 1
      for (let next = events[index]; next !== undefined && joinsRun(state, begun, next); next = events[index])
        index += 1
      const folded = foldDeltaRun(state, begun.run, begun.item, begun.pieces)
      state = folded.state
      take(folded.changes)
      continue
    }
    const folded = fold(state, event, rows)
    state = folded.state
    take(folded.changes)
    index += 1
  }
  return state
}
