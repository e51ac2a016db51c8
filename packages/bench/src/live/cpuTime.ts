/** CPU time: what commands cost a server, and what a machine takes away from a thread. */

interface Stretch {
  ms: number
  cpuMicros: number
}

/** What commands cost: what the server takes while they come, less what the same streaming takes it without them. */
export class Spent {
  private readonly with: Stretch = { ms: 0, cpuMicros: 0 }
  private readonly without: Stretch = { ms: 0, cpuMicros: 0 }

  /** Takes a stretch of time into account. */
  add(commands: boolean, ms: number, cpuMicros: number): void {
    const sum = commands ? this.with : this.without
    sum.ms += ms
    sum.cpuMicros += cpuMicros
  }

  /** Per command, µs. */
  perCommand(commands: number): number {
    const load = this.perSecond * (this.with.ms / 1_000)
    return Math.round((this.with.cpuMicros - load) / Math.max(1, commands))
  }

  /** Without commands, µs of each second. */
  get perSecond(): number {
    return this.without.cpuMicros / Math.max(1e-3, this.without.ms / 1_000)
  }
}

/** A gap between two looks at the clock that is no work of the thread, ms. */
const PAUSE_MS = 1

/**
 * How many ms of each second a thread that only looks at the clock loses to pauses: virtual machines share their cores. Keeps a core
 * busy for `forMs`.
 */
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
