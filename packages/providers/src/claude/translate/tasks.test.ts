import { describe, expect, it } from "vitest"
import {
  afterStart,
  assistant,
  call,
  outline,
  result,
  run,
  say,
  started,
  system,
  toolResult,
  user,
} from "../../../test/support/claudeLines.js"

const begun = [user(1, "m", "go"), call(2, "t", "Task", { description: "look around" })]
const after = (lines: Parameters<typeof afterStart>[0]) => afterStart([...begun, ...lines]).slice(4)

const task = (at: number, more: object = {}) =>
  system(at, "task_started", {
    task_id: "a1",
    run_id: "1",
    tool_use_id: "t",
    description: "look",
    task_type: "local_agent",
    ...more,
  })
const notified = (at: number, status = "completed", more: object = {}) =>
  system(at, "task_notification", { task_id: "a1", status, summary: "done", ...more })
const updated = (at: number, patch: object) => system(at, "task_updated", { task_id: "a1", patch })
const subagent = (at: number, content: unknown, type = "assistant") =>
  say(at, { type, message: { id: `m${at}`, content }, parent_tool_use_id: "t", agent_id: "a1" })

describe("a subagent in the foreground", () => {
  const foreground = task(3, { is_backgrounded: false })

  it("is its call: what it says is progress, never text", () => {
    const lines = [
      foreground,
      subagent(4, "its prompt", "user"),
      subagent(5, [
        { type: "text", text: "I look." },
        { type: "tool_use", id: "x", name: "Bash", input: { command: "ls" } },
      ]),
      subagent(6, [{ type: "tool_result", tool_use_id: "x", content: "a" }], "user"),
      system(7, "task_progress", { task_id: "a1", tool_use_id: "t", description: "Running ls" }),
      notified(8),
      toolResult(9, "t", "The report."),
    ]
    expect(after(lines)).toMatchObject([
      ["content.delta", "turn-1", "t", { stream: "progress", delta: "I look.", frames: 1 }],
      ["content.delta", "turn-1", "t", { stream: "progress", delta: "ls" }],
      ["content.delta", "turn-1", "t", { stream: "progress", delta: "Running ls" }],
      ["item.completed", "turn-1", "t", { kind: "subagent", status: "completed", data: { result: "The report." } }],
    ])
  })

  it("that is sent to the background becomes a task", () => {
    const lines = [
      foreground,
      updated(4, { is_backgrounded: true }),
      updated(5, { is_backgrounded: true }),
      notified(6),
    ]
    expect(outline([...begun, ...lines]).slice(4)).toEqual(["task.started turn-1 t", "task.completed turn-1"])
  })

  it("without a task of its own is progress of its call, too", () => {
    const line = say(3, {
      type: "assistant",
      message: { content: [{ type: "text", text: "a" }] },
      parent_tool_use_id: "t",
    })
    expect(after([line])).toMatchObject([["content.delta", "turn-1", "t", { stream: "progress", delta: "a" }]])
  })
})

describe("a task", () => {
  it("is work that may outlive its turn", () => {
    const lines = [
      task(3),
      toolResult(4, "t", "launched"),
      result(5),
      subagent(6, [{ type: "text", text: "still\nlooking" }]),
      notified(7),
    ]
    expect(after(lines)).toMatchObject([
      ["task.started", "turn-1", "t", { kind: "local_agent", title: "look" }],
      ["item.completed", "turn-1", "t", {}],
      ["turn.completed", "turn-1", undefined, {}],
      ["task.progress", "turn-1", undefined, { message: "still looking" }],
      ["task.completed", "turn-1", undefined, { status: "completed", message: "done" }],
    ])
  })

  it.each([
    ["failed", "failed"],
    ["stopped", "interrupted"],
  ])("that %s is %s", (status, end) => {
    expect(after([task(3), notified(4, status)]).at(-1)?.[3]).toMatchObject({ status: end })
  })

  it("ends once, by the first message about it", () => {
    const lines = [
      task(3),
      updated(4, { status: "killed", error: "out" }),
      notified(5),
      subagent(6, [{ type: "text", text: "late" }]),
    ]
    expect(after(lines).slice(1)).toEqual([
      ["task.completed", "turn-1", undefined, { status: "interrupted", message: "out" }],
    ])
  })

  it("goes on after any other message", () => {
    expect(after([task(3), updated(4, { status: "paused" }), notified(5, "odd")])).toHaveLength(1)
  })

  it("that is taken up again is another one", () => {
    const lines = [task(3), notified(4), task(5, { run_id: "2" }), notified(6)]
    const ids = run([...started(0), ...begun, ...lines]).events.filter(({ type }) => type.startsWith("task."))
    expect(ids.map(({ native, type }) => [type, native])).toMatchObject([
      ["task.started", { taskId: "a1" }],
      ["task.completed", { taskId: "a1" }],
      ["task.started", { taskId: "a1#2" }],
      ["task.completed", { taskId: "a1#2" }],
    ])
  })

  it.each([[{ ambient: true }], [{ skip_transcript: true }]])("with %j is housekeeping, and is not shown", (more) => {
    expect(after([task(3, more), notified(4)])).toEqual([])
  })

  it("that was not started is unknown", () => {
    expect(
      after([updated(3, { status: "completed" }), notified(4), system(5, "task_progress", { task_id: "a1" })]),
    ).toEqual([])
  })

  it("keeps the main thread's own text apart", () => {
    const lines = [
      task(3),
      subagent(4, [{ type: "text", text: "a" }]),
      assistant(5, [{ type: "text", text: "b" }], {}, "main"),
    ]
    expect(outline([...begun, ...lines]).slice(5)).toEqual([
      "task.progress turn-1",
      "item.started turn-1 main:0",
      "item.completed turn-1 main:0",
    ])
  })
})
