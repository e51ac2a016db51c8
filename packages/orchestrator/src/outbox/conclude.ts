/** The lease on an effect, and what becomes of it, as steps for the writer. */
import type { EffectRow, EffectStatus } from "@threadfold/contracts"
import { Engine, type Submission } from "@threadfold/engine"
import { Clock, Effect } from "effect"
import type { WorkError } from "../Errors.js"
import { Incarnation } from "../Ids.js"
import { type OwnEvent, ownDraft, untilTaken } from "../ownWrites.js"

/** A lease on an effect: no other attempt of it is made. */
export interface Lease {
  readonly effect: EffectRow
  readonly token: string
}

/**
 * Takes the lease, durably, before the first byte goes out: what a crash leaves under a lease may have reached the provider.
 * Null: the effect is not pending any more, or its turn does not wait any more.
 */
export const lease = (effect: EffectRow): Effect.Effect<Lease | null, WorkError, Engine | Incarnation> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const { attempts, effectId, kind, threadId, turnId } = effect
    const token = `${yield* Incarnation}#${attempts + 1}`
    return yield* engine
      .submit({
        drafts: [],
        effects: [{ effectId, from: "pending", patch: { status: "attempting", token, attempts: attempts + 1 } }],
        ...(kind === "turn.start" && turnId !== null ? { ifRequested: { threadId, turnId } } : {}),
      })
      .pipe(
        Effect.as({ effect: { ...effect, attempts: attempts + 1 }, token }),
        Effect.catchTag("EffectConflict", () => Effect.succeed(null)),
      )
  })

/** What became of an effect. */
export interface Ending {
  readonly status: Exclude<EffectStatus, "attempting">
  readonly message?: string
  readonly events?: readonly OwnEvent[]
}

/** The event that tells what became of an effect. Of a rewind it names no turn: one that was taken back would have a late event. */
export const outcome = (
  type: "effect.delivered" | "effect.failed" | "effect.uncertain",
  { effectId, kind, requestId, turnId }: EffectRow,
  message: string | null = null,
  data: object = {},
): OwnEvent => ({
  type,
  payload: { effect: kind, effectId, message, ...data },
  turnId: kind === "thread.rewind" ? null : turnId,
  requestId,
})

/** The ending of an effect that the agent has. */
export const delivered = (effect: EffectRow): Ending => ({
  status: "delivered",
  events: [outcome("effect.delivered", effect)],
})

/** The ending of an effect that the agent does not have, or cannot do. */
export const failed = (effect: EffectRow, message: string): Ending => ({
  status: "failed",
  message,
  events: [outcome("effect.failed", effect, message)],
})

/** The ending of an effect that the agent may have or not. */
export const uncertain = (effect: EffectRow, message: string): Ending => ({
  status: "uncertain",
  message,
  events: [outcome("effect.uncertain", effect, message)],
})

/** The state in which an ending expects its effect. */
export interface Expected {
  readonly from: EffectStatus
  /** Under this lease; absent: under any, or none. */
  readonly token?: string
}

/** An ending for the writer, which refuses it with `EffectConflict` where the effect is in another state. */
export const conclusion = (
  effect: EffectRow,
  expected: Expected,
  { events = [], message, status }: Ending,
  at: number,
): Effect.Effect<Submission> =>
  Effect.map(
    Effect.forEach(events, (event) => ownDraft({ ...effect, streamId: effect.threadId }, event, at)),
    (drafts) => ({
      drafts,
      effects: [
        {
          effectId: effect.effectId,
          ...expected,
          patch: { status, token: null, message: message ?? null, endedAt: status === "pending" ? null : at },
        },
      ],
    }),
  )

const conclude = (effect: EffectRow, expected: Expected, ending: Ending): Effect.Effect<void, WorkError, Engine> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const submission = yield* conclusion(effect, expected, ending, yield* Clock.currentTimeMillis)
    yield* untilTaken(engine.submit(submission))
  })

/** Ends a leased effect; with `pending` it is free for another attempt. */
export const endLeased = ({ effect, token }: Lease, ending: Ending): Effect.Effect<void, WorkError, Engine> =>
  conclude(effect, { from: "attempting", token }, ending)

/** Ends an effect that was not attempted. */
export const endPending = (effect: EffectRow, ending: Ending): Effect.Effect<void, WorkError, Engine> =>
  conclude(effect, { from: "pending" }, ending).pipe(
    // It was taken or ended meanwhile: then there is nothing left to end.
    Effect.catchTag("EffectConflict", () => Effect.void),
  )

/** Corrects the status of a delivered effect: its answer was a refusal, or never came. */
export const amendDelivered = (effect: EffectRow, ending: Ending): Effect.Effect<void, WorkError, Engine> =>
  conclude(effect, { from: "delivered" }, ending)
