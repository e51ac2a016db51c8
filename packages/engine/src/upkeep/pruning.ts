/** Keeps the working tables small: removes old receipts and old ended effects. */
import type { LogDriver } from "@threadfold/event-log"
import type { WorkStore } from "../work/index.js"
import type { StepByStep } from "./inBackground.js"

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
