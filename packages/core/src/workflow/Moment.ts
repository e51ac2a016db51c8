/** The present and stretches of time: how ages are counted on a host that sleeps and whose clock may be set. */

/** The present, as ages are counted from it. */
export interface Moment {
  /** Our wall clock, ms since the epoch. */
  readonly now: number
  /** When the host last woke; null: it has not slept. What was before counts from then on. */
  readonly awakeSince: number | null
  /** A clock that is set by more than this, ms, counts as a sleep. */
  readonly toleranceMs: number
}

/** For how long something is so, ms, sleeps of the host left out. */
export const ageOf = (at: number, { awakeSince, now, toleranceMs }: Moment): number => {
  // A time in the future shows that the clock was set back: by too little to be noticed, or before the wake-up.
  const isBeforeWakeUp = at - now > toleranceMs
  const since = isBeforeWakeUp ? (awakeSince ?? now) : Math.max(at, awakeSince ?? at)
  return Math.max(0, now - since)
}

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
    sum += Math.max(0, end - start)
    reached = Math.max(reached, end)
  }
  return sum
}
