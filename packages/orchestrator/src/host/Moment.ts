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
  // A time that is yet to come says that the clock was set back: by so little that nobody noticed, or before the wake-up.
  if (at > now && (awakeSince === null || at - now <= toleranceMs)) return 0
  const since = at > now ? (awakeSince ?? now) : Math.max(at, awakeSince ?? at)
  return Math.max(0, now - since)
}
