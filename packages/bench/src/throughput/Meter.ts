/** What stretches of work take. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Clock, Effect } from "effect"

/** By the clock, and of the processors: of all threads of this process, so that those count that collect garbage or compile. */
export interface Taken {
  readonly micros: number
  readonly cpuMicros: number
}

/** What a piece of work takes. Nothing else may run in this process meanwhile. */
export const measured = <E, R>(work: Effect.Effect<void, E, R>): Effect.Effect<Taken, E, R> =>
  Effect.gen(function* () {
    const from = yield* Clock.currentTimeNanos
    const before = process.cpuUsage()
    yield* work
    const { system, user } = process.cpuUsage(before)
    return { micros: Number((yield* Clock.currentTimeNanos) - from) / 1000, cpuMicros: system + user }
  })

/** Collects the young generation. The flag only gives the function a name; it changes nothing about how V8 works. */
const collector = (): (() => void) => {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  return typeof collect === "function" ? () => void collect({ type: "minor" }) : () => undefined
}
const collect = collector()

/**
 * Moves what lives out of the young generation: what waits to be written is then not the writer's to copy. Objects survive two
 * collections before they move. All garbage is never collected on purpose: V8 drops compiled code in a collection that is asked
 * for, and what is measured would be compiled anew each time, which is no part of its life.
 */
export const settleYoung = (): void => {
  collect()
  collect()
}
