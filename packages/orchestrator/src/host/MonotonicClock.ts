/**
 * A clock that nobody sets and that, on most systems, stands still while the host sleeps. Effect's own clocks both follow
 * the wall. A service, so that a test drives both.
 */
import { Context, Effect } from "effect"

export interface MonotonicClockService {
  /** Milliseconds since some moment; only differences mean anything. */
  readonly now: Effect.Effect<number>
}

/** The system's own, unless a test gives another. */
export class MonotonicClock extends Context.Reference<MonotonicClock>()("@threadfold/orchestrator/MonotonicClock", {
  defaultValue: (): MonotonicClockService => ({ now: Effect.sync(() => performance.now()) }),
}) {}
