/**
 * `resolve`: fills in our ids, inside the engine, before an event is stored. Opening events mint, and so does content that
 * stands by itself; every other event only looks native ids up. An unknown native id stays an orphan and never creates
 * a phantom turn (docs/concepts.md).
 */
import { type EntityIdName, type EventEnvelope, isEventType, uuidV7Pattern } from "@threadfold/contracts"
import { streamedItem } from "../fold/deltaLane.js"
import { isPayload } from "../payload/guard.js"
import type { EntityTable, RowSource } from "../RowSource.js"
import type { FoldState } from "../state/FoldState.js"
import { livingSession } from "../state/lifecycle.js"
import { rangeAt, takenBack } from "../state/rewound.js"
import { echoedTurn, findNativeInSession, findNativeItem, findNativeTurn, tombstoneOf } from "./lookup.js"
import { type Digest, mayOpen, mintId, mints, standsByItself } from "./mints.js"
import { findRealtimeRun } from "./voiceRun.js"

/** The ids of ours that an event carries after resolution. */
export type ResolvedIds = { readonly [N in EntityIdName]: string | null }

const noIds: ResolvedIds = {
  turnId: null,
  itemId: null,
  requestId: null,
  inferenceId: null,
  realtimeId: null,
  delegationId: null,
  taskId: null,
}

/**
 * The ids of one event.
 *
 * @param state the stream's open state before the event
 * @param event the event as its source gave it; ids that it carries already are kept
 * @param rows closed rows, for what the open state does not hold
 */
export const resolve = (state: FoldState, event: EventEnvelope, rows: RowSource, digest: Digest): ResolvedIds => {
  const streamed = streamedItem(state, event)
  if (streamed !== null) return { ...noIds, turnId: streamed.turnId, itemId: streamed.itemId }
  const { native, sessionId, type } = event
  const source = sessionId ?? event.streamId
  const mint = (kind: string): string => {
    const id = mintId(digest, event.at, `${source}|${event.channel ?? event.eventId}|${event.seq ?? ""}|${kind}`)
    rows.minted?.(id)
    return id
  }

  // Content creates what it names only where it comes from the living session, and never an item without a name.
  const isContent = standsByItself(event)
  const isLive = sessionId !== null && livingSession(state)?.sessionId === sessionId
  const makesItem = isContent && isLive && (native?.itemId !== undefined || event.itemId !== null)

  /**
   * An id that the event brings: kept when it names something of this thread, or when the event opens it; the id of
   * another thread's thing, of nothing at all, or one that is no id of ours is an orphan (rule 11).
   */
  const own = (name: EntityIdName, table: EntityTable, id: string): string | null => {
    const row = rows.find(table, "key", [id])
    if (row !== null) return row.threadId === state.streamId ? id : null
    return mayOpen(name, event) && (!isContent || makesItem) && uuidV7Pattern.test(id) ? id : null
  }

  const turnOfNative = (): string | null =>
    native?.turnId === undefined ? null : (findNativeTurn(state, rows, native.turnId, sessionId)?.turnId ?? null)
  const requestedOfCall = (): string | null =>
    native?.callId === undefined
      ? null
      : (state.requested.find(
          (turn) => turn.callId === native.callId && (turn.sessionId === sessionId || turn.sessionId === null),
        )?.turnId ?? null)

  /** The turn that a rewind names; else the oldest one that it takes back, as far as the source reports them. */
  const firstRewound = (): string | null => {
    if (!isPayload("thread.rewound", event.payload)) return null
    const { count, firstTurnId, keptNativeTurnId } = event.payload
    if ((firstTurnId ?? null) !== null) return own("turnId", "turns", firstTurnId ?? "")
    const named = turnOfNative()
    if (named !== null) return named
    const last = keptNativeTurnId ?? null
    const kept = last === null ? null : findNativeTurn(state, rows, last, sessionId)
    const isKept = kept !== null && rangeAt(state, rows, kept.ordinal) === null
    const bound = { count: Math.max(1, Math.floor(count ?? 1)), kept: isKept ? kept : null }
    return takenBack(state, rows, bound)?.first.turnId ?? null
  }

  /** The turn of the message whose id the event repeats: it starts with the native id of the event. */
  const turnOfEcho = (): string | null =>
    native?.clientId === undefined ? null : (echoedTurn(state, native.clientId, sessionId)?.turnId ?? null)

  const turnId = ((): string | null => {
    if (event.turnId !== null) return own("turnId", "turns", event.turnId)
    switch (type) {
      case "turn.requested":
        return mint("turn")
      case "thread.rewound":
        return firstRewound()
      case "turn.accepted":
        return requestedOfCall()
      case "turn.start-failed":
        return requestedOfCall() ?? turnOfNative()
      case "turn.started":
      case "item.started":
      case "item.completed":
      case "content.delta": {
        const known = turnOfNative()
        if (known !== null || native?.turnId === undefined) return known
        const opens = type === "turn.started" || type === "item.started" || makesItem
        const echoed = type === "turn.started" || type === "item.started" || type === "item.completed"
        if (!opens && !echoed) return null
        if (tombstoneOf(rows, state.streamId, native.turnId, sessionId) !== null) return null
        return (echoed ? turnOfEcho() : null) ?? (opens ? mint("turn") : null)
      }
      default:
        return turnOfNative()
    }
  })()

  const itemId = ((): string | null => {
    if (event.itemId !== null) return own("itemId", "items", event.itemId)
    const known = native?.itemId === undefined ? null : findNativeItem(state, rows, native.itemId, turnId, sessionId)
    // Without a turn a native item id is used for look-ups only: an earlier turn may have used it.
    if (type === "item.started") return known !== null && turnId === known.turnId ? known.itemId : mint("item")
    if (known !== null || !makesItem) return known?.itemId ?? null
    // The content of a turn that stays closed has no place.
    const namesTurn = native?.turnId !== undefined || event.turnId !== null
    return namesTurn && turnId === null ? null : mint("item")
  })()

  const requestId = ((): string | null => {
    if (event.requestId !== null) return own("requestId", "requests", event.requestId)
    const nativeId = native?.requestId
    const known = findNativeInSession(rows, "requests", nativeId, sessionId)
    if (known !== null) return known.requestId
    return type === "request.opened" || type === "user-input.requested" ? mint("request") : null
  })()

  const inferenceId = ((): string | null => {
    if (event.inferenceId !== null) return own("inferenceId", "inferences", event.inferenceId)
    const nativeId = native?.inferenceId
    const known = findNativeInSession(rows, "inferences", nativeId, sessionId)
    if (known !== null) return known.inferenceId
    return isEventType(type) && mints.inferenceId.has(type) ? mint("inference") : null
  })()

  const realtimeId = ((): string | null => {
    if (event.realtimeId !== null) return own("realtimeId", "realtime_runs", event.realtimeId)
    if (type === "realtime.start-requested") return mint("realtime")
    if (!type.startsWith("realtime.")) return null
    const known = findRealtimeRun(state, rows, event)
    return known === null && type === "realtime.started" ? mint("realtime") : known
  })()

  const delegationId = ((): string | null => {
    if (event.delegationId !== null) return own("delegationId", "delegations", event.delegationId)
    const nativeId = native?.handoffId
    const known = findNativeInSession(rows, "delegations", nativeId, sessionId)
    if (known !== null) return known.delegationId
    return type === "realtime.handoff" || type === "delegation.opened" ? mint("delegation") : null
  })()

  const taskId = ((): string | null => {
    if (event.taskId !== null) return own("taskId", "tasks", event.taskId)
    const nativeId = native?.taskId
    const known = findNativeInSession(rows, "tasks", nativeId, sessionId)
    if (known !== null) return known.taskId
    return type === "task.started" ? mint("task") : null
  })()

  return { turnId, itemId, requestId, inferenceId, realtimeId, delegationId, taskId }
}
