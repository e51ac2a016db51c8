/**
 * The fast path for streamed content. Nine of ten events are deltas of an open item and only append a chunk. If they went through
 * every rule and guard, most of the writer's time would go there. The fast path takes an event only when nothing about it is
 * unusual, and then gives exactly what the rules give: a property test compares the two.
 */

import {
  type ContentStream,
  type EventEnvelope,
  eventVersions,
  type ItemRow,
  type NativeRef,
  textStreamOf,
} from "@threadfold/contracts"
import type { Change, FoldResult } from "../Change.js"
import { isPayload } from "../payload/guard.js"
import { copyOfItem, copyOfSession, copyOfState, copyOfThread } from "../state/copies.js"
import { type FoldState, recentItem, withRecentItem } from "../state/FoldState.js"
import { ChunkCursor } from "./chunks.js"

const namesOnlyItsItem = (native: NativeRef): boolean =>
  native.requestId === undefined &&
  native.inferenceId === undefined &&
  native.handoffId === undefined &&
  native.taskId === undefined

const carriesNoIds = (event: EventEnvelope): boolean =>
  event.turnId === null &&
  event.itemId === null &&
  event.requestId === null &&
  event.inferenceId === null &&
  event.realtimeId === null &&
  event.delegationId === null &&
  event.taskId === null

/** The open item of the running turn that a delta names by its native ids, or null where the rules have to find it. */
export const streamedItem = (state: FoldState, event: EventEnvelope): ItemRow | null =>
  event.type === "content.delta" && event.native !== null && carriesNoIds(event)
    ? namedOpenItem(state, event.sessionId, event.native)
    : null

/** The open item of the session's running turn, where the native ids name that item and nothing else. */
export const namedOpenItem = (state: FoldState, sessionId: string | null, native: NativeRef): ItemRow | null => {
  const { active, recentItems } = state
  if (active === null || active.nativeTurnId !== native.turnId || active.sessionId !== sessionId) return null
  if (native.itemId === undefined || !namesOnlyItsItem(native)) return null
  for (let index = recentItems.length - 1; index >= 0; index--) {
    const item = recentItems[index]
    if (item !== undefined && item.nativeItemId === native.itemId && item.turnId === active.turnId) return item
  }
  return null
}

/** What the deltas of a run have in common: session, channel, batch and item. */
export interface DeltaRun {
  readonly sessionId: string | null
  readonly channel: string
  /** Our clock of the batch that records it, ms since the epoch. */
  readonly recordedAt: number
  /** Number of its first delta. */
  readonly seq: number
}

/** Whether the run continues the numbers of the current session, in a turn that is not stalled. */
export const isOrdinary = (before: FoldState, run: DeltaRun): boolean => {
  const { active, session, thread } = before
  return (
    thread !== null &&
    session !== null &&
    session.sessionId === run.sessionId &&
    session.endedAt === null &&
    (active === null || active.stalled === 0) &&
    before.elsewhere === null &&
    // The first event of a channel goes through the rules: they decide whether one more channel is tracked.
    run.seq === (before.channels[run.channel] ?? -1) + 1
  )
}

/** One delta of a run. */
export interface DeltaPiece {
  readonly stream: ContentStream
  readonly part: number
  readonly delta: string
  /** Source clock, ms since the epoch. */
  readonly at: number
  readonly sequence: number
}

/**
 * Folds consecutive deltas of one open item as one step. The caller has seen that the run is ordinary
 * ({@link isOrdinary}) and that its numbers and versions follow each other; `pieces` is not empty.
 */
export const foldDeltaRun = (
  before: FoldState,
  run: DeltaRun,
  item: ItemRow,
  pieces: readonly DeltaPiece[],
): FoldResult => {
  const changes: Change[] = []
  const shown = textStreamOf(item.kind)
  const cursor = new ChunkCursor(item)
  let sequence = item.sequence
  let last = 0
  let open: { ordinal: number; part: number; text: string } | null = null
  /** 1: the first text of the open chunk replaces its last character. */
  let dropped: 0 | 1 = 0
  const close = (): void => {
    if (open === null) return
    const { ordinal, part, text } = open
    const row = { itemId: item.itemId, threadId: before.streamId, ordinal, part, text, sequence }
    changes.push(dropped === 0 ? { op: "append-chunk", row } : { op: "append-chunk", row, drop: dropped })
  }
  for (const piece of pieces) {
    last = piece.sequence
    if (piece.stream !== shown) continue
    const { drop, ordinal, text } = cursor.take(piece.part, piece.delta)
    if (open === null || open.ordinal !== ordinal) {
      close()
      open = { ordinal, part: piece.part, text }
      dropped = drop
    } else if (drop === 0) {
      open.text += text
    } else if (open.text === "") {
      open.text = text
      dropped = drop
    } else {
      open.text = open.text.slice(0, -1) + text
    }
    sequence = last
  }
  close()
  let { recentItems, session, thread } = before
  if (open !== null) {
    const row = copyOfItem(item)
    row.chunks = cursor.chunks
    row.chunkChars = cursor.chunkChars
    row.chunkPart = cursor.chunkPart
    row.chunkFill = cursor.chunkFill
    row.chunkHalf = cursor.chunkHalf
    row.chunkHalves = cursor.chunkHalves
    row.sequence = sequence
    changes.push({ op: "put", table: "items", row })
    recentItems = withRecentItem(recentItems, row)
  }
  const first = pieces[0]
  if (session !== null && first !== undefined && session.lastActivityAt !== run.recordedAt) {
    // As in the rules, the first event of the batch updates the session's row.
    const row = copyOfSession(session)
    row.lastActivityAt = run.recordedAt
    row.sequence = first.sequence
    changes.push({ op: "put", table: "sessions", row })
    session = row
  }
  const streamVersion = before.streamVersion + pieces.length
  if (thread !== null) {
    const row = copyOfThread(thread)
    row.updatedAt = run.recordedAt
    row.lastActivityAt = run.recordedAt
    row.streamVersion = streamVersion
    row.sequence = last
    changes.push({ op: "put", table: "threads", row })
    thread = row
  }
  const state = copyOfState(before)
  state.streamVersion = streamVersion
  state.thread = thread
  state.session = session
  state.recentItems = recentItems
  state.channels = { ...before.channels, [run.channel]: run.seq + pieces.length - 1 }
  return { state, changes }
}

/** A delta as a piece of a run, or null when the fast path does not know its payload or version. */
export const pieceOf = (v: number, payload: unknown, at: number, sequence: number): DeltaPiece | null =>
  v === eventVersions["content.delta"] && isPayload("content.delta", payload)
    ? { stream: payload.stream, part: payload.part ?? 0, delta: payload.delta, at, sequence }
    : null

/** The step of a delta of an open item, or null when it has to go through the rules. */
export const foldDelta = (before: FoldState, event: EventEnvelope): FoldResult | null => {
  const { channel, itemId, seq } = event
  if (event.type !== "content.delta" || itemId === null || channel === null || seq === null) return null
  const item = recentItem(before.recentItems, itemId)
  if (item === null || event.streamVersion !== before.streamVersion + 1) return null
  const run = { sessionId: event.sessionId, channel, recordedAt: event.recordedAt, seq }
  if (!isOrdinary(before, run)) return null
  const piece = pieceOf(event.v, event.payload, event.at, event.sequence)
  return piece === null ? null : foldDeltaRun(before, run, item, [piece])
}
