/** The present, as ages are counted from it. */
export interface Moment {
  /** Our wall clock, ms since the epoch. */
  readonly now: number
  /** When the host last woke; null: it has not slept. What was before counts from then on. */
  readonly awakeSince: number | null
}

/** For how long something is so, ms, sleeps of the host left out. A time that is yet to come says nothing. */
export const ageOf = (at: number, { awakeSince, now }: Moment): number => {
  const since = at > now ? (awakeSince ?? now) : Math.max(at, awakeSince ?? at)
  return Math.max(0, now - since)
}
