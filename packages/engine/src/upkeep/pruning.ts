/** Keeps the working tables small: what was promised and done long ago is forgotten. */
import type { LogDriver } from "@threadfold/event-log"
import type { WorkStore } from "../work/index.js"
import type { StepByStep } from "./inBackground.js"

/** For how long an answer is given again to a retry, and an effect that ended can be asked for: a week, ms. */
export const keptMs = 7 * 24 * 3_600_000

/** Rows of each table that one step removes at most: a short transaction, whatever has piled up. */
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
