/** Effects that start and stop a thread's session. */
import type { EffectRow } from "@threadfold/contracts"
import { startsBefore, startsSession, stopsSession } from "@threadfold/core"
import { type Engine, WorkReads } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import { Effect, Option, Predicate } from "effect"
import { Connections } from "../connections/Connections.js"
import type { WorkError } from "../Errors.js"
import { Wakeups } from "../Wakeups.js"
import { type Attempted, done, waits } from "./Attempt.js"
import { endLeased, endPending, lease } from "./conclude.js"
import { ensureSession } from "./ensureSession.js"
import { SessionStarts } from "./SessionStarts.js"

const wantsFresh = ({ payload }: EffectRow): boolean => Predicate.isRecord(payload) && payload.fresh === true

/** Ends the session that came up although its start had been called off. */
export const abandon = (threadId: string): Effect.Effect<void, never, Connections> =>
  Effect.flatMap(Connections, ({ closeThread, threads }) => {
    const live = threads.of(threadId)
    return live === null ? Effect.void : closeThread(live)
  })

/** `session.start`. */
export const startSession = (effect: EffectRow): Attempted =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const reads = yield* WorkReads
    const starts = yield* SessionStarts
    const work = yield* projections.threadWork(effect.threadId)
    const eligibility = startsSession(work, yield* reads.openEffects(effect.threadId))
    if (work === null || eligibility === "never") {
      yield* endPending(effect, { status: "retired", message: "the thread is gone" })
      return done
    }
    if (eligibility === "later") return waits
    yield* Effect.matchEffect(starts.run(effect.threadId, ensureSession(work, { fresh: wantsFresh(effect) })), {
      onSuccess: Option.match({
        onNone: () =>
          Effect.zipRight(
            abandon(effect.threadId),
            endPending(effect, { status: "retired", message: "it was stopped" }),
          ),
        onSome: () => endPending(effect, { status: "delivered" }),
      }),
      onFailure: ({ message }) =>
        endPending(effect, {
          status: "failed",
          message,
          events: [{ type: "effect.failed", payload: { effect: effect.kind, effectId: effect.effectId, message } }],
        }),
    })
    return done
  })

/** Retires the calls that would start the agent, were asked for before the stop and were not begun. */
const retireStarts = (stop: EffectRow): Effect.Effect<void, WorkError, Engine | WorkReads> =>
  Effect.gen(function* () {
    const reads = yield* WorkReads
    const open = yield* reads.openEffects(stop.threadId)
    yield* Effect.forEach(
      startsBefore(stop, open),
      (start) => endPending(start, { status: "retired", message: "it was stopped" }),
      { discard: true },
    )
  })

/** `session.stop`. */
export const stopSession = (effect: EffectRow): Attempted =>
  Effect.gen(function* () {
    const connections = yield* Connections
    const projections = yield* Projections
    const wakeups = yield* Wakeups
    yield* retireStarts(effect)
    const live = connections.threads.of(effect.threadId)
    const work = yield* projections.threadWork(effect.threadId)
    if (live === null || stopsSession(effect, work?.session ?? null) === "never") {
      yield* endPending(effect, { status: "retired", message: "the session is over" })
      return done
    }
    const leased = yield* lease(effect)
    if (leased === null) return done
    yield* connections.closeThread(live)
    yield* endLeased(leased, { status: "delivered" })
    // What is to start may have waited for it.
    yield* wakeups.wake(effect.threadId)
    return done
  })
