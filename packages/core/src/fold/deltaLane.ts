/**
 * The short way for streamed content. Nine events of ten are deltas of an open item, and all that they do is to append a
 * chunk; taking them through every rule and every guard would be most of what the writer computes. The lane takes an
 * event only when nothing about it is unusual, and then leads to exactly what the rules lead to: a property test holds
 * the two together.
 */
import { type EventEnvelope, eventVersions, type ItemRow, type NativeRef, textStreamOf } from "@threadfold/contracts"
import type { Change } from "../Change.js"
import { isPayload } from "../payload/guard.js"
import type { FoldState } from "../state/FoldState.js"
import type { FoldResult } from "./fold.js"

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

/** The open item of the running turn that a delta names by its native ids, or null when that takes a longer look. */
export const streamedItem = (state: FoldState, event: EventEnvelope): ItemRow | null => {
  const { native } = event
  const { active, items } = state
  if (event.type !== "content.delta" || active === null || native === null || !carriesNoIds(event)) return null
  if (active.nativeTurnId !== native.turnId || active.sessionId !== event.sessionId) return null
  if (native.itemId === undefined || !namesOnlyItsItem(native)) return null
  for (const id in items) {
    const item = items[id]
    if (item !== undefined && item.nativeItemId === native.itemId && item.turnId === active.turnId) return item
  }
  return null
}

/** Whether nothing about the event is unusual: it is the next word of the living session, in a turn that is not stalled. */
const isOrdinary = (before: FoldState, event: EventEnvelope): boolean => {
  const { active, session } = before
  return (
    event.v === eventVersions["content.delta"] &&
    session !== null &&
    session.sessionId === event.sessionId &&
    session.endedAt === null &&
    session.lastActivityAt === event.recordedAt &&
    (active === null || active.stalled === 0) &&
    event.channel !== null &&
    event.seq === (before.channels[event.channel] ?? 0) + 1
  )
}

/** The step of a delta of an open item, or null when it has to go through the rules. */
export const foldDelta = (before: FoldState, event: EventEnvelope): FoldResult | null => {
  const { itemId, payload } = event
  const { thread } = before
  if (event.type !== "content.delta" || itemId === null || thread === null) return null
  const item = before.items[itemId]
  if (item === undefined || event.channel === null || event.seq === null) return null
  if (!isOrdinary(before, event) || !isPayload("content.delta", payload)) return null
  const { sequence, streamVersion } = event
  const changes: Change[] = []
  let items = before.items
  if (payload.stream === textStreamOf(item.kind)) {
    const { delta } = payload
    const row = { ...item, chunks: item.chunks + 1, chunkChars: item.chunkChars + delta.length, sequence }
    const part = payload.part ?? 0
    changes.push(
      {
        op: "put",
        table: "item_chunks",
        row: { itemId, ordinal: item.chunks, threadId: before.streamId, part, text: delta, sequence },
      },
      { op: "put", table: "items", row },
    )
    items = { ...items, [itemId]: row }
  }
  const summary = {
    ...thread,
    updatedAt: Math.max(thread.updatedAt ?? event.at, event.at),
    lastActivityAt: event.recordedAt,
    streamVersion,
    sequence,
  }
  changes.push({ op: "put", table: "threads", row: summary })
  const channels = { ...before.channels, [event.channel]: event.seq }
  return { state: { ...before, streamVersion, thread: summary, items, channels }, changes }
}
