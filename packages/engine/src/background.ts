/**
 * What the writer's thread does while nobody waits for it: streams that another version of the fold made are folded
 * again, native bodies are packed, old receipts and effects are forgotten. Every step is short and gives the thread
 * back, so that what was submitted meanwhile is committed before the next one.
 */
import { CatchUp } from "@threadfold/projections"
import { eventSourceOf, type WriterSetup } from "./sqlite.js"
import { pruningOf } from "./work/pruning.js"

/** How long a step waits after the database refused one, ms. */
const AFTER_FAILURE_MS = 1000
/** The pause between two steps, ms: the thread's messages come in. */
const PAUSE_MS = 1

/** Work in steps, such as {@link CatchUp}. */
export interface StepByStep {
  /** Goes on by one step; false: there is nothing more to do. */
  readonly step: () => boolean
}

/**
 * Runs the work to its end, a step at a time, only while `busy` says no; the first step comes after `firstMs`, and with
 * `againMs` it begins anew so long after its end. A step that throws (a full disk, say) is tried again later: nothing
 * here may end the writer's thread. Returns how to stop it.
 */
export const inBackground = (
  work: StepByStep,
  busy: () => boolean,
  firstMs = PAUSE_MS,
  againMs: number | null = null,
): (() => void) => {
  let timer: NodeJS.Timeout | undefined
  const later = (ms: number): void => {
    // It keeps no process alive that has nothing else to do.
    timer = setTimeout(turn, ms).unref()
  }
  const turn = (): void => {
    try {
      if (busy() || work.step()) later(PAUSE_MS)
      else if (againMs !== null) later(againMs)
    } catch {
      later(AFTER_FAILURE_MS)
    }
  }
  later(firstMs)
  return () => clearTimeout(timer)
}

/** The catching up of a writer's projections. */
const catchUpOf = ({ driver, fold, store }: Pick<WriterSetup, "driver" | "store" | "fold">): CatchUp =>
  new CatchUp({
    source: eventSourceOf(driver),
    store,
    transaction: driver.transaction,
    ...(fold === undefined ? {} : { fold }),
  })

/** When the working tables are pruned for the first time, and how often then, ms. */
const PRUNE_FIRST_MS = 60_000
const PRUNE_AGAIN_MS = 3_600_000

/** Starts what every writer does in the background: its projections catch up, its working tables are pruned. */
export const startUpkeep = (setup: WriterSetup, busy: () => boolean): (() => void) => {
  const stops = [
    inBackground(catchUpOf(setup), busy),
    inBackground(pruningOf(setup), busy, PRUNE_FIRST_MS, PRUNE_AGAIN_MS),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
