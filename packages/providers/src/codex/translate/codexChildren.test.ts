import { describe, expect, it } from "vitest"
import {
  agentDelta,
  flushed,
  notify,
  ofType,
  started,
  status,
  T,
  turnStarted,
  U,
  X,
} from "../../../test/support/codexWire.js"

describe("a sub-agent's thread", () => {
  const spawnsU = (at: number, method: string) =>
    notify(at, method, {
      threadId: T,
      turnId: X,
      item: {
        id: "call_1",
        type: "collabAgentToolCall",
        tool: "spawnAgent",
        status: "completed",
        senderThreadId: T,
        receiverThreadIds: [U],
        agentsStates: {},
      },
    })

  it("is linked to its parent when the parent's item says so, before or after its first message", () => {
    const parents = (events: ReturnType<typeof flushed>) =>
      ofType(events, "thread.metadata.updated").map(({ scope, payload }) => [scope, payload])
    const link = [["U1", { parentNativeThreadId: T }]]
    expect(parents(flushed([...started(0), spawnsU(1, "item/completed"), status(2, "idle", U)]))).toEqual(link)
    expect(parents(flushed([...started(0), status(1, "idle", U), spawnsU(2, "item/completed")]))).toEqual(link)
    const twice = [...started(0), spawnsU(1, "item/started"), status(2, "idle", U), spawnsU(3, "item/completed")]
    expect(parents(flushed(twice))).toEqual(link)
  })

  it("names the threads that an item speaks to, and is no parent for being spoken to", () => {
    const speaks = notify(1, "item/completed", {
      threadId: U,
      item: { id: "c", type: "collabAgentToolCall", tool: "sendMessage", receiverThreadIds: [T] },
    })
    const events = flushed([...started(0), speaks])
    expect(ofType(events, "item.completed").map(({ payload }) => payload)).toMatchObject([
      { kind: "subagent", childNativeThreadIds: [T] },
    ])
    expect(ofType(events, "thread.metadata.updated")).toEqual([])
  })

  it("records its parent once, whichever message shows it, and is not its own ancestor", () => {
    const spawns = (at: number, threadId: string, child: string) =>
      notify(at, "item/completed", {
        threadId,
        turnId: X,
        item: { id: "i", type: "subAgentActivity", kind: "started", agentThreadId: child, agentPath: "/a" },
      })
    const described = notify(1, "thread/started", { thread: { id: U, parentThreadId: T } })
    const once = flushed([...started(0), described, spawns(2, T, U)])
    expect(ofType(once, "thread.started").at(-1)?.payload).toMatchObject({ parentNativeThreadId: T })
    expect(ofType(once, "thread.metadata.updated").map(({ payload }) => payload)).toEqual([{ title: "/a" }])
    const circle = [...started(0), spawns(1, T, U), spawns(2, U, "V"), spawns(3, "V", T), spawns(4, T, T)]
    expect(ofType(flushed(circle), "thread.metadata.updated").map(({ scope }) => scope)).toEqual(["U1", "V1"])
  })

  it("that only a collaboration call tells of is there, a child, and called what it was asked", () => {
    const call = (at: number, tool: string, more: object) =>
      notify(at, "item/completed", {
        threadId: T,
        turnId: X,
        item: { id: `c${at}`, type: "collabAgentToolCall", tool, status: "completed", senderThreadId: T, ...more },
      })
    const spawned = flushed([...started(0), call(1, "spawnAgent", { receiverThreadIds: [U], prompt: "look at\nit" })])
    expect(spawned.filter(({ scope }) => scope === "U1").map(({ type, payload }) => [type, payload])).toMatchObject([
      ["session.started", { provider: "codex" }],
      ["thread.metadata.updated", { parentNativeThreadId: T, title: "look at it" }],
    ])
    const waited = [
      ...started(0),
      status(1, "active", U),
      call(2, "wait", { agentsStates: { [U]: { status: "running" } } }),
    ]
    expect(ofType(flushed(waited), "thread.metadata.updated").map(({ payload }) => payload)).toEqual([
      { parentNativeThreadId: T },
    ])
    const failed = call(1, "spawnAgent", { receiverThreadIds: [U], status: "failed" })
    expect(flushed([...started(0), failed]).filter(({ scope }) => scope === "U1")).toEqual([])
  })

  it("has turns and numbers of its own", () => {
    const lines = [
      ...started(0),
      turnStarted(1),
      turnStarted(2, X, U),
      agentDelta(3, "a"),
      agentDelta(4, "b", "m", U),
      agentDelta(5, "c"),
    ]
    const events = flushed(lines)
    expect(ofType(events, "turn.started").map(({ scope }) => scope)).toEqual(["T1", "U1"])
    expect(ofType(events, "content.delta").map(({ scope, payload }) => [scope, payload])).toMatchObject([
      ["T1", { delta: "ac", frames: 2 }],
      ["U1", { delta: "b", frames: 1 }],
    ])
  })
})
