/**
 * What follows from a thread's rows by itself: the queue runs on, an inferred end becomes final. Derived from the rows every
 * time, so that a crash at any point loses none of it.
 */
import type { Problem, TurnRow } from "@threadfold/contracts"
import { Effect } from "effect"
import { isProvisional } from "../lanes/turn.js"
import type { Workshop } from "../lanes/Workshop.js"
import { upkeep } from "../upkeep.js"

/** How long after an inferred end the agent's own word may still come before the end is final, ms (docs/rules.md). */
export const settleMs = 1_000

/** Makes the follow-up of a thread; one per orchestrator. */
export const makeFollowUp = (shop: Workshop): ((threadId: string) => Effect.Effect<void, Problem>) => {
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
      const { thread, turns } = work
      const provisional = turns.filter((turn) => turn.status === "ended" && turn.settled === 0)
      yield* Effect.forEach(provisional, settle, { discard: true })
      // What the agent does after its turn's end goes first, too.
      const busy =
        thread.afterEndItems > 0 ||
        turns.some(
          (turn) =>
            turn.status === "running" ||
            isProvisional(work, turn) ||
            (turn.status === "requested" && turn.uncertain === 0),
        )
      if (thread.queued === 0 || thread.queueHeld === 1 || busy || thread.agent === null) return
      // A message on its way into a turn may still be in the queue. An interrupt may wait for a start that never comes.
      const open = yield* shop.reads.openEffects(threadId)
      if (open.some(({ kind }) => kind !== "turn.interrupt")) return
      const { effects } = yield* upkeep(shop, { type: "queue.drain", threadId })
      if (effects.length > 0) yield* shop.poke(threadId)
    })
}
