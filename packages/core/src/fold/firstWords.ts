/// <reference lib="es2024.string" />
/**
 * The first words of a thread, for a list: the text of its first message, cut at a word. Later messages never replace them; a
 * rewind that takes the message back takes them with it, and the next message gives new ones.
 */

import { firstWordsLength, type ItemKind } from "@threadfold/contracts"
import { byRule } from "./byRule.js"
import { turnOf } from "./openRows.js"
import type { Step } from "./Step.js"

/** How much of a message is read, in UTF-16 units: leading blanks are skipped within it. */
const lookedAt = firstWordsLength * 8

/** A text in one line of at most {@link firstWordsLength} UTF-16 units, cut at a word where there is one; null: it has no words. */
export const firstWordsOf = (text: string): string | null => {
  const line = text.slice(0, lookedAt).toWellFormed().replace(/\s+/g, " ").trim()
  if (line === "") return null
  if (line.length <= firstWordsLength) return line
  const room = firstWordsLength - 1
  const lastBlank = line.slice(0, room + 1).lastIndexOf(" ")
  const end = lastBlank > 0 ? lastBlank : room
  // Never in the middle of a pair.
  return `${line.slice(0, line.slice(0, end).isWellFormed() ? end : end - 1)}…`
}

/** Takes the words of a message of the user, where the thread has none. */
const hearWords = byRule(16, (step: Step, text: string | null | undefined, ordinal: number | null): void => {
  const { thread } = step.state
  if (thread === null || thread.firstWords !== null || text === null || text === undefined) return
  const firstWords = firstWordsOf(text)
  if (firstWords !== null) step.keepThread({ ...thread, firstWords, firstWordsTurn: ordinal })
})

/** The message that asks for a turn. */
export const hearRequest = (step: Step, text: string | null | undefined): void =>
  hearWords(step, text, turnOf(step, step.event.turnId)?.ordinal ?? null)

/** An item that was taken: a message of the user may be the thread's first. */
export const hearMessage = (step: Step, kind: ItemKind, text: string | null | undefined): void => {
  if (kind !== "user_message" || step.state.thread?.firstWords !== null || step.event.itemId === null) return
  const item = step.findItem(step.event.itemId)
  if (item !== null) hearWords(step, text, turnOf(step, item.turnId)?.ordinal ?? null)
}

/** Turns from this ordinal on were taken back. */
export const forgetWords = byRule(16, (step: Step, from: number): void => {
  const { thread } = step.state
  if (thread === null || thread.firstWordsTurn === null || thread.firstWordsTurn < from) return
  step.keepThread({ ...thread, firstWords: null, firstWordsTurn: null })
})
