/**
 * The worker of the outbox: it takes the threads that were woken, and has their lanes lease, deliver and conclude their effects. Every
 * second it looks at each thread that may have something to do, whether it was woken or not.
 */
import { mayFollow } from "@threadfold/core"
import { WorkReads } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import { Context, Effect, identity, Layer, Schedule } from "effect"
import { eachPage } from "../eachPage.js"
import { Recovery } from "../recovery/Recovery.js"
import { Wakeups } from "../Wakeups.js"
import type { AttemptNeeds } from "./Attempt.js"
import { makeLanes } from "./lanes.js"
import { SessionStarts } from "./SessionStarts.js"

/** How often all threads that may have something to do are looked at, ms. */
const SWEEP_MS = 1_000
/** Threads of one page. */
const PAGE = 500

export interface OutboxService {
  /** Interrupts the start of the thread's session that is under way: what it was for has been stopped or cancelled. */
  readonly callOffStart: (threadId: string) => Effect.Effect<void>
}

const make = Effect.gen(function* () {
  // No effect is attempted before what an earlier run left is settled.
  yield* Recovery
  const projections = yield* Projections
  const reads = yield* WorkReads
  const starts = yield* SessionStarts
  const wakeups = yield* Wakeups
  const lanes = yield* makeLanes

  const work = Effect.flatMap(wakeups.take, (threadIds) => Effect.forEach(threadIds, lanes.look, { discard: true }))
  yield* Effect.forkScoped(Effect.forever(work))

  const followUps = (after: string | null) => projections.threadsToFollowUp(after, PAGE)
  const sweep = Effect.gen(function* () {
    yield* eachPage({ read: reads.threadsWithEffects, keyOf: identity }, wakeups.wakeAll)
    yield* eachPage({ read: followUps, keyOf: ({ threadId }) => threadId }, (candidates) =>
      wakeups.wakeAll(candidates.filter(mayFollow).map(({ threadId }) => threadId)),
    )
  }).pipe(Effect.catchAllCause((cause) => Effect.logWarning("a sweep of the outbox failed", cause)))
  yield* Effect.forkScoped(Effect.repeat(sweep, Schedule.spaced(SWEEP_MS)))

  return Outbox.of({ callOffStart: starts.callOff })
})

export class Outbox extends Context.Tag("@threadfold/orchestrator/Outbox")<Outbox, OutboxService>() {
  static readonly layer: Layer.Layer<Outbox, never, Exclude<AttemptNeeds, SessionStarts> | Recovery> = Layer.scoped(
    Outbox,
    make,
  ).pipe(Layer.provide(SessionStarts.layer))
}
