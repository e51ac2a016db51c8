import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"
import type { Change, Fold } from "../Change.js"
import { fold } from "./fold.js"

const t1 = strong("t1")
const session = id("session s1")
const native = (itemId: string) => ({ native: { turnId: t1, itemId } })
const begun = () => new Scenario().start().turn(t1)
const whole = (s: Scenario, itemId: string) => s.rows.whole("items", [s.itemRow(itemId)?.itemId ?? ""])
const start = (s: Scenario, itemId: string, more: object = {}) => s.item(itemId, t1, more)
const end = (s: Scenario, itemId: string, more: object = {}) =>
  s.send("item.completed", { kind: "command", status: "completed", ...more }, native(itemId))
const update = (s: Scenario, itemId: string, data: unknown) =>
  s.send("item.updated", { title: "late", data }, native(itemId))

describe("rule 5: the fields of an item", () => {
  const fields = { title: "T", nativeKind: "exec", phase: "final_answer", processId: "p" }

  it("come with its start, and its end has the last word", () => {
    const s = start(begun(), "c1", { kind: "command", ...fields, data: { command: "a" } })
    expect(whole(s, "c1")).toMatchObject({ ...fields, text: null, data: { command: "a" } })
    end(s, "c1", {})
    expect(whole(s, "c1")).toMatchObject({ ...fields, exitCode: null, data: { command: "a" } })
    const other = { title: "U", nativeKind: "shell", phase: "commentary", processId: "q", exitCode: 2 }
    const told = end(start(begun(), "c1", { kind: "command", ...fields }), "c1", { ...other, data: { command: "b" } })
    expect(whole(told, "c1")).toMatchObject({ ...other, data: { command: "b" } })
  })

  it("without data are null from the start", () => {
    expect(whole(start(begun(), "c1"), "c1")).toMatchObject({ text: null, data: null })
    expect(whole(end(begun(), "c1"), "c1")).toMatchObject({ text: null, data: null })
  })

  it("that a later event does not tell stay", () => {
    const s = start(begun(), "c1", { kind: "command", data: { command: "a" } })
    update(s, "c1", null).send("item.updated", { title: "U" }, native("c1"))
    expect(whole(s, "c1")).toMatchObject({ title: "U", data: { command: "a" } })
    expect(whole(update(s, "c1", { command: "b" }), "c1")).toMatchObject({ data: { command: "b" } })
    expect(whole(end(s, "c1", { data: null }), "c1")).toMatchObject({ data: { command: "b" } })
  })

  it("come with a start that is late, as far as the item lacks them", () => {
    const streamed = (more: object) =>
      start(begun().send("content.delta", { kind: "command", stream: "output", delta: "a" }, native("c1")), "c1", {
        kind: "command",
        ...more,
      })
    expect(whole(streamed({ ...fields, data: { command: "a" } }), "c1")).toMatchObject({
      ...fields,
      data: { command: "a" },
    })
    expect(whole(streamed({}), "c1")).toMatchObject({ data: null })
    expect(whole(streamed({ data: ["a"] }), "c1")).toMatchObject({ data: ["a"] })
    const ended = end(begun(), "c1", { text: "all", data: { command: "a" } })
    start(ended, "c1", { kind: "command", text: "draft", data: { command: "b", cwd: "/x" } })
    expect(whole(ended, "c1")).toMatchObject({ text: "all", data: { command: "a", cwd: "/x" } })
    expect(ended.rows.all("item_chunks")).toEqual([])
  })

  it.each([[null], ["text"], [["list"]]])("are not taken from %j after its own end", (data) => {
    const s = end(begun(), "c1")
    const before = whole(s, "c1")
    expect(whole(update(s, "c1", data), "c1")).toEqual(before)
    expect(s.reasons()).toEqual([])
  })

  it.each([["text"], [["list"]]])("stay %j after its own end, to which no member is added", (data) => {
    const s = end(begun(), "c1", { data })
    const before = whole(s, "c1")
    expect(whole(update(s, "c1", { more: 1 }), "c1")).toEqual(before)
    expect(s.reasons()).toEqual([])
  })

  it("may still change where only the end of its turn has closed it", () => {
    const s = update(start(begun(), "c1", { kind: "command" }).status("ready"), "c1", { command: "a" })
    expect(whole(s, "c1")).toMatchObject({ status: "interrupted", title: "late", data: { command: "a" } })
  })
})

describe("rule 5: the text of an item", () => {
  it("has the parts that say something", () => {
    const s = start(begun(), "r1", { kind: "reasoning", parts: ["", "two"] })
    expect(s.rows.all("item_chunks").map(({ part, text }) => [part, text])).toEqual([[1, "two"]])
    for (const nothing of [{ text: "" }, { text: null }, { parts: [] }, { parts: ["", ""] }]) {
      expect(start(begun(), "m1", nothing).rows.all("item_chunks")).toEqual([])
    }
  })

  it("is what was streamed where its end tells none", () => {
    const s = start(begun(), "m1").delta("m1", t1, "part")
    s.send("item.completed", { kind: "agent_message", status: "completed" }, native("m1"))
    expect(s.textOf("m1")).toBe("part")
    s.delta("m1", t1, "late").delta("m1", t1, "r")
    expect(s.textOf("m1")).toBe("part")
    expect(s.anomalies()).toEqual([`delta-after-end item:${s.itemRow("m1")?.itemId}`])
  })

  it("stays when its session is gone", () => {
    const s = start(begun(), "m1").delta("m1", t1, "part").send("session.exited", { reason: "exit" })
    expect(s.delta("m1", t1, "late").textOf("m1")).toBe("part")
    expect(s.anomalies()).toEqual([`session-stale session:${session} (content.delta)`])
  })

  it("is one of an item outside any turn, too, whatever session has it", () => {
    const s = new Scenario().start().send("item.started", { kind: "agent_message" }, { native: { itemId: "l" } })
    const ids = { itemId: s.itemRow("l")?.itemId ?? null }
    s.send("session.exited", { reason: "exit" }).start("s2")
    s.send("content.delta", { stream: "text", delta: "more" }, { session: "s2", ids })
    expect(s.textOf("l")).toBe("more")
    expect(s.itemRow("l")?.status).toBe("interrupted")
    expect(s.reasons()).toEqual([])
  })

  it("does not move its row where a piece is none of its text", () => {
    const s = start(begun(), "c1", { kind: "command" })
    const before = s.itemRow("c1")
    s.send("content.delta", { stream: "text", delta: "no" }, { ...native("c1"), channel: "another" })
    expect(s.itemRow("c1")).toEqual(before)
  })

  it("replaces pieces that are there, and drops only what it completes", () => {
    const changes: Change[] = []
    const watched: Fold = (state, event, rows) => {
      const result = fold(state, event, rows)
      changes.push(...result.changes)
      return result
    }
    const s = start(start(new Scenario(id("thread"), watched).start().turn(t1), "m1"), "m2", { text: "a" })
    for (const item of ["m1", "m2"]) end(s, item, { kind: "agent_message", text: "all" })
    const joined = start(s, "m3").status("ready").turn(t1, "s1", { joined: true })
    start(joined, "m3", { joined: true, text: "\ud83d" }).status("ready")
    joined.delta("m3", t1, "\ude00").delta("m3", t1, "!")
    expect(joined.textOf("m3")).toBe("😀!")
    expect(changes.filter(({ op }) => op === "clear-chunks")).toEqual([
      { op: "clear-chunks", itemId: s.itemRow("m2")?.itemId },
    ])
    const drops = changes.flatMap((change) => (change.op === "append-chunk" ? [change.drop] : []))
    expect(drops).toEqual([undefined, undefined, 1, undefined])
  })
})

describe("rule 5: what cannot be about an item of ours", () => {
  it("is kept, and changes nothing of the thread", () => {
    const s = begun().send("item.updated", { title: "x" }, native("nothing")).send("item.updated", { title: "x" })
    s.send("item.started", { kind: "user_message", text: "not ours" }, { ids: { itemId: "no id" } })
    s.send("content.delta", { stream: "text", delta: "x" }, { ids: { itemId: id("lost") }, asRecorded: true })
    s.send(
      "content.delta",
      { stream: "text", delta: "x", kind: null },
      { ids: { itemId: id("lost") }, asRecorded: true },
    )
    expect(s.rows.all("items")).toEqual([])
    expect(s.state.thread?.firstWords).toBeNull()
    expect(s.anomalies()).toEqual([
      `item-unknown native-item:${session}/nothing`,
      `item-unknown native-item:${session}/-`,
      `item-unknown item:${id("lost")}`,
    ])
  })

  it("comes from a session that is over, whatever it is", () => {
    const s = start(begun(), "m1").send("session.exited", { reason: "exit" })
    const before = s.itemRow("m1")
    start(s, "m1")
    s.send("item.completed", { kind: "other", status: "completed" }, { ids: { itemId: id("new") }, asRecorded: true })
    expect(s.rows.all("items")).toEqual([before])
    expect(s.anomalies()).toEqual([`session-event-after-exit session:${session} (item.completed)`])
    expect(s.rows.all("anomalies")).toMatchObject([{ count: 2 }])
  })
})

describe("rule 5: the own end of a command in the background", () => {
  it.each([
    ["completed", "completed"],
    ["failed", "failed"],
    ["declined", "interrupted"],
  ] as const)("(%s) ends its task: %s", (status, outcome) => {
    const s = start(begun(), "c1", { kind: "command", processId: "p1" }).complete(t1)
    end(s, "c1", { status })
    expect(s.rows.all("tasks")).toMatchObject([{ status: "ended", outcome, cause: "provider", evidence: "observed" }])
  })
})
