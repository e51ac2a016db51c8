/** What a voice conversation is told of work that it handed off (rule 9): once, when the end of its turn is final. */
import type { DelegationRow, TurnOutcome, TurnRow } from "@threadfold/contracts"
import { MESSAGE_CANCELLED } from "../state/lifecycle.js"

/** What each outcome is called before the agent's last words. */
const outcomeWords: { readonly [O in TurnOutcome]: string } = {
  completed: "The work is done.",
  failed: "The work failed.",
  interrupted: "The work was interrupted.",
  cancelled: "The work was cancelled before it was done.",
  unknown: "The work ended; how, is not known.",
}

/** Longest text of the agent that is given back, characters. */
const outcomeTextLimit = 16_000

/**
 * The text that goes back into the conversation; null: the work goes on.
 *
 * @param lastWords the last message of the agent in the turn; null: it said nothing
 */
export const handoffOutcome = (
  delegation: Pick<DelegationRow, "status" | "cause">,
  turn: Pick<TurnRow, "outcome" | "error"> | null,
  lastWords: string | null,
): string | null => {
  if (delegation.status === "open") return null
  if (delegation.cause === MESSAGE_CANCELLED) return outcomeWords.cancelled
  const outcome = outcomeWords[turn?.outcome ?? "unknown"]
  const why = turn?.error?.message ?? ""
  // The cut may go through a surrogate pair, and half of one is no text that an agent could be sent.
  const said = (lastWords ?? "").slice(0, outcomeTextLimit).toWellFormed()
  return [outcome, ...[why, said].filter((part) => part !== "")].join("\n\n")
}
