/** What receipts remember of commands, and what they say (docs/architecture.md, "Commands, receipts, effects"). */
import { type Receipt, uuidV7Pattern } from "@threadfold/contracts"
import { type Refusal, refusalReasons } from "../decide/Refusal.js"
import type { Span } from "./Moment.js"

/** How long before and after the time in its id the receipt of a command is given, ms: the id is made when the command comes. */
const receiptWindow = { before: 5_000, after: 60_000 } as const

/** The answer that a receipt keeps: a retry of the command gets it again. */
export type ReceiptAnswer = { readonly accepted: Receipt } | { readonly refused: Refusal }

/**
 * Whether the refusal of a command is remembered. Without a key of the caller there is no retry that could ask for it again, so only
 * accepted commands are remembered under their own id.
 */
export const remembersRefusal = (
  { reason }: Pick<Refusal, "reason">,
  { commandId, key }: { readonly commandId: string; readonly key: string },
): boolean => key !== commandId && refusalReasons[reason].remembered

/**
 * When the receipt of a command was given, ms since the epoch, both ends included; null: the id is none of ours, so there is no such
 * command.
 */
export const receiptSpan = (commandId: string): Span | null => {
  if (!uuidV7Pattern.test(commandId)) return null
  const at = Number.parseInt(commandId.slice(0, 8) + commandId.slice(9, 13), 16)
  return { from: at - receiptWindow.before, until: at + receiptWindow.after }
}

/** Whether a receipt says that the command of this id was accepted, under whatever key it is kept. */
export const saysAccepted = (answer: ReceiptAnswer, commandId: string): boolean =>
  "accepted" in answer && answer.accepted.commandId === commandId
