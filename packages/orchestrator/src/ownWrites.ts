/** What the orchestrator itself has the engine write: events of its own, and commands that follow from rows (upkeep). */
import { type Actor, Command, type CommandType, type EventType } from "@threadfold/contracts"
import { commandNews } from "@threadfold/core"
import { type Acknowledged, Engine, type EventDraft, type SubmitError } from "@threadfold/engine"
import { Clock, Effect, Schedule, Schema } from "effect"
import { Ids } from "./Ids.js"
import { Wakeups } from "./Wakeups.js"

/** An event of ours. */
export interface OwnEvent {
  readonly type: EventType
  readonly payload: unknown
  readonly turnId?: string | null
  readonly requestId?: string | null
  readonly inferenceId?: string
  /** JSON text of the call's id. */
  readonly callId?: string
}

/** Where an event of ours belongs, and the command that it follows from. */
export interface OwnEventPlace {
  readonly streamId: string
  readonly commandId?: string
}

/** The draft of an event of ours, as the engine takes it. @param at our clock, ms since the epoch */
export const ownDraft = (
  { commandId, streamId }: OwnEventPlace,
  { callId, inferenceId, payload, requestId, turnId, type }: OwnEvent,
  at: number,
): Effect.Effect<EventDraft> =>
  Effect.map(Ids, (ids) => ({
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
      ...(inferenceId === undefined ? {} : { inferenceId }),
    },
  }))

const whileRefused = Schedule.exponential(100).pipe(Schedule.union(Schedule.spaced(5_000)))
/** Lost files never come back, but what waits for them must not be taken for stored: it waits until the server is stopped. */
const passing: Readonly<Record<SubmitError["_tag"], boolean>> = {
  StorageFailed: true,
  StorageFull: true,
  StorageReadOnly: true,
  StorageUncertain: true,
  StorageLost: true,
  EngineStopped: true,
  EngineFailed: false,
  CommandRefused: false,
  CommandConflict: false,
  EffectConflict: false,
  LiveSessionPresent: false,
  RestoreRefused: false,
  ThreadIncomplete: false,
  SubscriptionRefused: false,
}
const isPassing = ({ _tag }: SubmitError): boolean => passing[_tag]

/**
 * Submits again until the database takes the submission, or refuses it for good: a disk that is full may have space again. The
 * pause between two tries grows to 5 seconds.
 */
export const untilTaken = <A, R>(submission: Effect.Effect<A, SubmitError, R>): Effect.Effect<A, SubmitError, R> =>
  Effect.retry(submission, { schedule: whileRefused, while: isPassing })

const decode = Schema.decodeSync(Command)

/** A command of one of these types as it is written down. */
type Written<T extends CommandType> = Extract<typeof Command.Encoded, { readonly type: T }>

/** A command that follows from rows. */
export type UpkeepCommand = Written<
  | "queue.drain"
  | "turn.settle"
  | "turn.settle-after-end"
  | "turn.stall"
  | "turn.time-out-start"
  | "turn.interrupt"
  | "session.reap"
  | "session.reconcile"
  | "request.expire"
  | "request.decline"
  | "request.follow-rule"
  | "session.start"
  | "realtime.start"
  | "realtime.stop"
  | "delegation.route"
>

/** Has the writer decide an upkeep command, like any other one. To derive it again does no harm, so it has no receipt. */
export const upkeep = (
  command: UpkeepCommand,
  actor: Actor = "orchestrator",
): Effect.Effect<Acknowledged, SubmitError, Engine> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const ids = yield* Ids
    const at = yield* Clock.currentTimeMillis
    return yield* engine.submit({
      drafts: [],
      command: { commandId: ids.next(at), to: { streamId: command.threadId }, at, actor, command: decode(command) },
    })
  })

/** The same, and wakes the thread where something may have to be done after it (`commandNews` of core). */
export const upkeepAndWake = (
  command: UpkeepCommand,
  actor: Actor = "orchestrator",
): Effect.Effect<void, SubmitError, Engine | Wakeups> =>
  Effect.gen(function* () {
    const wakeups = yield* Wakeups
    yield* upkeep(command, actor)
    if (commandNews[command.type].wakes) yield* wakeups.wake(command.threadId)
  })
