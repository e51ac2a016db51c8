/** Copies the forks that were accepted, one after the other, also those that an earlier process left. */
import { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { type Fork, pendingForks } from "@threadfold/orchestrator"
import { Context, Effect, FiberMap, Layer, Schedule, Schema } from "effect"
import { MomentReads } from "../moments/MomentReads.js"
import { ForkPoint } from "../moments/momentProtocol.js"
import { toProblem } from "../problems/toProblem.js"
import { callOff, copyThread } from "./copyThread.js"

/** Forks that may wait for their copies. */
const mostWaiting = 100

/** A copy that failed, as on a full disk, is tried again after so long, and every time after twice as long, up to a minute. */
const patience = Schedule.union(Schedule.exponential("1 second"), Schedule.spaced("1 minute"))

const decodePoint = Schema.decode(Schema.parseJson(ForkPoint))

/** What no later try changes: the origin has no such turn that ended. */
const isFinal = ({ slug }: Problem): boolean =>
  slug === "thread-not-found" || slug === "turn-not-found" || slug === "before-first-event"

export interface ForksService {
  /** Begins the copies that are to be made. Does not wait for them. */
  readonly wake: Effect.Effect<void>
  /** Fails with `too-many-requests` where too many forks wait for their copies. */
  readonly requireRoom: Effect.Effect<void, Problem>
}

const make = Effect.gen(function* () {
  const engine = yield* Engine
  const moments = yield* MomentReads
  const copies = yield* FiberMap.make<string>()
  const oneAtATime = yield* Effect.makeSemaphore(1)
  const pending = Effect.mapError(pendingForks(engine), toProblem)

  const pointOf = ({ fromThreadId, turnId }: Fork) =>
    moments.ask({ kind: "fork", threadId: fromThreadId, turnId }).pipe(
      Effect.mapError(toProblem),
      Effect.flatMap(({ json }) => Effect.orDie(decodePoint(json))),
    )

  const copy = (fork: Fork): Effect.Effect<void> => {
    const told = Effect.annotateLogs({ fork: fork.threadId, from: fork.fromThreadId })
    return pointOf(fork).pipe(
      Effect.flatMap((point) => Effect.mapError(copyThread(engine, fork, point), toProblem)),
      Effect.catchIf(isFinal, (problem) =>
        Effect.zipRight(
          told(Effect.logError("A fork was given up.", problem.detail)),
          Effect.mapError(callOff(engine, fork), toProblem),
        ),
      ),
      oneAtATime.withPermits(1),
      Effect.tapError(({ detail }) => told(Effect.logWarning("A fork waits: its copy failed.", detail))),
      Effect.retry(patience),
      Effect.ignore,
    )
  }

  const begin = (fork: Fork) => FiberMap.run(copies, fork.threadId, copy(fork), { onlyIfMissing: true })

  const wake = pending.pipe(
    Effect.flatMap((forks) => Effect.forEach(forks, begin, { discard: true })),
    Effect.catchAll(({ detail }) => Effect.logWarning("Forks could not be looked for.", detail)),
  )
  yield* wake

  return Forks.of({
    wake,
    requireRoom: Effect.flatMap(pending, (forks) =>
      forks.length < mostWaiting
        ? Effect.void
        : new Problem({ slug: "too-many-requests", detail: `${forks.length} forks are being copied already.` }),
    ),
  })
})

export class Forks extends Context.Tag("@threadfold/server/Forks")<Forks, ForksService>() {
  static readonly layer: Layer.Layer<Forks, never, Engine | MomentReads> = Layer.scoped(Forks, make)
}
