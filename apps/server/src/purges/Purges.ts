/** Removes the content of threads for good. The writer does the work, and goes on with it after a kill; here it is begun and looked at. */
import type { PurgeView } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Engine, type PurgeState } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import { Ids } from "@threadfold/orchestrator"
import { Projections } from "@threadfold/projections"
import { Clock, Context, Effect, Layer } from "effect"
import { ImportSettings } from "../imports/ImportSettings.js"
import { MomentReads } from "../moments/MomentReads.js"
import { runJob } from "../offline/runJob.js"
import { toProblem } from "../problems/toProblem.js"

/** Purges that may wait for their tombstones. */
const mostWaiting = 100

/** Sizes that are counted at a time: each reads a thread from end to end. */
const sizesAtATime = 1

/** What a purge does not reach. */
const notPurged: readonly string[] = [
  "Bundles and backups that were made before still hold the thread.",
  "Forks of the thread, and threads that its agent started, are threads of their own: purge them, too.",
  "Mirrors, which are the same conversation imported from elsewhere, stay, and lists show them from now on: purge them, too.",
  "Messages that name no thread, as the call that started a session and the agent's standard error do, stay with their connection until the last thread that it served is purged.",
  "The agent keeps its own files of the conversation; an import of them makes a thread of its own.",
]

export interface PurgesService {
  /**
   * Purges a thread, and returns once its tombstone is durable: the content then goes in short steps. One that was purged before: no
   * change, and the same answer. `ifVersion`: only while the stream of the thread is at this version. Fails with `thread-not-found`,
   * `thread-busy` while anything of the thread lives, `precondition-failed`, and `too-many-requests`.
   */
  readonly purge: (threadId: string, ifVersion: number | null) => Effect.Effect<PurgeView, Problem>
  /** How far the purge of a thread is; of one that was not purged, what would go. Fails with `thread-not-found`. */
  readonly look: (threadId: string) => Effect.Effect<PurgeView, Problem>
  /** Calls the listener with the id of each thread that is purged from here on, for as long as the service lives. */
  readonly onPurged: (listener: (threadId: string) => void) => Effect.Effect<void>
}

const total = (removed: PurgeView["removed"]): number =>
  Object.values(removed).reduce((sum, { bytes }) => sum + bytes, 0)

/** What a purge waits for that has done all the rest; null: nothing. */
const waitsFor = ({ connections, finishedAt, phase }: PurgeState): string | null => {
  if (finishedAt !== null || phase !== "wal") return null
  if (connections > 0) return "the end of its agent's connection, to remove what that said of the thread"
  return "readers of the database, to empty the write-ahead log"
}

const viewOf = (purge: PurgeState): PurgeView => {
  const { eventId, finishedAt, purgedAt, removed, sealedHash, sequence, threadId } = purge
  return {
    threadId,
    status: finishedAt === null ? "running" : "finished",
    eventId,
    sequence,
    sealedHash,
    purgedAt,
    finishedAt,
    waitsFor: waitsFor(purge),
    removed,
    bytes: total(removed),
    notPurged,
  }
}

const make = Effect.gen(function* () {
  const engine = yield* Engine
  const ids = yield* Ids
  const moments = yield* MomentReads
  const projections = yield* Projections
  const { directory } = yield* ImportSettings
  const file = databaseFile(directory)
  // Where the writer is in this thread, as in tests, the work is, too.
  const hasThreads = yield* Effect.scoped(Effect.map(engine.openPort, (port) => port !== null))
  const sizing = yield* Effect.makeSemaphore(sizesAtATime)
  const listeners: ((threadId: string) => void)[] = []
  let waiting = 0

  const known = (threadId: string): Effect.Effect<PurgeView | null, Problem> =>
    Effect.mapBoth(engine.purgeOf(threadId), {
      onFailure: toProblem,
      onSuccess: (purge) => (purge === null ? null : viewOf(purge)),
    })

  const sizeOf = (threadId: string) =>
    hasThreads
      ? runJob({ name: "purgeSize", file, options: { threadId } }, () => undefined, { beside: true })
      : Effect.promise(() => import("../offline/jobs/index.js")).pipe(
          Effect.flatMap(({ jobs }) =>
            jobs.purgeSize.start(file, { threadId }, { progress: () => undefined, ask: () => Effect.never }),
          ),
          Effect.mapError(toProblem),
        )

  const preview = (threadId: string): Effect.Effect<PurgeView, Problem> =>
    Effect.gen(function* () {
      yield* Effect.mapError(projections.thread(threadId), toProblem)
      const removed = yield* sizing.withPermits(1)(sizeOf(threadId))
      return {
        threadId,
        status: "none",
        eventId: null,
        sequence: null,
        sealedHash: null,
        purgedAt: null,
        finishedAt: null,
        waitsFor: null,
        removed,
        bytes: total(removed),
        notPurged,
      }
    })

  const begin = (threadId: string, ifVersion: number | null): Effect.Effect<PurgeView, Problem> =>
    Effect.gen(function* () {
      const commandId = ids.next(yield* Clock.currentTimeMillis)
      const purge = yield* Effect.mapError(engine.purge({ threadId, commandId, ifVersion }), toProblem)
      yield* moments.forget(threadId)
      for (const listener of listeners) listener(threadId)
      return viewOf(purge)
    })

  return Purges.of({
    purge: (threadId, ifVersion) =>
      Effect.suspend(() => {
        if (waiting >= mostWaiting) {
          return new Problem({ slug: "too-many-requests", detail: `${waiting} purges wait already.` })
        }
        waiting += 1
        // The purge of a caller who goes away now is begun all the same.
        const done = Effect.sync(() => {
          waiting -= 1
        })
        return Effect.ensuring(Effect.uninterruptible(begin(threadId, ifVersion)), done)
      }),
    look: (threadId) =>
      Effect.flatMap(known(threadId), (view) => (view === null ? preview(threadId) : Effect.succeed(view))),
    onPurged: (listener) => Effect.sync(() => void listeners.push(listener)),
  })
})

export class Purges extends Context.Tag("@threadfold/server/Purges")<Purges, PurgesService>() {
  static readonly layer: Layer.Layer<Purges, never, Engine | ImportSettings | MomentReads | Projections> = Layer.effect(
    Purges,
    make,
  )
}
