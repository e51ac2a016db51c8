/**
 * What the writer's thread does while it is idle: it folds streams of another fold version again, packs native bodies, and
 * removes old receipts and effects. Every step is short, so that what was submitted meanwhile is committed before the next step.
 */
import { CatchUp } from "@threadfold/projections"
import { eventSourceOf, type WriterSetup } from "../writer/index.js"
import { inBackground } from "./inBackground.js"
import { pruningOf } from "./pruning.js"

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
 * Starts what every writer does in the background: its projections catch up, its working tables are pruned. `onRefolded` is told of
 * streams whose rows were made anew.
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
