/// <reference lib="es2024.string" />
/**
 * The first words of a thread, for a list: the text of its first message, cut at a word. Later messages never replace them; a
 * rewind that takes the message back takes them with it, and the next message gives new ones. The preview is the same of what was
 * said last; each turn keeps its own, so that a rewind finds the last one that is left.
 */

import {
  firstWordsLength,
  type ItemKind,
  type ItemRow,
  previewLength,
  rewindTurnLimit,
  type ThreadRow,
  type TurnRow,
} from "@threadfold/contracts"
import { rangeAt } from "../state/rewound.js"
import { byRule } from "./byRule.js"
import { turnOf } from "./openRows.js"
import type { Step } from "./Step.js"

/** How much of a message is read, as a multiple of what is kept: leading blanks are skipped within it. */
const lookedAt = 8

/** A text in one line of at most `length` UTF-16 units, cut at a word where there is one; null: it has no words. */
const lineOf = (text: string, length: number): string | null => {
  const line = text
    .slice(0, length * lookedAt)
    .toWellFormed()
    .replace(/\s+/g, " ")
    .trim()
  if (line === "") return null
  if (line.length <= length) return line
  const room = length - 1
  const lastBlank = line.slice(0, room + 1).lastIndexOf(" ")
  const end = lastBlank > 0 ? lastBlank : room
  // Never in the middle of a pair.
  return `${line.slice(0, line.slice(0, end).isWellFormed() ? end : end - 1)}…`
}

/** Such a line of at most {@link firstWordsLength} UTF-16 units. */
export const firstWordsOf = (text: string): string | null => lineOf(text, firstWordsLength)

/** Takes what was said last, in a turn or outside of any. */
const hearLast = byRule(16, (step: Step, text: string | null | undefined, turn: TurnRow | null): void => {
  const { thread } = step.state
  if (thread === null || text === null || text === undefined) return
  const preview = lineOf(text, previewLength)
  if (preview === null) return
  if (turn !== null && turn.preview !== preview) step.putTurn({ ...turn, preview })
  const previewTurn = turn?.ordinal ?? null
  if (preview === thread.preview && previewTurn === thread.previewTurn) return
  step.keepThread({ ...thread, preview, previewTurn })
})

/** A message that its item has now, whole: what was said last. */
export const hearItem = (step: Step, { kind, turnId }: ItemRow, text: string | null | undefined): void => {
  if (kind !== "user_message" && kind !== "agent_message") return
  hearLast(step, text, turnOf(step, turnId))
}

/** Takes the words of a message of the user, where the thread has none. */
const hearWords = byRule(16, (step: Step, text: string | null | undefined, ordinal: number | null): void => {
  const { thread } = step.state
  if (thread === null || thread.firstWords !== null || text === null || text === undefined) return
  const firstWords = firstWordsOf(text)
  if (firstWords !== null) step.keepThread({ ...thread, firstWords, firstWordsTurn: ordinal })
})

/** The message that asks for a turn. */
export const hearRequest = (step: Step, text: string | null | undefined): void => {
  const turn = turnOf(step, step.event.turnId)
  hearWords(step, text, turn?.ordinal ?? null)
  hearLast(step, text, turn)
}

/** An item that was taken: a message of the user may be the thread's first. */
export const hearMessage = (step: Step, kind: ItemKind, text: string | null | undefined): void => {
  if (kind !== "user_message" || step.state.thread?.firstWords !== null || step.event.itemId === null) return
  const item = step.findItem(step.event.itemId)
  if (item !== null) hearWords(step, text, turnOf(step, item.turnId)?.ordinal ?? null)
}

type Preview = Pick<ThreadRow, "preview" | "previewTurn">

/** What was said last in the turns that are left, where those from this ordinal on are taken back, but for those that wait. */
const lastLeft = (step: Step, from: number): Preview => {
  const waiting = step.state.requested.filter(({ ordinal, preview }) => ordinal > from && preview !== null)
  const [newest] = waiting.sort((a, b) => b.ordinal - a.ordinal)
  if (newest !== undefined) return { preview: newest.preview, previewTurn: newest.ordinal }
  for (let ordinal = from - 1, looked = 0; ordinal >= 1 && looked < rewindTurnLimit; looked++) {
    const range = rangeAt(step.state, step.rows, ordinal)
    const turn = range === null ? step.rows.find("turns", "byOrdinal", [step.threadId, ordinal]) : null
    if (turn !== null && turn.preview !== null) return { preview: turn.preview, previewTurn: ordinal }
    ordinal = (range?.fromOrdinal ?? ordinal) - 1
  }
  return { preview: null, previewTurn: null }
}

/** Turns from this ordinal on are taken back; their range is not there yet. */
export const forgetWords = byRule(16, (step: Step, from: number): void => {
  step.amendThread((thread) => {
    const isOf = (turn: number | null): boolean => turn !== null && turn >= from
    const words = isOf(thread.firstWordsTurn) ? { firstWords: null, firstWordsTurn: null } : {}
    return { ...thread, ...words, ...(isOf(thread.previewTurn) ? lastLeft(step, from) : {}) }
  })
})
