/** Rule 5: where a new item belongs, and what its first event shows about its turn. */

import type { TurnRow } from "@threadfold/contracts"
import { byRule } from "./byRule.js"
import { mayRunLate } from "./earlyEnd.js"
import { turnOf } from "./openRows.js"
import { moveSession } from "./pointer.js"
import type { Step } from "./Step.js"
import { nativeTurnSubject, turnSubject } from "./subjects.js"
import { takesLateEvents } from "./turn.js"
import { startTurn, turnFromContent } from "./turnStart.js"

/** The first event of an item: its start, a delta, or its end alone. */
export type FirstWord = "start" | "delta" | "end"

/** Where a new item belongs. */
export interface Place {
  /** Its turn as it is now; null: it belongs to none. */
  readonly turn: TurnRow | null
  /** It came late, into a turn that ended provisionally: it is closed at once. */
  readonly late: boolean
  /** It came after the end of its turn. */
  readonly afterEnd: boolean
}

const inTurn = (turn: TurnRow | null): Place => ({ turn, late: false, afterEnd: false })

/**
 * Whether the item shows that its turn runs. A start and a delta do. A whole item may be old, unless the turn was requested, or
 * the session is running and no other turn is.
 */
const showsRunning = ({ state }: Step, turn: TurnRow | null, word: FirstWord): boolean =>
  word !== "end" || turn !== null || (state.active === null && state.session?.status === "running")

/** Opens, starts or ends the turn of which the item is the first event. */
const turnOfFirstWord = (step: Step, turnId: string, turn: TurnRow | null, word: FirstWord): TurnRow | null => {
  if (!showsRunning(step, turn, word)) return turnFromContent(step, turnId)
  // Inline reviews send no turn/started: their first event is an item (docs/concepts.md).
  return startTurn(step, turnId, { supersedes: false, synthetic: word === "start" })
}

/**
 * Work after the end of its turn: shown in it, with an anomaly, and nothing else of the turn changes. A session that is running
 * without a turn works on this.
 */
export const noteAfterEnd = byRule(5, (step: Step, turn: TurnRow): void => {
  step.note("item-after-turn-end", turnSubject(turn.turnId))
  const { active, session } = step.state
  // Stryker disable next-line OptionalChaining: the event comes from the living session
  if (active === null && session?.status === "running") moveSession(step, "ready")
})

/** Where a new item of the living session belongs, or null after noting why it has no place. */
export const placeOf = (step: Step, word: FirstWord): Place | null => {
  const { event } = step
  if (event.turnId === null) {
    const native = event.native?.turnId
    if (native === undefined) return inTurn(null)
    step.note("item-without-turn", nativeTurnSubject(native, event.sessionId))
    return null
  }
  const turn = turnOf(step, event.turnId)
  if (turn === null || turn.status === "requested" || (step.state.active === null && mayRunLate(step, turn))) {
    const opened = turnOfFirstWord(step, event.turnId, turn, word)
    if (opened !== null) return inTurn(opened)
    step.note("item-without-turn", turnSubject(event.turnId))
    return null
  }
  if (turn.status === "running") return inTurn(turn)
  if (takesLateEvents(step, turn)) return { ...inTurn(turn), late: true }
  if (step.relation !== "current") {
    step.note("item-after-turn-end", turnSubject(turn.turnId))
    return null
  }
  noteAfterEnd(step, turn)
  return { ...inTurn(turn), afterEnd: true }
}
