import { describe, expect, it } from "vitest"
import { agentDelta, flushed, notify, recv, send, T, turnCompleted, U, X } from "../../../test/support/codexWire.js"

/** A resume whose answer tells this of the thread. */
const resumed = (thread: object, more: object = {}) => [
  send(1, { id: 1, method: "thread/resume", params: { threadId: T } }),
  recv(2, { id: 1, result: { thread: { id: T, ...thread }, ...more } }),
]
const turn = (items: readonly object[], status = "inProgress", id = X) => ({ id, status, items })
const itemIdOf = (native: unknown): unknown => Reflect.get(Object(native), "itemId")
const joined = (...lines: Parameters<typeof flushed>[0]) =>
  flushed(lines).flatMap(({ native, payload, type }) =>
    /^(turn|item|content|session\.state)/.test(type) ? [{ type, itemId: itemIdOf(native), payload }] : [],
  )

const user = { type: "userMessage", id: "u1", content: [{ type: "text", text: "go" }], completedAtMs: 1 }
const command = { type: "commandExecution", id: "c1", command: "make", status: "inProgress", aggregatedOutput: "half" }
const message = { type: "agentMessage", id: "m1", text: "so far" }

describe("the answer to a resume", () => {
  it("tells the turn in progress and its items so far, and no turn that is over", () => {
    const lines = resumed({ turns: [turn([message], "completed", U), turn([user, command, message])] })
    expect(joined(...lines)).toMatchObject([
      { type: "turn.started", payload: { joined: true } },
      { type: "item.completed", itemId: "u1", payload: { text: "go", status: "completed", joined: true } },
      { type: "item.started", itemId: "c1", payload: { text: "half", title: "make", joined: true } },
      { type: "item.started", itemId: "m1", payload: { text: "so far", joined: true } },
    ])
  })

  it("tells it from the page of turns that the call asked for, too", () => {
    const lines = resumed({ turns: [] }, { initialTurnsPage: { data: [turn([user])] } })
    expect(joined(...lines).map(({ type }) => type)).toEqual(["turn.started", "item.completed"])
  })

  it("takes a message as whole that has an end, or something after it", () => {
    const whole = { ...message, id: "m0" }
    const ended = { ...message, completedAtMs: 5 }
    expect(joined(...resumed({ turns: [turn([whole, ended])] })).map(({ type }) => type)).toEqual([
      "turn.started",
      "item.completed",
      "item.completed",
    ])
  })

  it("keeps the parts of a reasoning summary apart", () => {
    const reasoning = { type: "reasoning", id: "r1", summary: ["one", "two"] }
    expect(joined(...resumed({ turns: [turn([reasoning])] })).at(-1)).toMatchObject({
      type: "item.started",
      payload: { kind: "reasoning", parts: ["one", "two"] },
    })
  })

  it("loses no item for one that cannot be read", () => {
    const lines = resumed({ turns: [turn([{ type: "agentMessage" }, user])] })
    expect(joined(...lines).map(({ itemId, type }) => `${type} ${itemId ?? ""}`.trim())).toEqual([
      "turn.started",
      "item.completed u1",
    ])
  })

  it("tells the end that was missed of the turn that ran here, and of its items", () => {
    const running = [
      notify(0, "turn/started", { threadId: T, turn: { id: X, status: "inProgress" } }),
      notify(0, "item/started", { threadId: T, turnId: X, item: { ...message, text: "" } }),
    ]
    const missed = turn([user, message], "interrupted")
    const lines = [...running, ...resumed({ turns: [missed, turn([], "inProgress", U)] })]
    expect(joined(...lines).slice(2)).toMatchObject([
      { type: "item.completed", itemId: "m1", payload: { text: "so far", joined: true } },
      { type: "turn.completed", payload: { outcome: "interrupted" } },
      { type: "turn.started", payload: { joined: true } },
    ])
    // What ran elsewhere, or is known to be over, is history.
    expect(joined(...resumed({ turns: [missed] }))).toEqual([])
    expect(joined(...running, turnCompleted(1), ...resumed({ turns: [missed] }))).toHaveLength(3)
  })

  it("says that the thread works where it lists no turn, so that what follows shows it", () => {
    expect(joined(...resumed({ status: { type: "active" }, turns: [] }))).toMatchObject([
      { type: "session.state.changed", payload: { state: "running" } },
    ])
    expect(joined(...resumed({ status: { type: "idle" }, turns: [] }))).toEqual([])
  })
})

describe("a delta of an item that was not reported", () => {
  const kinds = (...lines: Parameters<typeof flushed>[0]) =>
    flushed(lines).flatMap(({ payload, type }) =>
      type === "content.delta" ? [Reflect.get(Object(payload), "kind") as unknown] : [],
    )

  it("tells its kind, once", () => {
    const other = notify(4, "item/plan/delta", { threadId: T, turnId: X, itemId: "p1", delta: "x" })
    expect(kinds(agentDelta(1, "a"), other, agentDelta(5, "b"))).toEqual(["agent_message", "plan", undefined])
  })

  it("tells it again after its turn's end, which closes what was reported", () => {
    expect(kinds(agentDelta(1, "a"), turnCompleted(2), agentDelta(3, "b"))).toEqual(["agent_message", "agent_message"])
  })

  it("does not where the start came", () => {
    const start = notify(1, "item/started", {
      threadId: T,
      turnId: X,
      item: { type: "agentMessage", id: "msg_1", text: "" },
    })
    expect(kinds(start, agentDelta(2, "a"))).toEqual([undefined])
  })
})
