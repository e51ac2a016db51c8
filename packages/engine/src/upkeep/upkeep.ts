/**
 * What the writer's thread does while it is idle: it folds streams of another fold version again, packs native bodies, removes
 * old receipts and effects and blobs to which no thread refers, and gives free pages back to the file system. Every step is
 * short, so that what was submitted meanwhile is committed before the next step.
 */

import type { TableName } from "@threadfold/contracts"
import type { LogDriver } from "@threadfold/event-log"
import { CatchUp, type Replaced, rebuildPointKey } from "@threadfold/projections"
import type { SubmitError } from "../Errors.js"
import { type PurgeAnswer, type PurgeDemand, type PurgeSpace, Purging, Sealing } from "../purge/index.js"
import type { Outcome, Submission } from "../Submission.js"
import type { WorkStore } from "../work/index.js"
import { eventSourceOf, submitErrorOf, type WriterSetup } from "../writer/index.js"
import { inBackground, type StepByStep } from "./inBackground.js"

/** How long receipts and ended effects are kept: a week, ms. */
export const keptMs = 7 * 24 * 3_600_000

/** How long a blob is kept to which no thread refers: a day, ms. */
export const unusedBlobMs = 24 * 3_600_000

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
  step: () =>
    driver.transaction(() => {
      const now = clock()
      return work.prune(now - keptMs, AT_A_TIME) + work.blobs.sweep(now - unusedBlobMs, AT_A_TIME)
    }) > 0,
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

/** When the database is looked at for free pages for the first time, and how often then, ms. A write-ahead log that a reader held is tried then, too. */
const SHRINK_MS = 60_000

/** What a writer does in the background. */
export interface Upkeep {
  readonly stop: () => void
  /** Leaves a tombstone in place of a thread; its content then goes. `done` is called once, with the purge or why there is none. */
  readonly purge: (demand: PurgeDemand, done: (answer: PurgeAnswer) => void) => void
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

/** What the upkeep needs of the writer. */
export interface UpkeepSurroundings {
  readonly busy: () => boolean
  /** Called with the ids of streams whose rows were made again. */
  readonly onRefolded: (streamIds: readonly string[]) => void
  /** Commits a submission like any other. */
  readonly offer: (submission: Submission, done: (outcome: Outcome) => void) => void
  /** What purges give back beside rows. */
  readonly space: PurgeSpace
}

/** Starts what every writer does in the background: its projections catch up, its working tables are pruned, its file becomes smaller, purges go on. */
export const startUpkeep = (setup: WriterSetup, { busy, offer, onRefolded, space }: UpkeepSurroundings): Upkeep => {
  const catchUp = catchUpOf(setup, onRefolded)
  const catchingUp = inBackground(catchUp, busy)
  const pruning = inBackground(pruningOf(setup), busy, PRUNE_FIRST_MS, PRUNE_AGAIN_MS)
  const shrinking = inBackground({ step: setup.driver.shrink }, busy, SHRINK_MS, SHRINK_MS)
  const refold: Upkeep["refold"] = (streamId, table, done) => {
    catchUp.demand(streamId, table, (outcome) =>
      done(outcome.ok ? outcome : { ok: false, error: submitErrorOf(outcome.error) }),
    )
    catchingUp.wake()
  }
  const purging = inBackground(new Purging({ ...setup, space, offer, wake: () => purging.wake() }), busy)
  const seal = new Sealing({
    ...setup,
    offer,
    refold: (streamId, done) => refold(streamId, null, (answer) => done(answer.ok ? null : answer.error)),
    wake: () => sealing.wake(),
  })
  const sealing = inBackground(seal, busy)
  return {
    stop: () => {
      catchingUp.stop()
      pruning.stop()
      shrinking.stop()
      sealing.stop()
      purging.stop()
    },
    refold,
    purge: (demand, done) => {
      seal.demand(demand, (answer) => {
        done(answer)
        purging.wake()
      })
      sealing.wake()
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
