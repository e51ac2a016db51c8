/** Watches the numbers of a trace. Its writer counts without a gap, so that a gap or a repetition says that the log was damaged. */

interface Range {
  readonly from: number
  readonly to: number
}

/** What the number of a line says. `repeated`: an earlier line had it. */
export interface Numbered {
  readonly repeated: boolean
  /** One sentence; undefined: the number is the next one. */
  readonly problem: string | undefined
}

/** How many gaps are remembered. A number in an older gap counts as a repetition. */
const mostGaps = 1_000

const inOrder: Numbered = { repeated: false, problem: undefined }

export class Sequence {
  private last = 0
  private gaps: readonly Range[] = []

  /** Takes the number of the next line. */
  take(seq: number): Numbered {
    const { last } = this
    if (seq > last) {
      this.last = seq
      if (seq === last + 1) return inOrder
      this.gaps = [...this.gaps, { from: last + 1, to: seq - 1 }].slice(-mostGaps)
      const missing = seq - 1 === last + 1 ? `number ${seq - 1} is` : `numbers ${last + 1} to ${seq - 1} are`
      return { repeated: false, problem: `${missing} missing` }
    }
    const gap = this.gaps.find(({ from, to }) => seq >= from && seq <= to)
    if (gap === undefined) return { repeated: true, problem: `number ${seq} came before` }
    this.gaps = this.gaps.flatMap((one) =>
      one === gap
        ? [
            { from: gap.from, to: seq - 1 },
            { from: seq + 1, to: gap.to },
          ].filter(({ from, to }) => from <= to)
        : [one],
    )
    return { repeated: false, problem: `number ${seq} comes after ${last}` }
  }
}
