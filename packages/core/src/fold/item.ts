/** Rule 5: items and their streamed content. */
import { type ItemRow, type PayloadOf, textStreamOf } from "@threadfold/contracts"
import { ChunkCursor, noChunks } from "./chunks.js"
import { ITEM_BACKGROUNDED } from "./closures.js"
import { linkDelegation } from "./delegation.js"
import { mayRunLate, startedEarly } from "./earlyEnd.js"
import { hearEcho } from "./echo.js"
import type { Step } from "./Step.js"
import { eventSession, refuseEnded } from "./standing.js"
import { itemSubject, nativeSubject, nativeTurnSubject, turnSubject } from "./subjects.js"
import { isProvisional, startTurn, turnOf } from "./turn.js"

const itemOf = (step: Step): ItemRow | null => {
  const { itemId } = step.event
  if (itemId === null) return null
  return step.findItem(itemId)
}

const unknownItem = (step: Step): void => {
  const { event } = step
  step.note(
    "item-unknown",
    event.itemId === null ? nativeSubject("item", event.native?.itemId, event.sessionId) : itemSubject(event.itemId),
  )
}

/** Where a new item belongs, or null after noting why it has no place. */
const placeOf = (step: Step): { readonly turnId: string | null; readonly late: boolean } | null => {
  const { event } = step
  if (event.turnId === null) {
    const native = event.native?.turnId
    if (native === undefined) return { turnId: null, late: false }
    step.note("item-without-turn", nativeTurnSubject(native, event.sessionId))
    return null
  }
  const turn = turnOf(step, event.turnId)
  if (turn === null || turn.status === "requested" || (step.state.active === null && mayRunLate(step, turn))) {
    // Inline reviews send no turn/started: the item is the first word of its turn (docs/concepts.md).
    const started = startTurn(step, event.turnId, { supersedes: false, synthetic: turn === null })
    if (started !== null) return { turnId: started.turnId, late: false }
    step.note("item-without-turn", turnSubject(event.turnId))
    return null
  }
  if (turn.status === "running") return { turnId: turn.turnId, late: false }
  if (isProvisional(step, turn)) return { turnId: turn.turnId, late: true }
  step.note("item-after-turn-end", turnSubject(turn.turnId))
  return null
}

/** `item.started`. An item that comes late, into a provisionally ended turn, is closed from its first moment. */
export const itemStarted = (step: Step, payload: PayloadOf<"item.started">): void => {
  const { event, state } = step
  if (event.itemId === null) return unknownItem(step)
  if (refuseEnded(step)) return
  hearEcho(step)
  if (itemOf(step) !== null) return step.note("item-duplicate", itemSubject(event.itemId))
  const place = placeOf(step)
  if (place === null) return
  const text = payload.text ?? ""
  const row: ItemRow = {
    itemId: event.itemId,
    threadId: step.threadId,
    sessionId: event.sessionId,
    turnId: place.turnId,
    ordinal: (state.thread?.items ?? 0) + 1,
    nativeItemId: event.native?.itemId ?? null,
    kind: payload.kind,
    nativeKind: payload.nativeKind ?? null,
    status: place.late ? "interrupted" : "open",
    cause: place.late ? "turn-ended" : null,
    evidence: place.late ? "inferred" : null,
    title: payload.title ?? null,
    phase: payload.phase ?? null,
    hasFinal: 0,
    ...noChunks,
    processId: payload.processId ?? null,
    exitCode: null,
    startedAt: step.at,
    endedAt: place.late ? step.at : null,
    sequence: step.sequence,
  }
  const heavy = { text: null, data: payload.data ?? null }
  if (text === "") step.putItem(row, heavy)
  else appendChunk(step, row, 0, text, heavy)
  if (state.thread !== null) state.thread = { ...state.thread, items: state.thread.items + 1 }
  const turn = turnOf(step, place.turnId)
  if (turn !== null) step.putTurn({ ...startedEarly(step, turn), items: turn.items + 1 })
  linkDelegation(step, place.turnId)
}

const appendChunk = (
  step: Step,
  item: ItemRow,
  part: number,
  given: string,
  heavy?: Pick<ItemRow, "text" | "data">,
): void => {
  const cursor = new ChunkCursor(item)
  const { drop, ordinal, text } = cursor.take(part, given)
  const { itemId } = item
  step.putItem({ ...item, ...cursor.marks }, heavy)
  step.changes.push({
    op: "append-chunk",
    row: { itemId, ordinal, threadId: step.threadId, part, text, sequence: step.sequence },
    ...(drop === 0 ? {} : { drop }),
  })
}

/** `content.delta`: kept as a chunk while no final text stands for it. */
export const contentDelta = (step: Step, payload: PayloadOf<"content.delta">): void => {
  const item = itemOf(step)
  if (item === null) return unknownItem(step)
  if (item.status !== "open") {
    if (item.evidence === "observed" || item.hasFinal === 1)
      return step.note("delta-after-end", itemSubject(item.itemId))
    const turn = turnOf(step, item.turnId)
    const inBackground = step.find("tasks", item.itemId)?.status === "running"
    const applies =
      step.standing === "live" &&
      (inBackground || turn === null || turn.status === "running" || isProvisional(step, turn))
    if (!applies) {
      return turn?.evidence === "observed"
        ? step.note("delta-after-end", itemSubject(item.itemId))
        : step.note("session-stale", eventSession(step), "content.delta")
    }
  }
  if (payload.stream === textStreamOf(item.kind)) appendChunk(step, item, payload.part ?? 0, payload.delta)
}

/** What else an item says, where the event says it; else what is stored stays. */
const dataOf = (data: unknown): Pick<ItemRow, "data"> => (data === undefined || data === null ? {} : { data })

/** `item.updated`. */
export const itemUpdated = (step: Step, payload: PayloadOf<"item.updated">): void => {
  const item = itemOf(step)
  if (item === null) return unknownItem(step)
  if (item.status !== "open" && item.evidence === "observed") return
  step.putItem(
    { ...item, title: payload.title ?? item.title, processId: payload.processId ?? item.processId },
    dataOf(payload.data),
  )
}

/**
 * `item.completed`: the item's own terminal. It ends an open item, and replaces once what a turn's end had concluded;
 * its text supersedes every delta.
 */
export const itemCompleted = (step: Step, payload: PayloadOf<"item.completed">): void => {
  hearEcho(step)
  const item = itemOf(step)
  if (item === null) return unknownItem(step)
  if (item.status !== "open" && item.evidence === "observed") {
    return step.note("item-terminal-duplicate", itemSubject(item.itemId))
  }
  const final = payload.text !== undefined && payload.text !== null
  if (final && item.chunks > 0) step.changes.push({ op: "clear-chunks", itemId: item.itemId })
  const row: ItemRow = {
    ...item,
    kind: payload.kind,
    nativeKind: payload.nativeKind ?? item.nativeKind,
    status: payload.status,
    cause: "provider",
    evidence: "observed",
    title: payload.title ?? item.title,
    phase: payload.phase ?? item.phase,
    processId: payload.processId ?? item.processId,
    exitCode: payload.exitCode ?? null,
    endedAt: step.at,
  }
  if (final) {
    step.putItem({ ...row, hasFinal: 1, ...noChunks }, { text: payload.text, ...dataOf(payload.data) })
  } else {
    step.putItem(row, dataOf(payload.data))
  }
  const task = item.cause === ITEM_BACKGROUNDED ? step.find("tasks", item.itemId) : null
  if (task?.status === "running") {
    step.putTask({
      ...task,
      status: "ended",
      outcome: payload.status === "completed" ? "completed" : payload.status === "failed" ? "failed" : "interrupted",
      cause: "provider",
      evidence: "observed",
      endedAt: step.at,
    })
  }
}
