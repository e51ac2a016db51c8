/** How native ids find our rows: current turn first, then the session, then, for strong ids, the thread (section 4). */
import { type ItemRow, type RequestRow, strengthOf, type TurnRow } from "@threadfold/contracts"
import type { RowSource } from "../RowSource.js"
import type { FoldState } from "../state/FoldState.js"

/** The turn that a native id names in this session, or, for a strong id, in any session of the thread. */
export const findNativeTurn = (
  state: FoldState,
  rows: RowSource,
  nativeTurnId: string,
  sessionId: string | null,
): TurnRow | null => {
  const strong = strengthOf(nativeTurnId) === "strong"
  const names = (turn: TurnRow) => turn.nativeTurnId === nativeTurnId && (strong || turn.sessionId === sessionId)
  if (state.active !== null && names(state.active)) return state.active
  const requested = state.requested.find(names)
  if (requested !== undefined) return requested
  const ofSession = rows.find("turns", "byNativeInSession", [sessionId, nativeTurnId])
  if (ofSession !== null || !strong) return ofSession
  return rows.find("turns", "byNativeInThread", [state.streamId, nativeTurnId])
}

/**
 * The item that a native id names: inside the named turn only, where one is named; else among what is open in the
 * session, then in the whole session.
 */
export const findNativeItem = (
  state: FoldState,
  rows: RowSource,
  nativeItemId: string,
  turnId: string | null,
  sessionId: string | null,
): ItemRow | null => {
  const open = Object.values(state.items)
  if (turnId !== null) {
    return (
      open.find((item) => item.nativeItemId === nativeItemId && item.turnId === turnId) ??
      rows.find("items", "byNativeInTurn", [turnId, nativeItemId])
    )
  }
  return (
    open.find((item) => item.nativeItemId === nativeItemId && item.sessionId === sessionId) ??
    rows.find("items", "byNativeInSession", [sessionId, nativeItemId])
  )
}

/** The request that a native id names in this session. */
export const findNativeRequest = (
  state: FoldState,
  rows: RowSource,
  nativeRequestId: string,
  sessionId: string | null,
): RequestRow | null =>
  Object.values(state.requests).find(
    (request) => request.nativeRequestId === nativeRequestId && request.sessionId === sessionId,
  ) ?? rows.find("requests", "byNativeInSession", [sessionId, nativeRequestId])
