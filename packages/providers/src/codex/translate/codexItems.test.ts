import { describe, expect, it } from "vitest"
import { flushed, notify, T, X } from "../../../test/support/codexWire.js"
import { knownItemTypes } from "./readItem.js"

const item = (method: "item/started" | "item/completed", one: object) =>
  flushed([notify(0, method, { threadId: T, turnId: X, item: { id: "i", ...one } })]).at(-1)
const completed = (one: object) => item("item/completed", one)?.payload

/** Read off the protocol's schema: the variants of ThreadItem. */
const schemaTypes = [
  "userMessage",
  "hookPrompt",
  "agentMessage",
  "functionCallOutput",
  "plan",
  "reasoning",
  "commandExecution",
  "fileChange",
  "mcpToolCall",
  "dynamicToolCall",
  "collabAgentToolCall",
  "subAgentActivity",
  "webSearch",
  "imageView",
  "sleep",
  "imageGeneration",
  "enteredReviewMode",
  "exitedReviewMode",
  "contextCompaction",
]

describe("items", () => {
  it("have a reading for every type of the protocol", () => {
    expect([...knownItemTypes].sort()).toEqual([...schemaTypes].sort())
  })

  it("of an unknown type are kept as such, with all they say", () => {
    expect(completed({ type: "hologram", depth: 3, status: "failed" })).toEqual({
      kind: "other",
      nativeKind: "hologram",
      data: { depth: 3 },
      status: "failed",
      text: null,
    })
  })

  it("name themselves, their turn and their thread", () => {
    expect(item("item/started", { type: "plan", text: "" })).toMatchObject({
      scope: "T1",
      type: "item.started",
      native: { threadId: T, turnId: X, itemId: "i" },
      payload: { kind: "plan", nativeKind: "plan" },
    })
    expect(item("item/started", { type: "plan", text: "" })?.payload).not.toHaveProperty("text")
  })

  it("of a user join their text parts and keep the others", () => {
    const image = { type: "localImage", path: "/p" }
    const content = [{ type: "text", text: "a", text_elements: [] }, image, { type: "text", text: "b" }]
    expect(completed({ type: "userMessage", content, clientId: "c" })).toMatchObject({
      kind: "user_message",
      text: "a\n\nb",
      data: { content: [image] },
    })
    expect(completed({ type: "userMessage", content: [image] })).toMatchObject({ text: null })
  })

  it("of the agent show their text, an empty one too", () => {
    expect(completed({ type: "agentMessage", text: "hi", phase: "final_answer" })).toEqual({
      kind: "agent_message",
      nativeKind: "agentMessage",
      phase: "final_answer",
      status: "completed",
      text: "hi",
    })
    expect(completed({ type: "agentMessage", text: "" })).toMatchObject({ text: "" })
  })

  it("of reasoning show the summary and keep the rest", () => {
    expect(completed({ type: "reasoning", summary: ["a", "b"], content: ["raw"] })).toMatchObject({
      kind: "reasoning",
      text: "a\n\nb",
      data: { content: ["raw"] },
    })
    expect(completed({ type: "reasoning", summary: [], content: [] })).toMatchObject({ text: null })
  })

  it("of a command show output, exit and process", () => {
    const command = {
      type: "commandExecution",
      command: "ls\n  -l",
      cwd: "/w",
      processId: "12",
      status: "failed",
      aggregatedOutput: "no\n",
      exitCode: 0,
      durationMs: 0,
    }
    expect(completed(command)).toEqual({
      kind: "command",
      nativeKind: "commandExecution",
      title: "ls -l",
      processId: "12",
      data: { command: "ls\n  -l", cwd: "/w" },
      status: "failed",
      text: "no\n",
      exitCode: 0,
      durationMs: 0,
    })
  })

  it("of tools and searches have a title", () => {
    const titles = [
      { type: "fileChange", changes: [{ path: "a" }, { path: "b" }], status: "declined" },
      { type: "mcpToolCall", server: "s", tool: "t", status: "failed" },
      { type: "dynamicToolCall", namespace: "n", tool: "t", status: "completed" },
      { type: "dynamicToolCall", tool: "t" },
      { type: "functionCallOutput", name: "f", output: "x" },
      { type: "webSearch", query: "q" },
      { type: "imageView", path: "/p" },
      { type: "subAgentActivity", kind: "interacted", agentThreadId: "u", agentPath: "/root/a" },
      { type: "contextCompaction" },
    ].map(completed)
    expect(titles).toMatchObject([
      { kind: "file_change", title: "a, b", status: "declined" },
      { kind: "tool_call", title: "s.t", status: "failed" },
      { kind: "tool_call", title: "n.t" },
      { kind: "tool_call", title: "t" },
      { kind: "tool_call", title: "f" },
      { kind: "web_search", title: "q" },
      { kind: "tool_call", title: "/p" },
      { kind: "subagent", title: "/root/a", childNativeThreadIds: ["u"] },
      { kind: "compaction" },
    ])
  })

  it("of a kind with a failure of its own have failed", () => {
    expect(completed({ type: "imageGeneration", status: "done", failure: { code: "x" } })).toMatchObject({
      status: "failed",
    })
    expect(completed({ type: "imageGeneration", status: "done", failure: null })).toMatchObject({ status: "completed" })
  })

  it("have a title of one line that is not endless", () => {
    const title = (command: string) => {
      const payload = completed({ type: "commandExecution", command })
      return payload !== null && typeof payload === "object" && "title" in payload ? payload.title : undefined
    }
    expect(title("x".repeat(200))).toBe("x".repeat(200))
    expect(title("x".repeat(201))).toBe(`${"x".repeat(199)}…`)
    expect(title("𝄞".repeat(150))).toBe("𝄞".repeat(150))
    expect(title("𝄞".repeat(1000))).toBe(`${"𝄞".repeat(199)}…`)
    expect(title(" \n ")).toBeUndefined()
  })

  it("are refused with the reason when what they need is missing or of another type", () => {
    const problem = (one: object) => completed(one)
    expect(problem({ type: "agentMessage", text: 7 })).toEqual({
      method: "item/completed",
      known: true,
      problem: "text: expected a string",
    })
    expect(problem({ id: 3, type: "plan", text: "" })).toMatchObject({ problem: "id: expected a text" })
    expect(problem({})).toMatchObject({ problem: "type: expected a text" })
    expect(problem({ type: "reasoning", summary: ["a", 1] })).toMatchObject({
      problem: "summary: expected an array of strings",
    })
    expect(problem({ type: "userMessage", content: [{ type: "text" }] })).toMatchObject({ method: "item/completed" })
  })

  it("survive strange details that only describe them", () => {
    const odd = { type: "agentMessage", text: "t", phase: 4, durationMs: "long", exitCode: null, processId: {} }
    expect(completed(odd)).toMatchObject({ status: "completed", text: "t" })
  })

  it("change when a patch changes", () => {
    const changes = [{ path: "a", diff: "+", kind: { type: "add" } }]
    const patched = (at: number) =>
      notify(at, "item/fileChange/patchUpdated", { threadId: T, turnId: X, itemId: "i", changes })
    const reported = flushed([patched(0), patched(1)])
    // A patch says what its item is, so that one of which nothing was reported begins with it.
    expect(reported.slice(-2)).toMatchObject([
      { type: "item.started", payload: { kind: "file_change", title: "a", data: { changes } } },
      { type: "item.updated", payload: { title: "a", data: { changes } } },
    ])
  })
})
