/** Tells a sub-agent: a thread of its own on the parent's connection, known by evidence of its parent. */

import { namedUuid } from "./ids.js"
import type { Later } from "./renderAction.js"
import type { Teller } from "./ThreadRendering.js"
import { freshCounters, nextItemId, nextTurnId, say } from "./ThreadRendering.js"

/** A child that runs one turn; its end is told when the parent's turn is about to end. */
export const renderSubagent = (parent: Teller, pieces: readonly string[]): Later | null => {
  const number = parent.world.nextThread()
  const stream = `thread-${number}`
  const child: Teller = {
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
  say(parent, "item.started", described, { native: { ...turn, itemId } })

  say(child, "session.started", { provider: "generated", mode: "managed", usageMode: "per-turn" })
  say(child, "thread.started", { provider: "generated", parentNativeThreadId: parent.nativeThreadId })
  const turnId = nextTurnId(child)
  child.turn = turnId
  const native = { turnId, itemId: nextItemId(child) }
  say(child, "turn.started", {}, { native: { turnId } })
  say(child, "item.started", { kind: "agent_message" }, { native })
  for (const delta of pieces) say(child, "content.delta", { stream: "text", part: 0, delta, frames: 1 }, { native })
  return () => {
    say(child, "item.completed", { kind: "agent_message", status: "completed", text: pieces.join("") }, { native })
    say(child, "session.state.changed", { state: "ready" })
    say(child, "turn.completed", { outcome: "completed" }, { native: { turnId } })
    child.turn = null
    say(parent, "item.completed", { ...described, status: "completed" }, { native: { ...turn, itemId } })
  }
}
