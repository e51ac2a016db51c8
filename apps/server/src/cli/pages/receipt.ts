/** What a command led to, for people. */
import type { Receipt, TurnDetail } from "@threadfold/contracts"
import { type Look, oneLine } from "../text/Look.js"
import { span } from "../text/words.js"

/** The ids of a receipt, one a line. */
export const receiptLines = ({ messageId, threadId, turnId }: Receipt): string =>
  [
    `thread   ${threadId}`,
    ...(turnId === null ? [] : [`turn     ${turnId}`]),
    ...(messageId === null ? [] : [`message  ${messageId}${turnId === null ? " (queued)" : ""}`]),
    "",
  ].join("\n")

const errorOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "message" in error ? `: ${oneLine(String(error.message))}` : ""

/** How a turn ended; null: its message was cancelled. */
export const outcomeLine = (look: Look, turn: TurnDetail | null): string => {
  if (turn === null) return look.bad("cancelled before it had a turn")
  const took = span(turn.startedAt, turn.endedAt)
  const word = turn.outcome ?? turn.status
  const why = turn.outcome === "completed" ? "" : turn.error === null ? ` (${turn.cause ?? "?"})` : errorOf(turn.error)
  return `${turn.outcome === "completed" ? look.good(word) : look.bad(word)}${why}${took === null ? "" : ` · ${took}`}`
}
