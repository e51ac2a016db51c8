/** Rule 5: items and their streamed content. */

import { type ItemRow, type PayloadOf, textStreamOf } from "@threadfold/contracts"
import { ChunkCursor, noChunks } from "./chunks.js"
import { ITEM_BACKGROUNDED } from "./closures.js"
import { linkDelegation } from "./delegation.js"
import { startedEarly } from "./earlyEnd.js"
import { hearEcho } from "./echo.js"
import { hearItem, hearMessage } from "./firstWords.js"
import { turnOf } from "./openRows.js"
import { type FirstWord, noteAfterEnd, type Place, placeOf } from "./place.js"
import { eventSession, refuseEnded, refuseStale, type Step } from "./Step.js"
import { itemSubject, nativeSubject } from "./subjects.js"
import { takesLateEvents } from "./turn.js"

type Heavy = Pick<ItemRow, "text" | "data">
const nothingHeavy: Heavy = { text: null, data: null }

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

/** The row of a new item. An item that comes late is closed at once. */
const blankItem = (step: Step, itemId: string, place: Place, kind: ItemRow["kind"]): ItemRow => ({
  itemId,
  threadId: step.threadId,
  sessionId: step.event.sessionId,
  turnId: place.turn?.turnId ?? null,
  ordinal: step.counted.items + 1,
  nativeItemId: step.event.native?.itemId ?? null,
  kind,
  nativeKind: null,
  status: place.late ? "interrupted" : "open",
  cause: place.late ? "turn-ended" : null,
  evidence: place.late ? "inferred" : null,
  afterEnd: place.afterEnd ? 1 : 0,
  title: null,
  phase: null,
  hasFinal: 0,
  ...noChunks,
  processId: null,
  exitCode: null,
  startedAt: null,
  endedAt: place.late ? step.at : null,
  sequence: step.sequence,
})

/** Makes the row of an item that has none, where it has a place. `put` writes it. */
const addItem = (step: Step, word: FirstWord, kind: ItemRow["kind"], put: (blank: ItemRow) => void): void => {
  const { itemId } = step.event
  if (itemId === null) return unknownItem(step)
  if (refuseEnded(step)) return
  const place = placeOf(step, word)
  if (place === null) return
  const blank = blankItem(step, itemId, place, kind)
  step.amendThread((thread) => ({ ...thread, items: thread.items + 1 }))
  const { turn } = place
  if (turn !== null) step.putTurn({ ...startedEarly(step, turn), items: turn.items + 1 })
  linkDelegation(step, turn)
  // Last: a message that has ended is kept in the turn's row.
  put(blank)
}

/** Puts the row with text behind what it has streamed; part after part. */
const appendParts = (step: Step, item: ItemRow, parts: readonly string[], heavy?: Heavy): void => {
  let row = item
  let first = heavy
  parts.forEach((text, part) => {
    if (text === "") return
    row = appendChunk(step, row, part, text, first)
    first = undefined
  })
}

const appendChunk = (step: Step, item: ItemRow, part: number, given: string, heavy?: Heavy): ItemRow => {
  const cursor = new ChunkCursor(item)
  const { drop, ordinal, text } = cursor.take(part, given)
  const { itemId } = item
  const row = { ...item, ...cursor.marks }
  step.putItem(row, heavy)
  step.push({
    op: "append-chunk",
    row: { itemId, ordinal, threadId: step.threadId, part, text, sequence: step.sequence },
    ...(drop === 0 ? {} : { drop }),
  })
  return row
}

/** The text that a start brings, by part; without any, nothing is known yet. */
const partsOf = ({ parts, text }: PayloadOf<"item.started">): readonly string[] => {
  const said = parts ?? [text ?? ""]
  return said.some((part) => part !== "") ? said : []
}

/** The fields of a start that the row lacks. */
const filled = (step: Step, item: ItemRow, payload: PayloadOf<"item.started">): ItemRow => ({
  ...item,
  nativeKind: item.nativeKind ?? payload.nativeKind ?? null,
  title: item.title ?? payload.title ?? null,
  phase: item.phase ?? payload.phase ?? null,
  processId: item.processId ?? payload.processId ?? null,
  startedAt: item.startedAt ?? step.at,
})

/** `item.started`. */
export const itemStarted = (step: Step, payload: PayloadOf<"item.started">): void => {
  if (refuseEnded(step)) return
  hearEcho(step)
  takeStart(step, payload)
  hearMessage(step, payload.kind, payload.text)
}

const takeStart = (step: Step, payload: PayloadOf<"item.started">): void => {
  const known = itemOf(step)
  if (known !== null) return startOfKnown(step, known, payload)
  addItem(step, "start", payload.kind, (blank) => {
    const row = filled(step, blank, payload)
    const heavy = { ...nothingHeavy, data: payload.data ?? null }
    const parts = partsOf(payload)
    if (parts.length === 0) step.putItem(row, heavy)
    else appendParts(step, row, parts, heavy)
  })
}

/** A start of an item that has a row: its content came first, a join sends it again, or it is a repetition. */
const startOfKnown = (step: Step, item: ItemRow, payload: PayloadOf<"item.started">): void => {
  if (payload.joined === true) return joinItem(step, item, payload)
  if (item.startedAt !== null) return step.note("item-duplicate", itemSubject(item.itemId))
  const row = filled(step, item, payload)
  const heavy = item.status === "open" ? dataOf(payload.data) : lackingData(step, item, payload.data)
  const parts = item.chunks === 0 && item.hasFinal === 0 ? partsOf(payload) : []
  if (parts.length === 0) step.putItem(row, heavy)
  else appendParts(step, row, parts, heavy)
}

/**
 * Applies what a join reports of a known item. It fills what the row lacks; a partial text that is longer than the streamed one
 * replaces it; and an item that only the end of its turn had closed opens again, because the turn runs. An item that its own
 * terminal ended stays unchanged. The same join again changes nothing.
 */
const joinItem = (step: Step, item: ItemRow, payload: PayloadOf<"item.started">): void => {
  if (item.evidence === "observed") return
  const turn = turnOf(step, item.turnId)
  const reopens = item.status !== "open" && turn?.status === "running"
  const parts = partsOf(payload)
  const replaces = parts.reduce((sum, part) => sum + part.length, 0) > item.chunkChars
  const lacks = item.startedAt === null
  if (!reopens && !replaces && !lacks) return
  const open = reopens ? ({ status: "open", cause: null, evidence: null, endedAt: null, afterEnd: 0 } as const) : {}
  const sessionId = reopens ? step.event.sessionId : item.sessionId
  const row: ItemRow = { ...filled(step, item, payload), ...open, sessionId }
  if (!replaces) return step.putItem(row)
  if (item.chunks > 0) step.push({ op: "clear-chunks", itemId: item.itemId })
  appendParts(step, { ...row, ...noChunks }, parts)
}

/** `content.delta`: kept as a chunk until the final text comes. */
export const contentDelta = (step: Step, payload: PayloadOf<"content.delta">): void => {
  const { kind, part, stream, delta } = payload
  const item = itemOf(step)
  const append = (row: ItemRow, heavy?: Heavy): void => {
    if (stream === textStreamOf(row.kind)) appendChunk(step, row, part ?? 0, delta, heavy)
    else if (row !== item) step.putItem(row, heavy)
  }
  if (item !== null) {
    if (refuseOfOpen(step, item)) return
    const row = item.status === "open" ? item : rowAfterItsEnd(step, item)
    if (row !== null) append(row)
  } else if (kind === undefined || kind === null) unknownItem(step)
  else {
    // Stryker disable next-line StringLiteral: a delta opens its item as any word does that is neither its start nor its end
    addItem(step, "delta", kind, (blank) => append(blank, nothingHeavy))
  }
}

/**
 * The row that takes a delta of an item that is not open; null after noting why there is none. The end of a turn closes its
 * items, but later content of the living session is shown: the item opens again, as work after the end.
 */
const rowAfterItsEnd = (step: Step, item: ItemRow): ItemRow | null => {
  if (item.evidence === "observed") {
    step.note("delta-after-end", itemSubject(item.itemId))
    return null
  }
  if (step.relation !== "current") {
    step.note("session-stale", eventSession(step), "content.delta")
    return null
  }
  const turn = turnOf(step, item.turnId)
  const inBackground = step.find("tasks", item.itemId)?.status === "running"
  if (inBackground || turn === null || turn.status === "running" || takesLateEvents(step, turn)) return item
  noteAfterEnd(step, turn)
  const sessionId = step.event.sessionId
  return { ...item, status: "open", cause: null, evidence: null, endedAt: null, afterEnd: 1, sessionId }
}

/** Other fields of an item, where the event has them; else what is stored stays. */
const dataOf = (data: unknown): Pick<ItemRow, "data"> => (data === undefined || data === null ? {} : { data })

const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The data of an item that has ended, with the members that it lacks, such as a reviewer's rationale; undefined: it lacks none of
 * these.
 */
const lackingData = (step: Step, item: ItemRow, data: unknown): Pick<ItemRow, "data"> | undefined => {
  if (!isMembers(data)) return undefined
  // Stryker disable next-line OptionalChaining: the item has a row
  const stored = step.rows.whole("items", [item.itemId])?.data ?? {}
  if (!isMembers(stored) || Object.keys(data).every((name) => Object.hasOwn(stored, name))) return undefined
  return { data: { ...data, ...stored } }
}

/** Rule 4: an open item is the living session's. Notes an event of a replaced one about it; true where it was one. */
const refuseOfOpen = (step: Step, item: ItemRow): boolean => item.status === "open" && refuseStale(step)

/** `item.updated`. */
export const itemUpdated = (step: Step, payload: PayloadOf<"item.updated">): void => {
  const item = itemOf(step)
  if (item === null) return unknownItem(step)
  if (refuseOfOpen(step, item)) return
  if (item.evidence === "observed") {
    const lacking = lackingData(step, item, payload.data)
    return lacking === undefined ? undefined : step.putItem(item, lacking)
  }
  step.putItem(
    { ...item, title: payload.title ?? item.title, processId: payload.processId ?? item.processId },
    dataOf(payload.data),
  )
}

/**
 * `item.completed`: the item's own terminal. It ends an open item, and replaces once what a turn's end had concluded; its text
 * supersedes every delta. Where the item has no row, the terminal creates it.
 */
export const itemCompleted = (step: Step, payload: PayloadOf<"item.completed">): void => {
  hearEcho(step)
  takeEnd(step, payload)
  hearMessage(step, payload.kind, payload.text)
}

const takeEnd = (step: Step, payload: PayloadOf<"item.completed">): void => {
  const item = itemOf(step)
  if (item === null) {
    return addItem(step, "end", payload.kind, (blank) => putEnded(step, blank, payload, nothingHeavy))
  }
  if (refuseOfOpen(step, item)) return
  if (item.evidence === "observed") {
    return payload.joined === true ? undefined : step.note("item-terminal-duplicate", itemSubject(item.itemId))
  }
  if (item.chunks > 0 && isFinal(payload)) step.push({ op: "clear-chunks", itemId: item.itemId })
  putEnded(step, item, payload, {})
  // Stryker disable next-line ConditionalExpression: it saves a look-up that finds nothing
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

const isFinal = ({ text }: PayloadOf<"item.completed">): boolean => (text ?? null) !== null

/** Puts the row as its own terminal leaves it. `heavy`: what it holds where the terminal has no such field. */
const putEnded = (step: Step, item: ItemRow, payload: PayloadOf<"item.completed">, heavy: Partial<Heavy>): void => {
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
  const data = { ...heavy, ...dataOf(payload.data) }
  if (isFinal(payload)) step.putItem({ ...row, hasFinal: 1, ...noChunks }, { ...data, text: payload.text ?? null })
  else step.putItem(row, data)
  hearItem(step, row, payload.text)
}
