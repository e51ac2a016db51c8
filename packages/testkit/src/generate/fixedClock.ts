/** A clock that moves only when a test moves it. */
import { generatedEpoch } from "./ids.js"

export interface FixedClock {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Moves the clock; a negative number turns it back, as a real wall clock may be. */
  readonly advance: (ms: number) => void
}

export const fixedClock = (start: number = generatedEpoch): FixedClock => {
  let time = start
  return {
    now: () => time,
    advance: (ms) => {
      time += ms
    },
  }
}
