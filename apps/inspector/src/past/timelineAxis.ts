/** The axis of a timeline: wall time in which long times without any event are folded, and the part of it that is shown. */
import { countWhile } from "../live/sorted.js"

/** A time without events that is folded. */
export interface Fold {
  /** ms since the epoch. */
  readonly from: number
  readonly to: number
  /** Where it begins on the axis, and how long it is there, ms of the axis. */
  readonly at: number
  readonly length: number
}

export interface Axis {
  /** ms since the epoch. */
  readonly start: number
  readonly end: number
  /** Length of the axis with its folds, ms. */
  readonly length: number
  readonly folds: readonly Fold[]
}

/** Without any event for so long a thread is idle, ms: at least; a thread that is active for long may pause for longer. */
const leastIdleMs = 15_000
/** Part of the active time that an idle one is shown as. */
const foldedPart = 0.02
/** Idle times that are folded at most: the longest ones. */
const mostFolds = 500

/** How long the time between two events is, for it to be folded. */
const idleFrom = (times: ArrayLike<number>, count: number): number => {
  let active = 0
  for (let index = 1; index < count; index += 1) {
    active += Math.min(leastIdleMs, (times[index] ?? 0) - (times[index - 1] ?? 0))
  }
  return Math.max(leastIdleMs, active / 20)
}

/** The largest of many numbers at hand: a binary heap. */
class Largest {
  readonly #heap: number[] = []

  get top(): number {
    return this.#heap[0] ?? 0
  }

  push(value: number): void {
    const heap = this.#heap
    let at = heap.push(value) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if ((heap[parent] ?? 0) >= value) break
      heap[at] = heap[parent] ?? 0
      at = parent
    }
    heap[at] = value
  }

  /** Puts a smaller number in the place of the largest. */
  replaceTop(value: number): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if ((heap[child + 1] ?? Number.NEGATIVE_INFINITY) > (heap[child] ?? 0)) child += 1
      if ((heap[child] ?? 0) <= value) break
      heap[at] = heap[child] ?? 0
      at = child
    }
    heap[at] = value
  }
}

/**
 * Times in the order of their events: those that never go back and differ least, in sum, from what the clocks said. One clock that was
 * wrong, in whichever direction, moves its own events and no others.
 */
export const orderedTimes = (times: ArrayLike<number>, count: number): Float64Array => {
  const ordered = new Float64Array(count)
  const seen = new Largest()
  for (let index = 0; index < count; index += 1) {
    const time = times[index] ?? 0
    seen.push(time)
    // It stands for itself, and for the one that is moved down to it.
    if (seen.top > time) seen.replaceTop(time)
    ordered[index] = seen.top
  }
  for (let index = count - 2; index >= 0; index -= 1) {
    ordered[index] = Math.min(ordered[index] ?? 0, ordered[index + 1] ?? 0)
  }
  return ordered
}

/** The axis of events at these times, which never go back. */
export const axisOf = (times: ArrayLike<number>, count: number): Axis => {
  const start = times[0] ?? 0
  const end = Math.max(start + 1, times[count - 1] ?? 0)
  const idle = idleFrom(times, count)
  let gaps: { readonly from: number; readonly to: number }[] = []
  for (let index = 1; index < count; index += 1) {
    const [from, to] = [times[index - 1] ?? 0, times[index] ?? 0]
    if (to - from > idle) gaps.push({ from, to })
  }
  if (gaps.length > mostFolds) {
    const longest = gaps.toSorted((a, b) => b.to - b.from - (a.to - a.from)).slice(0, mostFolds)
    gaps = longest.sort((a, b) => a.from - b.from)
  }
  const folded = gaps.reduce((sum, { from, to }) => sum + to - from, 0)
  const length = Math.min(idle, Math.max(1, (end - start - folded) * foldedPart))
  const folds: Fold[] = []
  let away = 0
  for (const { from, to } of gaps) {
    folds.push({ from, to, at: from - start - away, length })
    away += to - from - length
  }
  return { start, end, length: end - start - away, folds }
}

/** The last fold that begins at a value or before it. */
const foldBefore = (folds: readonly Fold[], value: number, by: "at" | "from"): Fold | undefined =>
  folds[countWhile(folds.length, (index) => (folds[index]?.[by] ?? 0) <= value) - 1]

/** Where a time lies on the axis; at its start or end, where it lies beyond them. */
export const placeOnAxis = ({ end, folds, length, start }: Axis, time: number): number => {
  if (time <= start) return 0
  if (time >= end) return length
  const fold = foldBefore(folds, time, "from")
  if (fold === undefined) return time - start
  if (time >= fold.to) return fold.at + fold.length + (time - fold.to)
  return fold.at + ((time - fold.from) / (fold.to - fold.from)) * fold.length
}

/** The time of a place on the axis, ms since the epoch. */
export const timeOnAxis = ({ folds, start }: Axis, place: number): number => {
  const fold = foldBefore(folds, place, "at")
  if (fold === undefined) return start + place
  if (place >= fold.at + fold.length) return fold.to + (place - fold.at - fold.length)
  return fold.from + ((place - fold.at) / fold.length) * (fold.to - fold.from)
}

/** The part of the axis that is shown, ms of the axis. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** The shortest part that can be shown, ms. */
const shortest = 20

/** Room beside the first and the last event, part of the axis. */
const margin = 0.02

export const wholeWindow = ({ length }: Axis): Window => ({ from: -length * margin, to: length * (1 + margin) })

const within = (axis: Axis, { from, to }: Window): Window => {
  const whole = wholeWindow(axis)
  const span = Math.min(whole.to - whole.from, Math.max(shortest, to - from))
  const start = Math.min(whole.to - span, Math.max(whole.from, from))
  return { from: start, to: start + span }
}

/** The window made `factor` times as long, around a place that stays where it is. */
export const zoomed = (axis: Axis, { from, to }: Window, factor: number, around: number): Window =>
  within(axis, { from: around - (around - from) * factor, to: around + (to - around) * factor })

/** The window moved by a part of its length. */
export const panned = (axis: Axis, { from, to }: Window, part: number): Window => {
  const by = (to - from) * part
  return within(axis, { from: from + by, to: to + by })
}

/** The window with a span in its middle. */
export const around = (axis: Axis, from: number, to: number): Window => {
  const room = Math.max((to - from) * 0.5, shortest)
  return within(axis, { from: from - room, to: to + room })
}

/** Round steps of an axis of time, ms. */
const roundSteps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 86_400_000,
]

/** Times for the marks of the axis, no closer than so many px. */
export const ticksOf = (axis: Axis, { from, to }: Window, width: number, leastPx = 84): readonly number[] => {
  const perPx = (to - from) / width
  const step =
    roundSteps.find((one) => one / perPx >= leastPx) ?? 86_400_000 * Math.ceil((leastPx * perPx) / 86_400_000)
  const ticks: number[] = []
  let last = Number.NEGATIVE_INFINITY
  for (let px = 0; px <= width; px += leastPx / 2) {
    const time = Math.round(timeOnAxis(axis, from + px * perPx) / step) * step
    const place = placeOnAxis(axis, time)
    if (place < from || place > to || place < last + leastPx * perPx) continue
    ticks.push(time)
    last = place
  }
  return ticks
}
