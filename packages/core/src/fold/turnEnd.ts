/** Rule 2, the end of a turn, and what it closes (rules 5, 6, 7, 9). */

import type { Evidence, ItemRow, ProviderError, TurnOutcome, TurnRow } from "@threadfold/contracts"
import { byRule } from "./byRule.js"
import {
  backgroundCommands,
  cancelRequestsOfTurn,
  closeDelegationsOfTurn,
  closeInferencesOfTurn,
  interruptOpenItems,
  linkDelegationsOfTurn,
} from "./closures.js"
import { openItemsOf } from "./openRows.js"
import { holdQueueAfterTurn } from "./queue.js"
import type { Step } from "./Step.js"
import { noteNews, noteOutcome } from "./thread.js"

export interface TurnEnd {
  readonly outcome: TurnOutcome
  /** Short token, for example `provider`, `session-ready`, `superseded`. */
  readonly cause: string
  readonly evidence: Evidence
  /** True: an inferred end that nothing can follow, so that it is settled at once. */
  readonly final?: boolean
  /** False: the queue is not held. */
  readonly holdsQueue?: boolean
  readonly error?: ProviderError | null
  readonly fields?: Partial<TurnRow>
}

/**
 * Ends a requested or running turn, or replaces an inferred end by the observed one. What the turn still held open is
 * closed first, so that no rows of an ended turn are open at any point. The caller moves the session. Returns the row.
 */
export const endTurn = byRule(2, (step: Step, turn: TurnRow, end: TurnEnd): TurnRow => {
  const observed = end.evidence === "observed"
  const imported = step.state.session?.mode === "imported"
  // There is no terminal to wait for where the turn was never delivered, or never ran in a recording.
  const neverRan = turn.status === "requested" && (imported || (end.fields?.handedOver ?? turn.handedOver) === 0)
  const settled = observed || end.final === true || neverRan
  const commands = openCommands(step, turn)
  linkDelegationsOfTurn(step, { ...turn, ...end.fields })
  if (observed && end.outcome === "completed") backgroundCommands(step, commands, turn)
  interruptOpenItems(step, turn.turnId, causeOfItem(end.outcome))
  // A request that opened after the end is answered, resolved or expired: an event that confirms the end does not close it.
  if (turn.status !== "ended") cancelRequestsOfTurn(step, turn.turnId)
  closeInferencesOfTurn(step, turn.turnId, end.outcome, end.evidence)
  if (turn.status === "running") {
    if (!observed) {
      if (imported) settleProvisional(step)
      step.state.provisional = { turnId: turn.turnId, commands: commands.length }
    }
  } else if (observed && step.state.provisional?.turnId === turn.turnId) {
    if (end.outcome === "completed") backgroundCommands(step, closedCommands(step, turn), turn)
    step.state.provisional = null
  }
  const row: TurnRow = {
    ...turn,
    ...end.fields,
    status: "ended",
    outcome: end.outcome,
    cause: end.cause,
    evidence: end.evidence,
    error: end.error ?? turn.error,
    settled: settled ? 1 : 0,
    stalled: 0,
    uncertain: 0,
    endedAt: step.at,
  }
  step.putTurn(row)
  if (turn.status !== "ended") noteNews(step)
  noteOutcome(step, row, end.outcome)
  if (settled) closeDelegationsOfTurn(step, turn.turnId)
  // A confirmed end is not new to a person, so it does not hold the queue again.
  if (end.holdsQueue !== false && isUndone(end.outcome) && !isUndone(turn.outcome)) holdQueueAfterTurn(step)
  return row
})

/** Whether the user's message was not carried out: the messages after it may not be wanted any more. */
const isUndone = (outcome: TurnOutcome | null): boolean => outcome === "failed" || outcome === "interrupted"

/** Settles an inferred end: what waited for it follows. The turn's own terminal may still make it observed. */
export const settleTurn = byRule(2, (step: Step, turn: TurnRow): void => {
  if (turn.settled === 1) return
  step.putTurn({ ...turn, settled: 1 })
  closeDelegationsOfTurn(step, turn.turnId)
})

/**
 * Settles the turn whose end is provisional. In a living session the orchestrator settles it, a second after the end
 * (`turn.settled`). In a recording it is settled when the next turn's end is inferred, or when its session ends.
 */
export const settleProvisional = (step: Step): void => {
  const { provisional } = step.state
  const turn = provisional === null ? null : step.find("turns", provisional.turnId)
  if (turn !== null) settleTurn(step, turn)
}

/**
 * The commands that the turn's inferred end closed and that have no terminal of their own: only these become background tasks.
 */
const closedCommands = (step: Step, turn: TurnRow): readonly ItemRow[] => {
  // Stryker disable next-line all: it saves a look-up that finds nothing
  if (step.state.provisional?.commands === 0) return []
  return step
    .list("items", "interruptedCommandsOfTurn", turn.turnId)
    .filter((item) => item.cause === causeOfItem(turn.outcome) && item.processId !== null)
}

/** Commands of the turn that still run in a process of their own. */
const openCommands = (step: Step, turn: TurnRow): readonly ItemRow[] =>
  openItemsOf(step, turn.turnId).filter((item) => item.kind === "command" && item.processId !== null)

/** Cause of an item that the end of its turn closes. One that comes after that end has another. */
const causeOfItem = (outcome: TurnOutcome | null): string => `turn-${outcome}`
