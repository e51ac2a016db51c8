/** Work in short steps on the writer's thread, while nobody waits for the writer. */

/** How long a step waits after the database refused one, ms. */
const AFTER_FAILURE_MS = 1000
/** The pause between two steps, ms: the thread's messages come in. */
const PAUSE_MS = 1

/** Work in steps. */
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
