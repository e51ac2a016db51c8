/** A subscriber in a thread of its own: what it has to read must not delay the client that gives commands. */
import { Worker } from "node:worker_threads"
import type { Connection } from "@threadfold/client"
import { Deferred, Effect, type Scope } from "effect"

export interface SubscriberOptions {
  readonly connection: Connection
  /** Turns that will run at the same time. */
  readonly threads: number
  /** Pieces that will come in all. */
  readonly pieces: number
}

/** What the thread tells. */
export type FromSubscriber =
  | { readonly kind: "all-run" }
  /** How long each piece was on its way, ms. */
  | { readonly kind: "all"; readonly delays: readonly number[] }

export interface Subscriber {
  /** Every thread has its turn. */
  readonly allRun: Effect.Effect<void>
  /** Every piece has come; how long each was on its way, ms. */
  readonly all: Effect.Effect<readonly number[]>
}

/** Starts it; it ends with the scope. */
export const startSubscriber = (options: SubscriberOptions): Effect.Effect<Subscriber, never, Scope.Scope> =>
  Effect.gen(function* () {
    const allRun = yield* Deferred.make<void>()
    const all = yield* Deferred.make<readonly number[]>()
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const worker = new Worker(new URL("./subscriberWorker.js", import.meta.url), { workerData: options })
        worker.on("message", (said: FromSubscriber) =>
          said.kind === "all-run"
            ? Deferred.unsafeDone(allRun, Effect.void)
            : Deferred.unsafeDone(all, Effect.succeed(said.delays)),
        )
        worker.on("error", (error) => {
          Deferred.unsafeDone(allRun, Effect.die(error))
          Deferred.unsafeDone(all, Effect.die(error))
        })
        return worker
      }),
      (worker) => Effect.promise(() => worker.terminate()),
    )
    return { allRun: Deferred.await(allRun), all: Deferred.await(all) }
  })
