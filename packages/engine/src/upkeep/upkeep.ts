/**
 * What the writer's thread does while it is idle: it folds streams of another fold version again, packs native bodies, and
 * removes old receipts and effects. Every step is short, so that what was submitted meanwhile is committed before the next step.
 */

import type { LogDriver } from "@threadfold/event-log"
import { CatchUp } from "@threadfold/projections"
import type { WorkStore } from "../work/index.js"
import { eventSourceOf, type WriterSetup } from "../writer/index.js"
import { inBackground, type StepByStep } from "./inBackground.js"

/** How long receipts and ended effects are kept: a week, ms. */
export const keptMs = 7 * 24 * 3_600_000

/** Rows of each table that one step removes at most, so that the transaction is short. */
const AT_A_TIME = 500

export interface PruningOptions {
  readonly driver: Pick<LogDriver, "transaction">
  readonly work: WorkStore
  /** Our clock, ms since the epoch. */
  readonly clock: () => number
}

/** The pruning of a writer's working tables, in steps; done when nothing old is left. */
export const pruningOf = ({ clock, driver, work }: PruningOptions): StepByStep => ({
  step: () => driver.transaction(() => work.prune(clock() - keptMs, AT_A_TIME)) > 0,
})

/** Brings the projections of a writer up to date. */
const catchUpOf = (
  { driver, fold, store }: Pick<WriterSetup, "driver" | "store" | "fold">,
  onRefolded: (streamIds: readonly string[]) => void,
): CatchUp =>
  new CatchUp({
    onRefolded,
    source: eventSourceOf(driver),
    store,
    transaction: driver.transaction,
    ...(fold === undefined ? {} : { fold }),
  })

/** When the working tables are pruned for the first time, and how often then, ms. */
const PRUNE_FIRST_MS = 60_000
const PRUNE_AGAIN_MS = 3_600_000

/**
 * Starts what every writer does in the background: its projections catch up, its working tables are pruned. `onRefolded` is
 * called with the ids of streams whose rows were made again.
 */
export const startUpkeep = (
  setup: WriterSetup,
  busy: () => boolean,
  onRefolded: (streamIds: readonly string[]) => void = () => undefined,
): (() => void) => {
  const stops = [
    inBackground(catchUpOf(setup, onRefolded), busy),
    inBackground(pruningOf(setup), busy, PRUNE_FIRST_MS, PRUNE_AGAIN_MS),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
