/** What every effect needs: the rows, the writer, the agents that run, and words for what became of a call. */
import type { EffectRow, EffectStatus, EventType } from "@threadfold/contracts"
import type { EngineService, EventDraft, Submission, WorkReadsService } from "@threadfold/engine"
import type { Projections } from "@threadfold/projections"
import { Clock, type Context, Effect } from "effect"
import type { AgentsService } from "../Agents.js"
import type { WorkError } from "../Errors.js"
import type { IdsService } from "../Ids.js"
import type { Connections } from "../live/Connections.js"
import { untilTaken } from "../untilTaken.js"
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
  readonly beside: (task: Effect.Effect<void, WorkError>) => Effect.Effect<void>
  /** There may be something to do for this thread. */
  readonly poke: (threadId: string) => Effect.Effect<void>
}

/** An event of ours on its way to a stream. */
export interface Told {
  readonly type: EventType
  readonly payload: unknown
  readonly turnId?: string | null
  readonly requestId?: string | null
  /** JSON text of the call's id. */
  readonly callId?: string
}

/** Our own word about a thread or a connection, as the engine takes it. */
export const draft = (
  { ids }: Pick<Workshop, "ids">,
  { commandId, streamId }: { readonly streamId: string; readonly commandId?: string },
  at: number,
  { callId, payload, requestId, turnId, type }: Told,
): EventDraft => ({
  to: { streamId },
  sessionId: null,
  actor: "orchestrator",
  ...(commandId === undefined ? {} : { commandId }),
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
export const lease = (shop: Workshop, effect: EffectRow): Effect.Effect<Lease | null, WorkError> => {
  const { attempts, effectId, kind, threadId, turnId } = effect
  const token = `${shop.incarnation}#${attempts + 1}`
  return shop.engine
    .submit({
      drafts: [],
      effects: [{ effectId, from: "pending", patch: { status: "attempting", token, attempts: attempts + 1 } }],
      ...(kind === "turn.start" && turnId !== null ? { ifRequested: { threadId, turnId } } : {}),
    })
    .pipe(
      Effect.as({ effect: { ...effect, attempts: attempts + 1 }, token }),
      Effect.catchTag("EffectConflict", () => Effect.succeed(null)),
    )
}

/** What became of an effect. */
export interface Ending {
  readonly status: Exclude<EffectStatus, "attempting">
  readonly message?: string
  readonly events?: readonly Told[]
}

/** Where an effect must be found for its ending to be true. */
export interface Found {
  readonly from: EffectStatus
  /** Under this lease; absent: under any, or none. */
  readonly token?: string
}

/** What became of an effect, for the writer, which refuses it with `EffectConflict` where the effect is not found so. */
export const conclusion = (
  shop: Pick<Workshop, "ids">,
  effect: EffectRow,
  found: Found,
  { events = [], message, status }: Ending,
  at: number,
): Submission => ({
  drafts: events.map((event) => draft(shop, { ...effect, streamId: effect.threadId }, at, event)),
  effects: [
    {
      effectId: effect.effectId,
      ...found,
      patch: { status, token: null, message: message ?? null, endedAt: status === "pending" ? null : at },
    },
  ],
})

const told = (shop: Workshop, effect: EffectRow, found: Found, ending: Ending): Effect.Effect<void, WorkError> =>
  Effect.flatMap(Clock.currentTimeMillis, (at) =>
    Effect.asVoid(untilTaken(shop.engine.submit(conclusion(shop, effect, found, ending, at)))),
  )

/** Says what became of a leased effect; with `pending` it is let go for another attempt. */
export const end = (shop: Workshop, { effect, token }: Lease, ending: Ending): Effect.Effect<void, WorkError> =>
  told(shop, effect, { from: "attempting", token }, ending)

/** Ends an effect that nobody has attempted. */
export const endPending = (shop: Workshop, effect: EffectRow, ending: Ending): Effect.Effect<void, WorkError> =>
  told(shop, effect, { from: "pending" }, ending).pipe(
    // Somebody else has taken or ended it meanwhile: that is as good.
    Effect.catchTag("EffectConflict", () => Effect.void),
  )

/** Corrects what was said of a delivered effect: its answer was a refusal, or never came. */
export const amend = (shop: Workshop, effect: EffectRow, ending: Ending): Effect.Effect<void, WorkError> =>
  told(shop, effect, { from: "delivered" }, ending)
