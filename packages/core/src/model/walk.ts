/** A stream folded event by event in memory: what shows a thread as it was, and what finds the event that changed something. */
import type { EventEnvelope } from "@threadfold/contracts"
import type { Change, Fold } from "../Change.js"
import { fold as currentFold } from "../fold/fold.js"
import { type FoldState, initialState } from "../state/FoldState.js"
import { MapStore } from "./MapStore.js"

/** A stream after one of its events. The next step changes the store: a caller copies what it keeps of it. */
export interface WalkStep {
  readonly event: EventEnvelope
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
 */
export function* walk(
  streamId: string,
  events: Iterable<EventEnvelope>,
  fold: Fold = currentFold,
  store: MapStore = new MapStore(),
): Generator<WalkStep, void> {
  let state = initialState(streamId)
  for (const event of events) {
    const { changes, state: next } = fold(state, event, store)
    store.apply(changes)
    state = next
    yield { event, changes, state, store }
  }
}
