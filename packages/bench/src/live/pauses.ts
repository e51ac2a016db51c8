/** How much a machine takes away from a thread that does nothing but look at the clock: virtual machines share their cores. */

/** A gap between two looks at the clock that is no work of the thread, ms. */
const PAUSE_MS = 1

/** Looks for so long, ms, and keeps a core busy meanwhile; gives how many ms of each second were lost to pauses. */
export const pausesPerSecond = (forMs: number): number => {
  const from = performance.now()
  let last = from
  let lost = 0
  while (last - from < forMs) {
    const now = performance.now()
    if (now - last > PAUSE_MS) lost += now - last
    last = now
  }
  return Number(((lost / (last - from)) * 1_000).toFixed(1))
}
