/** What every effect needs: the rows, the writer, the agents that run, and words for what became of a call. */
import type { EffectRow, EffectStatus, EventType, Problem } from "@threadfold/contracts"
import type { Acknowledged, EngineService, Member, WorkReadsService } from "@threadfold/engine"
import type { Projections } from "@threadfold/projections"
import { Clock, type Context, Effect, Schedule } from "effect"
import type { AgentsService } from "../Agents.js"
import type { IdsService } from "../Ids.js"
import type { Connections } from "../live/Connections.js"
import type { Starts } from "./Starts.js"

export interface Workshop {
  readonly engine: EngineService
  readonly projections: Context.Tag.Service<Projections>
  readonly reads: WorkReadsService
  readonly connections: Connections
  readonly agents: AgentsService
  readonly starts: Starts
  readonly ids: IdsService
  /** Id of this run of the server. */
  readonly incarnation: string
  /** Runs something beside the lane, for as long as the server runs. */
  readonly beside: (task: Effect.Effect<void, Problem>) => Effect.Effect<void>
  /** There may be something to do for this thread. */
  readonly poke: (threadId: string) => Effect.Effect<void>
}

/** An event of ours on its way to a thread. */
export interface Told {
  readonly type: EventType
  readonly payload: unknown
  readonly turnId?: string | null
  readonly requestId?: string | null
  /** JSON text of the call's id. */
  readonly callId?: string
}

/** Our own word about a thread, as the engine takes it. */
export const member = (
  { ids }: Pick<Workshop, "ids">,
  { commandId, threadId }: Pick<EffectRow, "threadId" | "commandId">,
  at: number,
  { callId, payload, requestId, turnId, type }: Told,
): Member => ({
  to: { streamId: threadId },
  sessionId: null,
  actor: "orchestrator",
  commandId,
  event: {
    type,
    payload,
    at,
    channel: null,
    seq: null,
    eventId: ids.next(at),
    native: callId === undefined ? null : { callId },
    ...(turnId === null || turnId === undefined ? {} : { turnId }),
    ...(requestId === null || requestId === undefined ? {} : { requestId }),
  },
})

/** A lease on an effect: nobody else attempts it. */
export interface Lease {
  readonly effect: EffectRow
  readonly token: string
}

/**
 * Takes the lease, durably, before the first byte goes out: what a crash leaves under a lease may have reached the provider.
 * Null: the effect is not pending any more, or its turn does not wait any more.
 */
export const lease = (shop: Workshop, effect: EffectRow): Effect.Effect<Lease | null, Problem> => {
  const { attempts, effectId, kind, threadId, turnId } = effect
  const token = `${shop.incarnation}#${attempts + 1}`
  return shop.engine
    .submit({
      members: [],
      effects: [{ effectId, from: "pending", patch: { status: "attempting", token, attempts: attempts + 1 } }],
      ...(kind === "turn.start" && turnId !== null ? { ifRequested: { threadId, turnId } } : {}),
    })
    .pipe(
      Effect.as({ effect: { ...effect, attempts: attempts + 1 }, token }),
      Effect.catchIf(
        ({ slug }) => slug === "effect-conflict",
        () => Effect.succeed(null),
      ),
    )
}

/** A database that refuses for a while: what happened is told as soon as it takes it. */
const whileRefused = Schedule.exponential(100).pipe(Schedule.union(Schedule.spaced(5_000)))
const isPassing = ({ slug }: Problem): boolean =>
  slug === "storage-failed" || slug === "unavailable" || slug === "too-many-requests"

/** What became of an effect. */
export interface Ending {
  readonly status: Exclude<EffectStatus, "attempting">
  readonly message?: string
  readonly events?: readonly Told[]
}

const told = (
  shop: Workshop,
  effect: EffectRow,
  from: EffectStatus,
  token: string | null,
  { events = [], message, status }: Ending,
): Effect.Effect<Acknowledged, Problem> =>
  Effect.flatMap(Clock.currentTimeMillis, (at) =>
    shop.engine
      .submit({
        members: events.map((event) => member(shop, effect, at, event)),
        effects: [
          {
            effectId: effect.effectId,
            from,
            ...(token === null ? {} : { token }),
            patch: { status, token: null, message: message ?? null, endedAt: status === "pending" ? null : at },
          },
        ],
      })
      .pipe(Effect.retry({ schedule: whileRefused, while: isPassing })),
  )

/** Says what became of a leased effect; with `pending` it is let go for another attempt. */
export const end = (shop: Workshop, { effect, token }: Lease, ending: Ending): Effect.Effect<void, Problem> =>
  Effect.asVoid(told(shop, effect, "attempting", token, ending))

/** Ends an effect that nobody has attempted. */
export const endPending = (shop: Workshop, effect: EffectRow, ending: Ending): Effect.Effect<void, Problem> =>
  told(shop, effect, "pending", null, ending).pipe(
    Effect.asVoid,
    // Somebody else has taken or ended it meanwhile: that is as good.
    Effect.catchIf(
      ({ slug }) => slug === "effect-conflict",
      () => Effect.void,
    ),
  )

/** Corrects what was said of a delivered effect: its answer was a refusal, or never came. */
export const amend = (shop: Workshop, effect: EffectRow, ending: Ending): Effect.Effect<void, Problem> =>
  Effect.asVoid(told(shop, effect, "delivered", null, ending))
