/** A stream folded event by event in memory: what shows a thread as it was, and what finds the event that changed something. */
import type { EventEnvelope } from "@threadfold/contracts"
import type { Change, Fold, FoldResult } from "../Change.js"
import { foldDeltaRun } from "../fold/deltaLane.js"
import { fold as currentFold } from "../fold/fold.js"
import { beginsRun, joinsRun, type RunOfDeltas } from "../fold/foldPage.js"
import { type FoldState, initialState } from "../state/FoldState.js"
import { MapStore } from "./MapStore.js"

/** Deltas of a step, at most: what is held of them is bounded. */
const longestRun = 256

/** A stream after one of its events. The next step changes the store: a caller copies what it keeps of it. */
export interface WalkStep {
  /** The event; of a run of deltas the last one. */
  readonly event: EventEnvelope
  /** How many events were folded: one, or the deltas of a run. */
  readonly events: number
  /** The changes that the fold makes of the event. */
  readonly changes: readonly Change[]
  readonly state: FoldState
  /** All rows after the event. */
  readonly store: MapStore
}

/**
 * Folds the events of one stream, the oldest first, and shows every step.
 *
 * @param events all events of the stream from its first one on, in order
 * @param fold another build of the fold, for what-if
 * @param store where the rows are made, without rows of this stream yet
 * @param kept makes of the changes those that are carried out
 * @param mayJoin asked of every event of a run of deltas: whether its step may be one with those of the others
 */
export function* walk(
  streamId: string,
  events: Iterable<EventEnvelope>,
  fold: Fold = currentFold,
  store: MapStore = new MapStore(),
  kept: (changes: readonly Change[]) => readonly Change[] = (changes) => changes,
  mayJoin: ((event: EventEnvelope) => boolean) | null = null,
): Generator<WalkStep, void> {
  const joins = fold === currentFold ? mayJoin : null
  let state = initialState(streamId)
  let held: { readonly deltas: RunOfDeltas; last: EventEnvelope } | null = null
  const step = (event: EventEnvelope, count: number, { changes, state: next }: FoldResult): WalkStep => {
    store.apply(kept(changes))
    state = next
    return { event, events: count, changes, state, store }
  }
  const stepOfRun = ({ deltas, last }: NonNullable<typeof held>): WalkStep =>
    step(last, deltas.pieces.length, foldDeltaRun(state, deltas.run, deltas.item, deltas.pieces))
  for (const event of events) {
    if (held !== null) {
      if (held.deltas.pieces.length < longestRun && joins?.(event) === true && joinsRun(state, held.deltas, event)) {
        held.last = event
        continue
      }
      yield stepOfRun(held)
      held = null
    }
    const deltas: RunOfDeltas | null = joins?.(event) === true ? beginsRun(state, event) : null
    if (deltas === null) yield step(event, 1, fold(state, event, store))
    else held = { deltas, last: event }
  }
  if (held !== null) yield stepOfRun(held)
}
