/** The answer to a pushed line, as the API says it. */
import type { LineResult } from "@threadfold/contracts/api"
import type { LineOutcome } from "@threadfold/orchestrator"

/** Longest place in an answer, characters: an answer to a line has at most 200 bytes. */
const longestPlace = 48

/** A place as the answer names it: one byte a character. */
const shownPlace = (place: string): string => place.replace(/[^\w.:[\]-]/g, "?").slice(0, longestPlace)

/** The answer to a line that came to this. */
export const lineResult = ({ fault, line, result, seq, unknown }: LineOutcome): LineResult => {
  const isStored = result !== null && (result.status === "appended" || result.status === "gap")
  const status = result === null || (isStored && fault !== null) ? "invalid" : result.status
  const found = fault ?? unknown
  const problem = status === "duplicate" ? undefined : (result?.problem ?? found?.problem)
  const place = problem !== found?.problem ? "" : (found?.place ?? "")
  return {
    line,
    seq,
    status,
    ...(result === null || result.sequence === null ? {} : { sequence: result.sequence }),
    ...(problem === undefined ? {} : { problem }),
    ...(place === "" ? {} : { place: shownPlace(place) }),
  }
}
