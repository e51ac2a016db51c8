/** Event types that a caller names. */
import { events, unknownName } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
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
