import type { ItemKind } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"
import { fullChunk } from "./chunks.js"

const t1 = strong("t1")
const t2 = strong("t2")
const native = (itemId: string, turnId = t1) => ({ native: { turnId, itemId } })
const command = { kind: "command", title: "sleep 60", processId: "p1" } as const
const done = (s: Scenario, itemId: string, text: string | null, turnId = t1, kind: ItemKind = "agent_message") =>
  s.send("item.completed", { kind, status: "completed", text }, native(itemId, turnId))

describe("rule 5: items", () => {
  it.each(["completed", "failed", "declined", "interrupted"] as const)(
    "an item ends by its own terminal: %s",
    (status) => {
      const s = new Scenario().start().turn(t1).item("i1", t1)
      s.send("item.completed", { kind: "agent_message", status, text: "whole" }, native("i1"))
      expect(s.itemRow("i1")).toMatchObject({ status, evidence: "observed", cause: "provider" })
      expect(s.state).toMatchObject({ open: { items: 0 }, recentItems: [] })
    },
  )

  it("the final text supersedes the deltas, and their chunks go", () => {
    const s = new Scenario().start().turn(t1).item("i1", t1).delta("i1", t1, "Hel").delta("i1", t1, "lo")
    expect(s.textOf("i1")).toBe("Hello")
    expect(s.itemRow("i1")).toMatchObject({ chunks: 1, chunkChars: 5, chunkFill: 5, hasFinal: 0 })
    done(s, "i1", "Hello, world")
    expect(s.textOf("i1")).toBe("Hello, world")
    expect(s.itemRow("i1")).toMatchObject({ chunks: 0, chunkChars: 0, hasFinal: 1 })
    expect(s.rows.all("item_chunks")).toEqual([])
  })

  it("an empty final text is a final text", () => {
    const s = done(new Scenario().start().turn(t1).item("i1", t1).delta("i1", t1, "draft"), "i1", "")
    expect(s.textOf("i1")).toBe("")
  })

  it("a terminal without text keeps what was streamed", () => {
    const s = done(new Scenario().start().turn(t1).item("i1", t1).delta("i1", t1, "partial"), "i1", null)
    expect(s.textOf("i1")).toBe("partial")
    expect(s.itemRow("i1")).toMatchObject({ status: "completed", hasFinal: 0, chunks: 1 })
  })

  it("text that comes with the start is the first chunk", () => {
    const s = new Scenario().start().turn(t1).item("i1", t1, { text: "a" }).delta("i1", t1, "b")
    expect(s.rows.all("item_chunks").map((chunk) => [chunk.ordinal, chunk.text])).toEqual([[0, "ab"]])
  })

  it("a chunk takes deltas until it is full, and those of one part only", () => {
    const s = new Scenario().start().turn(t1).item("r1", t1, { kind: "reasoning" })
    const think = (part: number, delta: string) =>
      s.send("content.delta", { stream: "summary", part, delta }, { native: { turnId: t1, itemId: "r1" } })
    think(0, "a")
    think(0, "b")
    think(1, "c")
    think(0, "d".repeat(fullChunk))
    think(0, "e")
    expect(s.rows.all("item_chunks").map(({ ordinal, part, text }) => [ordinal, part, text.length])).toEqual([
      [0, 0, 2],
      [1, 1, 1],
      [2, 0, fullChunk],
      [3, 0, 1],
    ])
    expect(s.itemRow("r1")).toMatchObject({ chunks: 4, chunkChars: fullChunk + 4, chunkPart: 0, chunkFill: 1 })
  })

  it("half a character at a border waits for its other half", () => {
    const s = new Scenario().start().turn(t1).item("i1", t1).delta("i1", t1, "\ud83d").delta("i1", t1, "\ude00")
    expect(s.textOf("i1")).toBe("😀")
  })

  it("only the stream that a kind shows as its text becomes chunks", () => {
    const s = new Scenario().start().turn(t1).item("c1", t1, command)
    s.send("content.delta", { stream: "text", delta: "no" }, native("c1"))
    s.send("content.delta", { stream: "output", delta: "out" }, native("c1"))
    expect(s.textOf("c1")).toBe("out")
  })

  it("the turn's end closes open items interrupted, inferred, keeping the partial text", () => {
    const s = new Scenario().start().turn(t1).item("i1", t1).delta("i1", t1, "part").complete(t1)
    expect(s.itemRow("i1")).toMatchObject({ status: "interrupted", evidence: "inferred", cause: "turn-completed" })
    expect(s.textOf("i1")).toBe("part")
  })

  it("the item's own late terminal replaces that once", () => {
    const s = new Scenario().start().turn(t1).item("i1", t1).delta("i1", t1, "part").complete(t1)
    done(s, "i1", "whole")
    expect(s.itemRow("i1")).toMatchObject({ status: "completed", evidence: "observed" })
    expect(s.textOf("i1")).toBe("whole")
    expect(s.reasons()).toEqual([])
    s.send("item.completed", { kind: "agent_message", status: "failed", text: "other" }, native("i1"))
    expect(s.textOf("i1")).toBe("whole")
    expect(s.reasons()).toEqual(["item-terminal-duplicate"])
  })

  it("late deltas and items of a provisionally ended turn still apply", () => {
    const s = new Scenario().start().turn(t1).item("i1", t1).delta("i1", t1, "a").status("ready")
    s.delta("i1", t1, "b").item("i2", t1, { text: "late" }).delta("i2", t1, "r")
    expect(s.textOf("i1")).toBe("ab")
    expect(s.textOf("i2")).toBe("later")
    expect(s.itemRow("i2")).toMatchObject({ status: "interrupted", evidence: "inferred" })
    expect(s.turnRow(t1)?.items).toBe(2)
    done(s, "i2", "late, whole")
    expect(s.itemRow("i2")).toMatchObject({ status: "completed", evidence: "observed" })
    expect(s.reasons()).toEqual([])
  })

  it("a delta after an observed end of its item is an anomaly and changes nothing", () => {
    const s = done(new Scenario().start().turn(t1).item("i1", t1), "i1", "whole").delta("i1", t1, "!")
    expect(s.textOf("i1")).toBe("whole")
    expect(s.reasons()).toEqual(["delta-after-end"])
  })

  it("bare deltas and updates of items that were never seen are orphans", () => {
    const s = new Scenario().start().turn(t1).delta("nothing", t1, "x")
    s.send("item.updated", { title: "x" }, native("nothing"))
    s.send("item.started", { kind: "agent_message" }, { native: { turnId: "turn-9", itemId: "i1" }, session: "s1" })
    expect(s.rows.all("items")).toHaveLength(0)
    expect(new Set(s.reasons())).toEqual(new Set(["item-unknown", "turn-conflict", "item-without-turn"]))
    expect(s.rows.all("anomalies").find((row) => row.reason === "item-unknown")?.count).toBe(2)
  })

  it("the same start again is a duplicate", () => {
    const s = new Scenario().start().turn(t1).item("i1", t1).item("i1", t1)
    expect(s.rows.all("items")).toHaveLength(1)
    expect(s.reasons()).toEqual(["item-duplicate"])
  })

  it("a weak item id is good inside its turn only: the next turn's item of that name is another item", () => {
    const s = done(new Scenario().start().turn(t1).item("item-0", t1), "item-0", "one").complete(t1)
    done(s.turn(t2).item("item-0", t2), "item-0", "two", t2)
    expect(s.rows.all("items").map((item) => item.text)).toEqual(["one", "two"])
  })

  it("an update changes what it names, until the item has its own terminal", () => {
    const s = new Scenario().start().turn(t1).item("c1", t1, { kind: "command" })
    s.send("item.updated", { title: "make", processId: "77" }, native("c1"))
    expect(s.itemRow("c1")).toMatchObject({ title: "make", processId: "77" })
    done(s, "c1", "out", t1, "command").send("item.updated", { title: "other" }, native("c1"))
    expect(s.itemRow("c1")?.title).toBe("make")
  })

  it("an item outside any turn stays open until it ends or its session does", () => {
    const s = new Scenario().start()
    s.send("item.started", { kind: "other" }, { native: { itemId: "loose" } })
    s.turn(t1).complete(t1)
    expect(s.itemRow("loose")?.status).toBe("open")
    s.send("session.exited", { reason: "exit", code: 0 })
    expect(s.itemRow("loose")).toMatchObject({ status: "interrupted", cause: "session-ended", evidence: "inferred" })
  })
})

describe("rule 5: commands that outlive their turn", () => {
  const running = () => new Scenario().start().turn(t1).item("c1", t1, command)
  const task = (s: Scenario) => s.rows.all("tasks")[0]

  it("a command still running with a process when its turn completes becomes a task", () => {
    const s = running().complete(t1)
    expect(s.itemRow("c1")).toMatchObject({ status: "completed", cause: "backgrounded", evidence: "inferred" })
    expect(task(s)).toMatchObject({ status: "running", processId: "p1", itemId: s.itemRow("c1")?.itemId })
    expect(s.state.thread?.runningTasks).toBe(1)
  })

  it("also in Codex's order: idle, and turn.completed a millisecond later", () => {
    const s = running().status("ready")
    expect(s.itemRow("c1")?.status).toBe("interrupted")
    expect(task(s)).toBeUndefined()
    s.complete(t1)
    expect(s.itemRow("c1")).toMatchObject({ status: "completed", cause: "backgrounded" })
    expect(task(s)).toMatchObject({ status: "running", title: "sleep 60" })
  })

  it("but not one that said its own end in between, whose text and end stay", () => {
    const s = running().status("ready")
    s.send("content.delta", { stream: "output", delta: "part" }, native("c1"))
    s.send("item.completed", { kind: "command", status: "failed", text: "all", exitCode: 2 }, native("c1"))
    s.complete(t1)
    expect(s.itemRow("c1")).toMatchObject({ status: "failed", evidence: "observed", exitCode: 2, cause: "provider" })
    expect(s.textOf("c1")).toBe("all")
    expect(task(s)).toBeUndefined()
  })

  it("late output of a command that becomes a task later is kept and counted", () => {
    const s = running().status("ready")
    s.send("content.delta", { stream: "output", delta: "late" }, native("c1")).complete(t1)
    expect(s.itemRow("c1")).toMatchObject({ cause: "backgrounded", chunks: 1, chunkChars: 4 })
    expect(s.textOf("c1")).toBe("late")
  })

  it("not when the turn did not complete, and not without a process", () => {
    expect(running().complete(t1, "interrupted").rows.all("tasks")).toEqual([])
    const s = new Scenario().start().turn(t1).item("c1", t1, { kind: "command" }).complete(t1)
    expect(s.rows.all("tasks")).toEqual([])
    expect(s.itemRow("c1")?.status).toBe("interrupted")
  })

  it("its own terminal ends item and task", () => {
    const s = running().complete(t1)
    s.send("content.delta", { stream: "output", delta: "more" }, native("c1"))
    expect(s.textOf("c1")).toBe("more")
    s.send("item.completed", { kind: "command", status: "failed", text: "more.", exitCode: 1 }, native("c1"))
    expect(s.itemRow("c1")).toMatchObject({ status: "failed", evidence: "observed" })
    expect(task(s)).toMatchObject({ status: "ended", outcome: "failed", evidence: "observed" })
    expect(s.reasons()).toEqual([])
  })

  it("it ends with its session", () => {
    const s = running().complete(t1).send("session.exited", { reason: "exit", code: 0 })
    expect(task(s)).toMatchObject({
      status: "ended",
      outcome: "interrupted",
      cause: "session-ended",
      evidence: "inferred",
    })
    expect(s.state.thread?.runningTasks).toBe(0)
  })

  it("a turn that is completed only after its session ended leaves no task", () => {
    const s = running().status("ready").send("session.exited", { reason: "exit", code: 0 }).complete(t1)
    expect(s.turnRow(t1)).toMatchObject({ outcome: "completed", evidence: "observed" })
    expect(s.rows.all("tasks")).toEqual([])
  })
})

describe("rule 4 on items", () => {
  it("a late terminal of an earlier epoch completes the evidence of its own item only", () => {
    const s = new Scenario().start().turn("turn-1").item("i1", "turn-1").start("s2").turn("turn-1", "s2")
    s.item("i1", "turn-1", {}, "s2")
    s.send(
      "item.completed",
      { kind: "agent_message", status: "completed", text: "old" },
      {
        session: "s1",
        native: { turnId: "turn-1", itemId: "i1" },
      },
    )
    const [first, second] = s.rows.all("items")
    expect(first).toMatchObject({ status: "completed", text: "old", sessionId: id("session s1") })
    expect(second).toMatchObject({ status: "open", sessionId: id("session s2") })
  })

  it("takes from a late update what its data lacks, and nothing else", () => {
    const s = new Scenario()
      .start()
      .turn(t1)
      .item("i1", t1, { kind: "command", data: { command: "curl" } })
    const native = { turnId: t1, itemId: "i1" }
    s.send("item.completed", { kind: "command", status: "declined", data: { command: "curl x" } }, { native })
    s.send("item.updated", { title: "late", data: { command: "old", review: { rationale: "no" } } }, { native })
    expect(s.rows.whole("items", [s.itemRow("i1")?.itemId ?? ""])).toMatchObject({
      title: null,
      data: { command: "curl x", review: { rationale: "no" } },
    })
    const before = s.itemRow("i1")?.sequence
    s.send("item.updated", { data: { review: { rationale: "other" } } }, { native })
    expect(s.itemRow("i1")?.sequence).toBe(before)
  })
})
