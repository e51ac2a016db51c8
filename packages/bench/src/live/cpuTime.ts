/** What commands cost a server in CPU time: what it takes while they come, less what the same streaming takes it without them. */

interface Stretch {
  ms: number
  cpuMicros: number
}

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
