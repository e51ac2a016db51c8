/** Ids of ours: UUIDv7. A service, so that a test can provide its own. */
import { Clock, Context, Effect, Layer } from "effect"
import { v7 } from "uuid"

export interface IdsService {
  /** A new id. @param at our clock, ms since the epoch */
  readonly next: (at: number) => string
}

/** Random ids, unless a test provides others. */
export class Ids extends Context.Reference<Ids>()("@threadfold/orchestrator/Ids", {
  defaultValue: (): IdsService => ({ next: (at) => v7({ msecs: at }) }),
}) {
  /** A new id of this moment. */
  static readonly nextNow: Effect.Effect<string> = Effect.zipWith(Ids, Clock.currentTimeMillis, ({ next }, at) =>
    next(at),
  )
}

/** Id of this run of the server. The processes that it starts and the leases that it takes carry it. */
export class Incarnation extends Context.Tag("@threadfold/orchestrator/Incarnation")<Incarnation, string>() {
  static readonly layer: Layer.Layer<Incarnation> = Layer.effect(Incarnation, Ids.nextNow)
}
