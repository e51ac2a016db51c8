/** Does what follows from a thread's rows by itself (`followUpOf` of core): the queue runs on, an inferred end becomes final. */
import type { TurnRow } from "@threadfold/contracts"
import { followUpOf, holdQueue, settleMs } from "@threadfold/core"
import { Effect } from "effect"
import type { WorkError } from "../Errors.js"
import type { Workshop } from "../lanes/Workshop.js"
import { upkeep } from "../upkeep.js"

/** Makes the follow-up of a thread; one per orchestrator. */
export const makeFollowUp = (shop: Workshop): ((threadId: string) => Effect.Effect<void, WorkError>) => {
  const settling = new Set<string>()

  const settle = ({ threadId, turnId }: TurnRow): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (settling.has(turnId)) return Effect.void
      settling.add(turnId)
      return shop.beside(
        Effect.sleep(settleMs).pipe(
          Effect.zipRight(upkeep(shop, { type: "turn.settle", threadId, turnId })),
          Effect.ensuring(Effect.sync(() => settling.delete(turnId))),
          Effect.zipRight(shop.poke(threadId)),
        ),
      )
    })

  return (threadId) =>
    Effect.gen(function* () {
      const work = yield* shop.projections.threadWork(threadId)
      if (work === null) return
      const { drains, settles } = followUpOf(work)
      yield* Effect.forEach(settles, settle, { discard: true })
      if (!drains || holdQueue(yield* shop.reads.openEffects(threadId))) return
      const { effects } = yield* upkeep(shop, { type: "queue.drain", threadId })
      if (effects.length > 0) yield* shop.poke(threadId)
    })
}
