/**
 * Rule 13: a rewind takes back the newest turns. It adds ranges of turns and rewrites no row, so that the log and the rows
 * stay whole; views derive from the ranges which turns were taken back.
 */

import type { PayloadOf, RequestRow, TurnRow } from "@threadfold/contracts"
import type { RowSource } from "../RowSource.js"
import type { FoldState } from "../state/FoldState.js"
import { isTaken, rangeAt, rangeOf } from "../state/rewound.js"
import { byRule } from "./byRule.js"
import { cancelRequestsOfTurn, interruptOpenItems } from "./closures.js"
import { forgetWords } from "./firstWords.js"
import { openAfterEndItems, openRequests, openRequestsOf, turnOf } from "./openRows.js"
import { leaveStarting, moveSession } from "./pointer.js"
import { eventSession, refuseEnded, type Step } from "./Step.js"
import { turnSubject } from "./subjects.js"
import { forgetFailure } from "./thread.js"
import { endTurn } from "./turnEnd.js"

/** Cause of what a rewind ended. */
const REWOUND = "rewound"

/** `thread.rewound`: its turn is the first one that was taken back; the newer ones went with it. */
export const threadRewound = (step: Step, payload: PayloadOf<"thread.rewound">): void => {
  if (refuseEnded(step)) return
  const first = turnOf(step, step.event.turnId)
  if (first === null || !isTaken(first)) {
    // The source names the last turn that is left, and no newer turn is known: nothing was taken back.
    const tellsWhatIsLeft = (payload.keptNativeTurnId ?? null) !== null
    if (!tellsWhatIsLeft) step.note("rewind-without-turns", eventSession(step))
    return
  }
  if (rangeAt(step.state, step.rows, first.ordinal) !== null) {
    return step.note("turn-rewound", turnSubject(first.turnId), step.event.type)
  }
  endWhatRuns(step, first.ordinal)
  forgetWords(step, first.ordinal)
  addRanges(step, first)
  forgetFailure(step)
  const { baseline } = step.state
  if (baseline !== null) step.state.baseline = { ...baseline, rewound: true, left: null }
}

/** Ends what is open in turns from this ordinal on: a turn that was taken back has nothing open. */
const endWhatRuns = (step: Step, from: number): void => {
  const { active } = step.state
  if (active !== null && active.ordinal >= from) {
    endTurn(step, active, { outcome: "interrupted", cause: REWOUND, evidence: "inferred", final: true })
    moveSession(step, "ready")
  }
  const accepted = step.state.requested.filter((turn) => turn.ordinal >= from && isTaken(turn))
  for (const turn of accepted) {
    endTurn(step, turn, { outcome: "cancelled", cause: REWOUND, evidence: "inferred", final: true })
  }
  if (accepted.length > 0) leaveStarting(step)
  for (const turnId of openAfterTheirTurn(step, from)) {
    const turn = turnOf(step, turnId)
    if (turn === null || turn.status !== "ended" || turn.ordinal < from) continue
    interruptOpenItems(step, turnId, REWOUND)
    cancelRequestsOfTurn(step, turnId)
  }
}

/** Turns that have something open though they have ended, all of those from this ordinal on among them. */
const openAfterTheirTurn = (step: Step, from: number): ReadonlySet<string> => {
  const open = [...openAfterEndItems(step), ...requestsFrom(step, from)]
  return new Set(open.flatMap(({ turnId }) => (turnId === null ? [] : [turnId])))
}

/** Up to this many open requests are read in one list. Where more are open, they are read turn by turn. */
const fewRequests = 16

const requestsFrom = (step: Step, from: number): readonly RequestRow[] => {
  const { open, thread } = step.state
  if (open.requests <= fewRequests) return openRequests(step)
  const found: RequestRow[] = []
  for (let ordinal = from; ordinal <= (thread?.turns ?? 0); ordinal++) {
    const range = rangeAt(step.state, step.rows, ordinal)
    // Nothing is open in turns that were taken back before.
    if (range !== null) ordinal = range.toOrdinal
    const turn = range === null ? step.rows.find("turns", "byOrdinal", [step.threadId, ordinal]) : null
    if (turn !== null) found.push(...openRequestsOf(step, turn.turnId))
  }
  return found
}

/** The range from the first turn to the newest one, without turns that wait to be delivered: those were not taken back. */
const addRanges = (step: Step, first: TurnRow): void => {
  const newest = step.state.thread?.turns ?? 0
  const waiting = step.state.requested.map((turn) => turn.ordinal).filter((ordinal) => ordinal > first.ordinal)
  let from = first.ordinal
  let depth = depthBelow(step, from)
  for (const end of [...waiting.sort((a, b) => a - b), newest + 1]) {
    if (from < end) {
      depth += 1
      step.addRewind({ firstTurnId: first.turnId, fromOrdinal: from, toOrdinal: end - 1, depth })
    }
    from = end + 1
  }
}

/** How many outer ranges lie before this turn: the new range holds the outer ranges after it. */
const depthBelow = (step: Step, ordinal: number): number => {
  let low = 0
  let high = step.state.rewinds?.depth ?? 0
  while (low < high) {
    const middle = (low + high + 1) >> 1
    const range = rangeOf(step.state, step.rows, middle)
    if (range !== null && range.fromOrdinal < ordinal) low = middle
    else high = middle - 1
  }
  return low
}

const isOfTask = (step: Step): boolean => {
  const { itemId, type } = step.event
  return type.startsWith("task.") || (itemId !== null && step.find("tasks", itemId)?.status === "running")
}

/**
 * Notes an event of a turn that was taken back; true when it did. A task that outlives its turn goes on: a rewind of the
 * conversation stops no process. `turn.settled` applies as well: the queue waits for it.
 */
export const refuseRewound = byRule(13, (step: Step): boolean => {
  const { event, rows, state } = step
  const { turnId } = event
  if (state.rewinds === null || turnId === null || state.active?.turnId === turnId) return false
  if (event.type === "thread.rewound" || event.type === "turn.settled" || isOfTask(step)) return false
  const turn = turnOf(step, turnId)
  if (turn === null || !isRewound(state, rows, turn)) return false
  step.note("turn-rewound", turnSubject(turnId), event.type)
  return true
})

/** Whether a turn was taken back. */
export const isRewound = (state: FoldState, rows: RowSource, turn: TurnRow): boolean =>
  turn.status === "ended" && rangeAt(state, rows, turn.ordinal) !== null
