/** How the work of a handler fails towards its caller. */
import type { Problem } from "@threadfold/contracts/problem"
import type { EngineService } from "@threadfold/engine"
import { StorageLost } from "@threadfold/event-log"
import { Effect } from "effect"
import { type ServiceError, toProblem } from "../problems/toProblem.js"

/**
 * Fails with problems alone. What a read of lost files ends in is whatever SQLite meets in them, and their writer may have ended
 * of it: then the loss is the answer.
 */
export const orProblem =
  ({ storage }: EngineService) =>
  <A, R>(work: Effect.Effect<A, ServiceError | Problem, R>): Effect.Effect<A, Problem, R> => {
    const orLost = <E extends ServiceError>(error: E): Effect.Effect<never, E | StorageLost> =>
      Effect.flatMap(storage, ({ lost }) =>
        Effect.fail(lost === null ? error : new StorageLost({ ...lost, committed: false })),
      )
    return work.pipe(
      Effect.catchTags({
        StorageUnavailable: orLost,
        StorageFailed: orLost,
        EngineFailed: orLost,
        EngineStopped: orLost,
      }),
      Effect.mapError(toProblem),
    )
  }
