/** Folds a stream's events again, page by page, into any store: what verify, rebuild and time travel have in common. */

import { type Fold, type FoldState, foldPage, initialState } from "@threadfold/core"
import { Overlay } from "@threadfold/core/model"
import type { EventSource } from "./EventSource.js"
import type { ProjectionStore } from "./ProjectionStore.js"

/** Events per page, and per write of netted rows. */
const pageSize = 1000

export interface Refold {
  /** The state after the last event that was folded. */
  readonly state: FoldState
  /** How many events this call folded. */
  readonly events: number
}

/**
 * Folds the events of a stream after `from` (or from the start) up to `until` (inclusive; null: to the end), and writes
 * the rows. Memory holds one page of events and its rows, however long the stream is.
 */
export const refold = (
  source: EventSource,
  store: ProjectionStore,
  fold: Fold,
  streamId: string,
  until: number | null = null,
  from: FoldState = initialState(streamId),
): Refold => {
  const overlay = new Overlay(store)
  let state = from
  let version = from.streamVersion
  let events = 0
  for (;;) {
    const room = until === null ? pageSize : Math.min(pageSize, until - version)
    if (room <= 0) break
    const page = source.read(streamId, version, room)
    state = foldPage(state, page, overlay, (changes) => overlay.stage(changes), fold)
    version = page.at(-1)?.streamVersion ?? version
    events += page.length
    store.apply(overlay.net())
    overlay.clear()
    if (page.length < room) break
  }
  return { state, events }
}
