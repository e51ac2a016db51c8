/**
 * The lanes of the threads. Each thread has two lanes of its own, so that a call that hangs delays its own thread only: `work` goes one
 * effect after the other, by delivery; `control` overtakes it. What follows from the rows has a track of its own. A track reads from the
 * rows what there is to do, so that nothing is lost with a wake-up.
 */
import { type EffectLane, type EffectRow, effectKinds } from "@threadfold/contracts"
import { WorkReads } from "@threadfold/engine"
import { Cause, Effect, FiberSet, type Scope } from "effect"
import type { WorkError } from "../Errors.js"
import { VoiceRuns } from "../realtime/VoiceRuns.js"
import type { Attempted, AttemptNeeds } from "./Attempt.js"
import { answerRequest } from "./answerRequest.js"
import { configureSession } from "./configureSession.js"
import { makeFollowUp } from "./followUp.js"
import { attemptRewind } from "./rewindEffect.js"
import { startSession, stopSession } from "./sessionEffects.js"
import { attemptTaskStop } from "./stopTask.js"
import { attemptInterrupt, attemptSteer, attemptTurnStart } from "./turnEffects.js"

/** Tries one pending effect. */
const attempt = (effect: EffectRow): Attempted => {
  switch (effect.kind) {
    case "session.start":
      return startSession(effect)
    case "turn.start":
      return attemptTurnStart(effect)
    case "turn.steer":
      return attemptSteer(effect)
    case "session.configure":
      return configureSession(effect)
    case "turn.interrupt":
      return attemptInterrupt(effect)
    case "request.answer":
      return answerRequest(effect)
    case "session.stop":
      return stopSession(effect)
    case "thread.rewind":
      return attemptRewind(effect)
    case "task.stop":
      return attemptTaskStop(effect)
  }
}

export interface Lanes {
  /** Has the lanes of a thread look at its rows. Returns at once; several calls while they look are one more look. */
  readonly look: (threadId: string) => Effect.Effect<void, never, AttemptNeeds>
}

type Track = EffectLane | "follow"
const tracks: readonly Track[] = ["control", "work", "follow"]

/** Lanes that run for the life of the scope. */
export const makeLanes: Effect.Effect<Lanes, never, Scope.Scope> = Effect.gen(function* () {
  const fibers = yield* FiberSet.make()
  const followUp = makeFollowUp()
  /** Tracks that run; true: one more look is due when this one is done. */
  const running = new Map<string, boolean>()

  const lane = (threadId: string, of: EffectLane): Effect.Effect<void, WorkError, AttemptNeeds> =>
    Effect.gen(function* () {
      const reads = yield* WorkReads
      const tried = new Set<string>()
      for (;;) {
        const effects = yield* reads.openEffects(threadId)
        const next = effects.find(
          ({ effectId, kind, status }) => effectKinds[kind].lane === of && status === "pending" && !tried.has(effectId),
        )
        if (next === undefined) return
        tried.add(next.effectId)
        const outcome = yield* attempt(next)
        // Work is serial: what waits holds up what comes after it. Control is not.
        if (outcome === "waits" && of === "work") return
      }
    })

  const once = (threadId: string, track: Track): Effect.Effect<void, WorkError, AttemptNeeds> =>
    track === "follow"
      ? Effect.zipRight(
          followUp(threadId),
          Effect.flatMap(VoiceRuns, ({ look }) => look(threadId)),
        )
      : lane(threadId, track)

  const run = (threadId: string, track: Track, key: string): Effect.Effect<void, never, AttemptNeeds> =>
    Effect.gen(function* () {
      for (;;) {
        running.set(key, false)
        yield* Effect.catchAllCause(once(threadId, track), (cause) =>
          // The rows are as they were: the next sweep tries again.
          Cause.isInterruptedOnly(cause)
            ? Effect.interrupt
            : Effect.logWarning(`the ${track} lane of thread ${threadId} stopped`, cause),
        )
        // Asked and left in one step, so that no look falls between.
        if (running.get(key) !== true) return void running.delete(key)
      }
    })

  const start = (threadId: string, track: Track): Effect.Effect<void, never, AttemptNeeds> =>
    Effect.suspend(() => {
      const key = `${threadId}|${track}`
      const isRunning = running.has(key)
      running.set(key, isRunning)
      return isRunning ? Effect.void : Effect.asVoid(FiberSet.run(fibers, run(threadId, track, key)))
    })

  return { look: (threadId) => Effect.forEach(tracks, (track) => start(threadId, track), { discard: true }) }
})
