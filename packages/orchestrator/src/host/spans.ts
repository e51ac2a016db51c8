/** Stretches of time. */

/** From a moment to another, ms since the epoch. */
export interface Span {
  readonly from: number
  readonly until: number
}

/** How much of `within` the spans cover, ms; what two of them cover counts once. */
export const covered = (spans: readonly Span[], within: Span): number => {
  const ordered = [...spans].sort((a, b) => a.from - b.from)
  let reached = within.from
  let sum = 0
  for (const { from, until } of ordered) {
    const start = Math.max(from, reached)
    const end = Math.min(until, within.until)
    if (end <= start) continue
    sum += end - start
    reached = end
  }
  return sum
}
