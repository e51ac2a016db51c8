/**
 * The outbox worker. Each thread has two lanes of its own, so that a hung call delays its own thread only: `work` goes one
 * effect after the other, by hand-over; `control` overtakes it. A lane runs when somebody says that there may be something to do;
 * what there is to do it reads from the rows, so that nothing is lost with a signal.
 */
import type { EffectLane, EffectRow } from "@threadfold/contracts"
import { effectKinds } from "@threadfold/contracts"
import { Cause, Effect, FiberSet, type Scope } from "effect"
import type { WorkError } from "../Errors.js"

/** What became of one look at an effect. */
export type Attempt =
  /** It has ended, or is under way: look at the next one. */
  | "done"
  /** It waits for something that is told of by another signal. */
  | "waits"

/** It has ended, or is under way. */
export const done: Attempt = "done"
/** It waits for something that is told of by another signal. */
export const waits: Attempt = "waits"

export interface LanesOptions {
  /** Effects of a thread that are pending or being attempted, oldest first. */
  readonly openEffects: (threadId: string) => Effect.Effect<readonly EffectRow[], WorkError>
  /** Tries one effect. */
  readonly attempt: (effect: EffectRow) => Effect.Effect<Attempt, WorkError>
  /** Does what follows from a thread's rows, once its lanes have nothing to do. */
  readonly followUp: (threadId: string) => Effect.Effect<void, WorkError>
}

export interface Lanes {
  /** There may be something to do for this thread. Returns at once; many calls are one. */
  readonly poke: (threadId: string) => Effect.Effect<void>
}

type Track = EffectLane | "follow"
const tracks: readonly Track[] = ["control", "work", "follow"]

export const makeLanes = ({ attempt, followUp, openEffects }: LanesOptions): Effect.Effect<Lanes, never, Scope.Scope> =>
  Effect.gen(function* () {
    const fibers = yield* FiberSet.make()
    /** Tracks that run; true: look again when done, somebody has said so meanwhile. */
    const running = new Map<string, boolean>()

    const lane = (threadId: string, of: EffectLane): Effect.Effect<void, WorkError> =>
      Effect.gen(function* () {
        const tried = new Set<string>()
        for (;;) {
          const effects = yield* openEffects(threadId)
          const next = effects.find(
            ({ effectId, kind, status }) =>
              effectKinds[kind].lane === of && status === "pending" && !tried.has(effectId),
          )
          if (next === undefined) return
          tried.add(next.effectId)
          const outcome = yield* attempt(next)
          // Work is serial: what waits holds up what comes after it. Control is not.
          if (outcome === "waits" && of === "work") return
        }
      })

    const once = (threadId: string, track: Track): Effect.Effect<void, WorkError> =>
      track === "follow" ? followUp(threadId) : lane(threadId, track)

    const run = (threadId: string, track: Track): Effect.Effect<void> => {
      const key = `${threadId}|${track}`
      return Effect.gen(function* () {
        for (;;) {
          running.set(key, false)
          yield* Effect.catchAllCause(once(threadId, track), (cause) =>
            // The rows are as they were: the next sweep tries again.
            Cause.isInterruptedOnly(cause)
              ? Effect.interrupt
              : Effect.logWarning(`the ${track} lane of thread ${threadId} stopped`, cause),
          )
          // Asked and left in one step, so that no signal falls between.
          if (running.get(key) !== true) return void running.delete(key)
        }
      })
    }

    const start = (threadId: string, track: Track): Effect.Effect<void> =>
      Effect.suspend(() => {
        const key = `${threadId}|${track}`
        if (running.has(key)) {
          running.set(key, true)
          return Effect.void
        }
        running.set(key, false)
        // Whoever pokes may be in the middle of an end that cannot be interrupted; what it wakes can be.
        // And whoever waits for an answer gets it first.
        const later = Effect.zipRight(Effect.yieldNow(), run(threadId, track))
        return Effect.asVoid(FiberSet.run(fibers, Effect.interruptible(later)))
      })

    return { poke: (threadId) => Effect.forEach(tracks, (track) => start(threadId, track), { discard: true }) }
  })
