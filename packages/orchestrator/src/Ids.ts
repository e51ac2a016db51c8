/** New ids of ours: UUIDv7. A service, so that a test can say which come. */
import { Context } from "effect"
import { v7 } from "uuid"

export interface IdsService {
  /** A new id. @param at our clock, ms since the epoch */
  readonly next: (at: number) => string
}

/** Random ids, unless a test gives others. */
export class Ids extends Context.Reference<Ids>()("@threadfold/orchestrator/Ids", {
  defaultValue: (): IdsService => ({ next: (at) => v7({ msecs: at }) }),
}) {}
