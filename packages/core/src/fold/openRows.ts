/**
 * The open rows of a thread, by what they belong to. Every end closes exactly these rows, and its cost depends on them alone:
 * where the count of a kind is 0, there is no look-up.
 */

import type { DelegationRow, InferenceRow, ItemRow, RequestRow, TaskRow, TurnRow } from "@threadfold/contracts"
import type { Step } from "./Step.js"

/** A turn by our id: from the open state, else the stored row. */
export const turnOf = (step: Step, turnId: string | null | undefined): TurnRow | null => {
  if (turnId === null || turnId === undefined) return null
  if (step.state.active?.turnId === turnId) return step.state.active
  const requested = step.state.requested.find((turn) => turn.turnId === turnId)
  return requested ?? step.find("turns", turnId)
}

const byItemId = (a: ItemRow, b: ItemRow): number => (a.itemId < b.itemId ? -1 : 1)

/** Open items of a turn; null: those outside of any turn. */
export const openItemsOf = (step: Step, turnId: string | null): readonly ItemRow[] => {
  const { open, recentItems } = step.state
  if (open.items === 0) return []
  return open.items === recentItems.length
    ? recentItems.filter((item) => item.turnId === turnId).sort(byItemId)
    : step.list("items", "openInTurn", turnId)
}

/** Open work after the end of its turn. */
export const openAfterEndItems = (step: Step): readonly ItemRow[] => {
  const { open, recentItems } = step.state
  if (open.afterEnd === 0) return []
  return open.items === recentItems.length
    ? recentItems.filter((item) => item.afterEnd === 1).sort(byItemId)
    : step.list("items", "openAfterEnd")
}

/** Requests of a turn that are open or being answered. */
export const openRequestsOf = (step: Step, turnId: string): readonly RequestRow[] =>
  step.state.open.requests === 0 ? [] : step.list("requests", "openInTurn", turnId)

/** All requests that are open or being answered. */
export const openRequests = (step: Step): readonly RequestRow[] =>
  step.state.open.requests === 0 ? [] : step.list("requests", "openInThread")

/** Running inference attempts of a turn. */
export const runningInferencesOf = (step: Step, turnId: string): readonly InferenceRow[] =>
  step.state.open.inferences === 0 ? [] : step.list("inferences", "openInTurn", turnId)

/** All running inference attempts. */
export const runningInferences = (step: Step): readonly InferenceRow[] =>
  step.state.open.inferences === 0 ? [] : step.list("inferences", "openInThread")

/** Open delegations of a turn; null: those without a turn. */
export const openDelegationsOf = (step: Step, turnId: string | null): readonly DelegationRow[] =>
  step.state.open.delegations === 0 ? [] : step.list("delegations", "openInTurn", turnId)

/** Open delegations that name a native turn which was not seen yet. A native id is valid in its session only. */
export const openDelegationsFor = (
  step: Step,
  nativeTurnId: string,
  sessionId: string | null,
): readonly DelegationRow[] =>
  step.state.open.delegations === 0 ? [] : step.list("delegations", "openForNativeTurn", sessionId, nativeTurnId)

/** All running background tasks. */
export const runningTasks = (step: Step): readonly TaskRow[] =>
  step.state.open.tasks === 0 ? [] : step.list("tasks", "openInThread")
