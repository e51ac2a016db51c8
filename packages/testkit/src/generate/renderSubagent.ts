/** Renders a sub-agent: a thread of its own on the parent's connection, linked by an item of its parent. */

import { namedUuid } from "./seeded.js"
import { emit, freshCounters, type Later, nextItemId, nextTurnId, type ThreadRendering } from "./ThreadRendering.js"

/** A child that runs one turn. Its end comes when the parent's turn is about to end. */
export const renderSubagent = (parent: ThreadRendering, pieces: readonly string[]): Later | null => {
  const number = parent.world.nextThread()
  const stream = `thread-${number}`
  const child: ThreadRendering = {
    world: parent.world,
    stream,
    nativeThreadId: namedUuid(`native-${stream}`),
    family: stream,
    weakIds: parent.weakIds,
    drafts: parent.drafts,
    session: parent.world.nextSession(),
    connection: parent.connection,
    counters: freshCounters(),
    totals: { input: 0, output: 0, cached: null },
    turn: null,
    isSynthetic: false,
    ended: null,
    voice: "none",
    children: [],
  }
  parent.children.push(child)
  const itemId = nextItemId(parent)
  const turn = parent.turn === null ? {} : { turnId: parent.turn }
  const described = { kind: "subagent", nativeKind: "spawn", childNativeThreadIds: [child.nativeThreadId] }
  emit(parent, "item.started", described, { native: { ...turn, itemId } })

  emit(child, "session.started", { provider: "generated", mode: "managed", usageMode: "per-turn" })
  emit(child, "thread.started", { provider: "generated", parentNativeThreadId: parent.nativeThreadId })
  const turnId = nextTurnId(child)
  child.turn = turnId
  const native = { turnId, itemId: nextItemId(child) }
  emit(child, "turn.started", {}, { native: { turnId } })
  emit(child, "item.started", { kind: "agent_message" }, { native })
  for (const delta of pieces) emit(child, "content.delta", { stream: "text", part: 0, delta, frames: 1 }, { native })
  return () => {
    emit(child, "item.completed", { kind: "agent_message", status: "completed", text: pieces.join("") }, { native })
    emit(child, "session.state.changed", { state: "ready" })
    emit(child, "turn.completed", { outcome: "completed" }, { native: { turnId } })
    child.turn = null
    emit(parent, "item.completed", { ...described, status: "completed" }, { native: { ...turn, itemId } })
  }
}
