/** When a turn is over for those who wait for it. */
import type { EventType, TurnDetail } from "@threadfold/contracts"
import { machines } from "@threadfold/core"

/** Events after which a turn may have ended, or its end be final: what the transition tables say, and the settling. */
export const turnEndings: readonly EventType[] = [
  ...new Set<EventType>([
    "turn.settled",
    ...machines.turns.transitions.filter(({ to }) => to.startsWith("ended")).flatMap(({ by }) => by),
  ]),
]

/** An observed end, or an inferred one that nobody contradicted in time. */
export const isFinal = ({ settled, status }: Pick<TurnDetail, "settled" | "status">): boolean =>
  status === "ended" && settled
