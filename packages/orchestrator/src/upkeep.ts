/** Commands of the orchestrator to itself: what follows from rows, decided in the writer like any other command. */
import { type Actor, Command, type CommandType } from "@threadfold/contracts"
import { commandNews } from "@threadfold/core"
import type { Acknowledged, EngineService, SubmitError } from "@threadfold/engine"
import { Clock, Effect, Schema } from "effect"
import type { IdsService } from "./Ids.js"

const decode = Schema.decodeSync(Command)

/** A command of one of these types as it is written down. */
export type Written<T extends CommandType> = Extract<typeof Command.Encoded, { readonly type: T }>

type UpkeepType =
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

/** Gives one. Deriving it again is harmless, so it has no receipt. */
export const upkeep = (
  { engine, ids }: { readonly engine: EngineService; readonly ids: IdsService },
  command: Written<UpkeepType>,
  actor: Actor = "orchestrator",
): Effect.Effect<Acknowledged, SubmitError> =>
  Effect.flatMap(Clock.currentTimeMillis, (at) =>
    engine.submit({
      drafts: [],
      command: { commandId: ids.next(at), to: { streamId: command.threadId }, at, actor, command: decode(command) },
    }),
  )

/** Gives one, and wakes the thread where something may have to be done after it (`commandNews` of core). */
export const upkeepAndWake = (
  shop: {
    readonly engine: EngineService
    readonly ids: IdsService
    readonly poke: (threadId: string) => Effect.Effect<void>
  },
  command: Written<UpkeepType>,
  actor: Actor = "orchestrator",
): Effect.Effect<void, SubmitError> =>
  Effect.zipRight(
    upkeep(shop, command, actor),
    commandNews[command.type].wakes ? shop.poke(command.threadId) : Effect.void,
  )
