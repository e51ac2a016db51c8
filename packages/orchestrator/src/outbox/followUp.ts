/** Does what follows from a thread's rows by itself (`followUpOf` of core): the queue runs on, an inferred end becomes final. */
import type { TurnRow } from "@threadfold/contracts"
import { followUpOf, queueWaitsFor, settleMs } from "@threadfold/core"
import { type Engine, WorkReads } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import { Effect } from "effect"
import { Background } from "../Background.js"
import type { WorkError } from "../Errors.js"
import { upkeep } from "../ownWrites.js"
import { Wakeups } from "../Wakeups.js"

/** The follow-up of a thread. */
export type FollowUp = (
  threadId: string,
) => Effect.Effect<void, WorkError, Background | Engine | Projections | Wakeups | WorkReads>

/** Makes the follow-up of threads; one per outbox, because it knows which ends are being settled. */
export const makeFollowUp = (): FollowUp => {
  const settling = new Set<string>()

  const settle = ({ threadId, turnId }: TurnRow) =>
    Effect.gen(function* () {
      const background = yield* Background
      const wakeups = yield* Wakeups
      if (settling.has(turnId)) return
      settling.add(turnId)
      yield* background.run(
        Effect.sleep(settleMs).pipe(
          Effect.zipRight(upkeep({ type: "turn.settle", threadId, turnId })),
          Effect.ensuring(Effect.sync(() => settling.delete(turnId))),
          Effect.zipRight(wakeups.wake(threadId)),
        ),
      )
    })

  return (threadId) =>
    Effect.gen(function* () {
      const projections = yield* Projections
      const reads = yield* WorkReads
      const work = yield* projections.threadWork(threadId)
      if (work === null) return
      const { drains, settles } = followUpOf(work)
      yield* Effect.forEach(settles, settle, { discard: true })
      if (!drains || queueWaitsFor(yield* reads.openEffects(threadId))) return
      const { effects } = yield* upkeep({ type: "queue.drain", threadId })
      if (effects.length > 0) yield* (yield* Wakeups).wake(threadId)
    })
}
