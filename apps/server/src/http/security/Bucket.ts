/** A token bucket: so many at once, so many per second in the long run. */

export class Bucket {
  private level: number
  private at: number

  /**
   * @param burst how many at once
   * @param perSecond how many per second in the long run
   * @param now our clock at the start, ms
   */
  constructor(
    private readonly burst: number,
    private readonly perSecond: number,
    now: number,
  ) {
    this.level = burst
    this.at = now
  }

  /** Takes one, or says in how many whole seconds there will be one again. */
  take(now: number): { readonly ok: true } | { readonly ok: false; readonly retryAfterS: number } {
    // A clock that was set back refills nothing and breaks nothing.
    const elapsed = Math.max(0, now - this.at)
    this.at = now
    this.level = Math.min(this.burst, this.level + (elapsed / 1_000) * this.perSecond)
    if (this.level >= 1) {
      this.level -= 1
      return { ok: true }
    }
    return { ok: false, retryAfterS: Math.max(1, Math.ceil((1 - this.level) / this.perSecond)) }
  }
}
