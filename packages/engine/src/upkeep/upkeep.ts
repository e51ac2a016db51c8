/**
 * What the writer's thread does while it is idle: it folds streams of another fold version again, packs native bodies, and
 * removes old receipts and effects. Every step is short, so that what was submitted meanwhile is committed before the next step.
 */

import type { TableName } from "@threadfold/contracts"
import type { LogDriver } from "@threadfold/event-log"
import { CatchUp, type Replaced, rebuildPointKey } from "@threadfold/projections"
import type { SubmitError } from "../Errors.js"
import type { WorkStore } from "../work/index.js"
import { eventSourceOf, submitErrorOf, type WriterSetup } from "../writer/index.js"
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

/** What a writer does in the background. */
export interface Upkeep {
  readonly stop: () => void
  /**
   * Folds a stream again, in short steps while the writer is idle, and replaces its rows (of one table; null: of all) at once. `done`
   * is called once, with what was replaced or with why nothing was.
   */
  readonly refold: (streamId: string, table: TableName | null, done: (answer: RefoldAnswer) => void) => void
  /** Notes how far a rebuild is; null: none is under way. */
  readonly noteRebuild: (point: string | null, done: (answer: RefoldAnswer) => void) => void
}

/** What became of such a call. */
export type RefoldAnswer = ({ readonly ok: true } & Replaced) | { readonly ok: false; readonly error: SubmitError }

const nothing = { ok: true, rows: 0, refused: null } as const

/**
 * Starts what every writer does in the background: its projections catch up, its working tables are pruned. `onRefolded` is
 * called with the ids of streams whose rows were made again.
 */
export const startUpkeep = (
  setup: WriterSetup,
  busy: () => boolean,
  onRefolded: (streamIds: readonly string[]) => void = () => undefined,
): Upkeep => {
  const catchUp = catchUpOf(setup, onRefolded)
  const catchingUp = inBackground(catchUp, busy)
  const pruning = inBackground(pruningOf(setup), busy, PRUNE_FIRST_MS, PRUNE_AGAIN_MS)
  return {
    stop: () => {
      catchingUp.stop()
      pruning.stop()
    },
    refold: (streamId, table, done) => {
      catchUp.demand(streamId, table, (outcome) =>
        done(outcome.ok ? outcome : { ok: false, error: submitErrorOf(outcome.error) }),
      )
      catchingUp.wake()
    },
    noteRebuild: (point, done) => {
      try {
        setup.driver.transaction(() => setup.store.setMeta(rebuildPointKey, point))
        done(nothing)
      } catch (error) {
        done({ ok: false, error: submitErrorOf(error) })
      }
    },
  }
}
