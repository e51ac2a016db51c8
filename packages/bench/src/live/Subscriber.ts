/** A subscriber in a thread of its own: what it has to read must not delay the client that gives commands. */
import { Worker } from "node:worker_threads"
import type { Connection } from "@threadfold/client"
import { Deferred, Effect, type Scope } from "effect"

export interface SubscriberOptions {
  readonly connection: Connection
  /** Turns that will run at the same time. */
  readonly threads: number
  /** Pieces that come before anything is measured. */
  readonly warmUp: number
  /** Pieces whose way is measured. */
  readonly pieces: number
}

/** Messages of the thread. */
export type FromSubscriber =
  | { readonly kind: "all-run" }
  | { readonly kind: "warm" }
  /** How long each measured piece was on its way, ms. */
  | { readonly kind: "all"; readonly delays: readonly number[] }

export interface Subscriber {
  /** Every thread has its turn. */
  readonly allRun: Effect.Effect<void>
  /** The pieces of the warm-up have come. */
  readonly warm: Effect.Effect<void>
  /** Every measured piece has come; how long each was on its way, ms. */
  readonly all: Effect.Effect<readonly number[]>
}

/** Starts it; it ends with the scope. */
export const startSubscriber = (options: SubscriberOptions): Effect.Effect<Subscriber, never, Scope.Scope> =>
  Effect.gen(function* () {
    const allRun = yield* Deferred.make<void>()
    const warm = yield* Deferred.make<void>()
    const all = yield* Deferred.make<readonly number[]>()
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const worker = new Worker(new URL("./subscriberWorker.js", import.meta.url), { workerData: options })
        worker.on("message", (message: FromSubscriber) => {
          if (message.kind === "all") Deferred.unsafeDone(all, Effect.succeed(message.delays))
          else Deferred.unsafeDone(message.kind === "warm" ? warm : allRun, Effect.void)
        })
        worker.on("error", (error) => {
          Deferred.unsafeDone(allRun, Effect.die(error))
          Deferred.unsafeDone(warm, Effect.die(error))
          Deferred.unsafeDone(all, Effect.die(error))
        })
        return worker
      }),
      (worker) => Effect.promise(() => worker.terminate()),
    )
    return { allRun: Deferred.await(allRun), warm: Deferred.await(warm), all: Deferred.await(all) }
  })
