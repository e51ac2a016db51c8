/** Work in short steps on the writer's thread, while the writer is idle. */

/** How long a step waits after the database refused one, ms. */
const AFTER_FAILURE_MS = 1000
/** The pause between two steps, ms, in which the thread takes its messages. */
const PAUSE_MS = 1

/** How many turns a busy writer is waited for where the work is wanted: it then costs a writer without a pause a few percent. */
const BUSY_TURNS = 20

/** What comes after a step: another one, none, or another one after a second, because something else is in the way. */
export type Step = boolean | "later"

/** Work in steps. */
export interface StepByStep {
  /** Does one step; false: there is nothing more to do. */
  readonly step: () => Step
  /** True: a caller waits for it. Then it goes on at times also while the writer is never idle. */
  readonly isWanted?: () => boolean
}

/** Work that goes on in the background. */
export interface BackgroundWork {
  readonly stop: () => void
  /** There is something to do again. */
  readonly wake: () => void
}

/**
 * Runs the work step by step, while `busy` is false. The first step comes after `firstMs`; with `againMs` the work begins
 * again that long after its end. A step that throws, for example because the disk is full, is tried again later: it must not end
 * the writer's thread. `wake` begins again what had nothing to do.
 */
export const inBackground = (
  work: StepByStep,
  busy: () => boolean,
  firstMs = PAUSE_MS,
  againMs: number | null = null,
): BackgroundWork => {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const later = (ms: number): void => {
    clearTimeout(timer)
    if (isOver) return
    // The timer alone does not keep the process alive.
    timer = setTimeout(turn, ms).unref()
  }
  let busyTurns = 0
  const mayStep = (): boolean => {
    if (busy() && !(work.isWanted?.() === true && ++busyTurns > BUSY_TURNS)) return false
    busyTurns = 0
    return true
  }
  const turn = (): void => {
    try {
      const next = !mayStep() || work.step()
      if (next === "later") later(AFTER_FAILURE_MS)
      else if (next) later(PAUSE_MS)
      else if (againMs !== null) later(againMs)
    } catch {
      later(AFTER_FAILURE_MS)
    }
  }
  later(firstMs)
  return {
    stop: () => {
      isOver = true
      clearTimeout(timer)
    },
    wake: () => later(PAUSE_MS),
  }
}
