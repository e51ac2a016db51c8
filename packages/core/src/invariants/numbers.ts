/** What the checks of a log remember in bounded memory: the numbers of a channel, and the most recent keys. */

interface Gap {
  readonly from: number
  readonly to: number
}

/** Gaps that are remembered at most; the oldest one is dropped first, and its numbers are no longer checked. */
const maxGaps = 1000

/** The numbers of one channel that were seen: a high mark, and the gaps below it. */
export class Numbers {
  private high = 0
  private gaps: readonly Gap[] = []
  /** Numbers up to here are no longer judged, because a gap among them was given up. */
  private blind = 0

  /** Takes a number; true when it was taken before. */
  repeats(seq: number): boolean {
    if (seq > this.high) {
      if (seq > this.high + 1) this.gaps = [...this.gaps, { from: this.high + 1, to: seq - 1 }]
      this.high = seq
      const [oldest] = this.gaps
      if (this.gaps.length > maxGaps && oldest !== undefined) {
        this.blind = oldest.to
        this.gaps = this.gaps.slice(1)
      }
      return false
    }
    const gap = this.gaps.find((one) => one.from <= seq && seq <= one.to)
    if (gap === undefined) return seq > this.blind
    this.gaps = this.gaps.flatMap((one) =>
      one === gap
        ? [
            { from: gap.from, to: seq - 1 },
            { from: seq + 1, to: gap.to },
          ].filter((part) => part.from <= part.to)
        : [one],
    )
    return false
  }
}

/** The most recent keys: at least `size` of them, at most twice as many. */
export class Recent {
  private older = new Set<string>()
  private newer = new Set<string>()
  private forgotten = false
  constructor(private readonly size: number) {}

  /** True while nothing was forgotten, so that absence proves something. */
  get complete(): boolean {
    return !this.forgotten
  }
  has(key: string): boolean {
    return this.newer.has(key) || this.older.has(key)
  }
  add(key: string): void {
    if (this.newer.size >= this.size) {
      this.forgotten = this.forgotten || this.older.size > 0
      this.older = this.newer
      this.newer = new Set()
    }
    this.newer.add(key)
  }
}
