/** Event types: those that a caller names, and those after which a turn is over for callers who wait for it. */
import { type EventType, events, type TurnDetail, unknownName } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { machines } from "@threadfold/core"
import { Effect } from "effect"

const known = Object.keys(events)

/**
 * Fails with `invalid-request` and the nearest name where one of them is not known: a log holds no event of a mistyped one.
 *
 * @param where what named them, for example `types`
 */
export const requireEventTypes = (types: readonly string[], where: string): Effect.Effect<void, Problem> => {
  const unknown = types.find((type) => !known.includes(type))
  return unknown === undefined
    ? Effect.void
    : new Problem({ slug: "invalid-request", detail: `${where}: ${unknownName("event type", unknown, known)}.` })
}

/** Events after which a turn may have ended, or its end be final: what the transition tables say, and the settling. */
export const turnEndings: readonly EventType[] = [
  ...new Set<EventType>([
    "turn.settled",
    ...machines.turns.transitions.filter(({ to }) => to.startsWith("ended")).flatMap(({ by }) => by),
  ]),
]

/** An observed end, or an inferred one that no event contradicted in time. */
export const isFinal = ({ settled, status }: Pick<TurnDetail, "settled" | "status">): boolean =>
  status === "ended" && settled
