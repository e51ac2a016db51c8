/** How native ids find our rows: current turn first, then the session, then, for strong ids, the thread (section 4). */
import { type AnomalyRow, type ItemRow, type Rows, strengthOf, type TurnRow } from "@threadfold/contracts"
import { nativeTurnSubject } from "../fold/subjects.js"
import type { RowSource } from "../RowSource.js"
import type { FoldState } from "../state/FoldState.js"

/** The turn that a native id names in this session, or, for a strong id, in any session of the thread. */
export const findNativeTurn = (
  state: FoldState,
  rows: RowSource,
  nativeTurnId: string,
  sessionId: string | null,
): TurnRow | null => {
  const { active } = state
  // Nearly every event names the running turn of its own session, whatever the strength of its id.
  if (active !== null && active.nativeTurnId === nativeTurnId && active.sessionId === sessionId) return active
  const strong = strengthOf(nativeTurnId) === "strong"
  const names = (turn: TurnRow) => turn.nativeTurnId === nativeTurnId && (strong || turn.sessionId === sessionId)
  if (active !== null && names(active)) return active
  const requested = state.requested.find(names)
  if (requested !== undefined) return requested
  const ofSession = sessionId === null ? null : rows.find("turns", "byNativeInSession", [sessionId, nativeTurnId])
  if (ofSession !== null || !strong) return ofSession
  return rows.find("turns", "byNativeInThread", [state.streamId, nativeTurnId])
}

/**
 * The requested turn whose message has this client id: the id that the client gave, or the turn's own id for a message of ours.
 */
export const echoedTurn = (
  { requested }: Pick<FoldState, "requested">,
  clientId: string,
  sessionId: string | null,
): TurnRow | null =>
  requested.find(
    (turn) =>
      (turn.clientId === clientId || turn.turnId === clientId) &&
      (turn.sessionId === null || turn.sessionId === sessionId),
  ) ?? null

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
  if (turnId !== null) {
    const recent = state.recentItems.find((item) => item.nativeItemId === nativeItemId && item.turnId === turnId)
    return recent ?? rows.find("items", "byNativeInTurn", [turnId, nativeItemId])
  }
  if (sessionId === null) return null
  return (
    newest(openByNative(state, rows, nativeItemId, sessionId)) ??
    rows.find("items", "byNativeInSession", [sessionId, nativeItemId])
  )
}

const openByNative = (
  { active, open, recentItems, streamId }: FoldState,
  rows: RowSource,
  nativeItemId: string,
  sessionId: string,
): readonly ItemRow[] => {
  const ofSession = (items: readonly ItemRow[]) => items.filter((item) => item.sessionId === sessionId)
  if (open.items === recentItems.length) {
    return ofSession(recentItems.filter((item) => item.nativeItemId === nativeItemId))
  }
  // Open items belong to the running turn, to no turn, or are work after the end of their turn.
  const inTurn = (turnId: string | null) => rows.list("items", "openByNative", [streamId, turnId, nativeItemId])
  return ofSession([
    ...inTurn(null),
    ...(active === null ? [] : inTurn(active.turnId)),
    ...(open.afterEnd === 0 ? [] : rows.list("items", "openAfterEndByNative", [streamId, nativeItemId])),
  ])
}

const newest = (items: readonly ItemRow[]): ItemRow | null =>
  items.reduce<ItemRow | null>((best, item) => (best === null || item.ordinal > best.ordinal ? item : best), null)

/** Tables whose native ids are good inside their session only. */
type SessionScoped = "requests" | "inferences" | "delegations" | "tasks"

/** What a native id names inside its session. An event without a session names nothing by a native id. */
export const findNativeInSession = <N extends SessionScoped>(
  rows: RowSource,
  table: N,
  nativeId: string | undefined,
  sessionId: string | null,
): Rows[N] | null =>
  sessionId === null || nativeId === undefined ? null : rows.find(table, "byNativeInSession", [sessionId, nativeId])

/** The tombstone of a native turn whose end was seen and whose start was not; null: there is none. */
export const tombstoneOf = (
  rows: RowSource,
  threadId: string,
  nativeTurnId: string,
  sessionId: string | null,
): AnomalyRow | null =>
  rows.find("anomalies", "key", [threadId, nativeTurnSubject(nativeTurnId, sessionId), "turn-terminal-unknown"])
