/** Tasks in the background: what a lane need not wait for. They run for as long as the server runs. */
import { Cause, Context, Effect, FiberSet, Layer } from "effect"
import type { WorkError } from "./Errors.js"

export interface BackgroundService {
  /** Starts a task and returns at once. A failure of the task is logged: what it left undone follows from the rows again. */
  readonly run: <R>(task: Effect.Effect<void, WorkError, R>) => Effect.Effect<void, never, R>
}

export class Background extends Context.Tag("@threadfold/orchestrator/Background")<Background, BackgroundService>() {
  static readonly layer: Layer.Layer<Background> = Layer.scoped(
    Background,
    Effect.map(FiberSet.make(), (tasks) => ({
      run: (task) =>
        Effect.asVoid(
          FiberSet.run(
            tasks,
            Effect.catchAllCause(Effect.interruptible(task), (cause) =>
              Cause.isInterruptedOnly(cause)
                ? Effect.void
                : Effect.logWarning("a task in the background failed", cause),
            ),
          ),
        ),
    })),
  )
}
