/** Work in short steps on the writer's thread, while the writer is idle. */

/** How long a step waits after the database refused one, ms. */
const AFTER_FAILURE_MS = 1000
/** The pause between two steps, ms, in which the thread takes its messages. */
const PAUSE_MS = 1

/** Work in steps. */
export interface StepByStep {
  /** Does one step; false: there is nothing more to do. */
  readonly step: () => boolean
}

/**
 * Runs the work step by step, only while `busy` is false. The first step comes after `firstMs`; with `againMs` the work begins
 * again that long after its end. A step that throws, for example because the disk is full, is tried again later: it must not end
 * the writer's thread. Returns a function that stops the work.
 */
export const inBackground = (
  work: StepByStep,
  busy: () => boolean,
  firstMs = PAUSE_MS,
  againMs: number | null = null,
): (() => void) => {
  let timer: NodeJS.Timeout | undefined
  const later = (ms: number): void => {
    // The timer alone does not keep the process alive.
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
