/**
 * A clock that can jump, as it does for a process that was stopped: what was due meanwhile comes at once, afterwards.
 * Effect's test clock cannot: it goes through every moment on its way.
 */
import { Clock, Duration, Effect } from "effect"

/** Turns that fibers are given to do what a moment brings; nothing in these tests waits for anything but the clock. */
const TURNS = 50
const settle = Effect.repeatN(Effect.yieldNow(), TURNS)

export const jumpingClock = () => {
  let now = 1_700_000_000_000
  let sleeping: { readonly due: number; readonly wake: () => void }[] = []

  const wakeDue = Effect.suspend(() => {
    const due = sleeping.filter((sleeper) => sleeper.due <= now)
    sleeping = sleeping.filter((sleeper) => sleeper.due > now)
    for (const { wake } of due) wake()
    return settle
  })

  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: () => BigInt(now) * 1_000_000n,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const sleeper = { due: now + Duration.toMillis(duration), wake: () => resume(Effect.void) }
        sleeping.push(sleeper)
        return Effect.sync(() => {
          sleeping = sleeping.filter((other) => other !== sleeper)
        })
      }),
  }

  /** Goes on by `ms`, through every moment at which something is due. */
  const adjust = (ms: number): Effect.Effect<void> =>
    Effect.gen(function* () {
      yield* settle
      const end = now + ms
      for (;;) {
        now = Math.min(end, ...sleeping.map(({ due }) => due))
        yield* wakeDue
        if (now === end) return
      }
    })

  /** Goes on by `ms` at once. */
  const jump = (ms: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      now += ms
      return wakeDue
    })

  return { clock, adjust, jump }
}
