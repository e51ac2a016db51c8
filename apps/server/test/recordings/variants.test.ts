/** Wires of the same kinds as the cases: cut, in another order, with other ids, of clients that joined or share a server. */
import { recording } from "@threadfold/testkit"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Library } from "./Library.js"

let library: Library
beforeEach(() => {
  library = new Library()
})
afterEach(() => library.close())

const T = "019f0000-0000-7000-8000-0000000000a1"
const U = "019f0000-0000-7000-8000-0000000000a2"
const [A, B, C] = [1, 2, 3].map((n) => `019f0000-0000-7000-8000-00000000b00${n}`)

type Line = readonly ["recv" | "send", object]
const told = (method: string, params: object): Line => ["recv", { method, params: { threadId: T, ...params } }]
const asks = (id: number, method: string, params: object): Line => [
  "send",
  { id, method, params: { threadId: T, ...params } },
]
const answer = (id: number, result: object): Line => ["recv", { id, result }]
const refusal = (id: number, message: string): Line => ["recv", { id, error: { code: -32600, message } }]
const turn = (id: string | undefined, status = "inProgress", more: object = {}) => ({
  id,
  items: [],
  status,
  error: null,
  ...more,
})
const started = (id: string | undefined, threadId = T): Line => told("turn/started", { threadId, turn: turn(id) })
const ended = (id: string | undefined, status = "completed", threadId = T): Line =>
  told("turn/completed", { threadId, turn: turn(id, status, status === "failed" ? { error: { message: "no" } } : {}) })
const item = (method: "completed" | "started", turnId: string | undefined, one: object): Line =>
  told(`item/${method}`, { turnId, item: one })

/** The threads of a wire, by the provider's id; log and rows are sound. */
const imported = async (...lines: readonly Line[]) => {
  const at = Date.parse("2026-11-20T05:00:00.000Z")
  const text = lines
    .map(([dir, msg], index) => JSON.stringify({ ts: new Date(at + index * 1000).toISOString(), dir, msg }))
    .join("\n")
  await library.import([library.write(text)])
  expect(library.check()).toEqual({ ok: true, violations: [] })
  expect(library.verify()).toMatchObject({ ok: true, differences: [] })
  for (const { maps, sql } of library.bothStores()) expect(sql).toEqual(maps)
  const threads = new Map(library.threads().map((one) => [one.thread.nativeThreadId, one]))
  const thread = threads.get(T)
  if (thread === undefined) throw new Error("the thread was not imported")
  return { ...thread, threads }
}

describe("a wire that begins when its thread is loaded already", () => {
  const review = asks(4, "review/start", { target: { type: "baseBranch", branch: "main" } })
  const accepted = answer(4, { turn: turn(B), reviewThreadId: T })
  const failed = told("error", { turnId: B, willRetry: false, error: { message: "not a git repository" } })

  it.each([
    ["by its error", [review, accepted, failed]],
    ["by its end", [review, accepted, failed, ended(B, "failed")]],
    ["before its answer", [review, failed, accepted, ended(B, "failed")]],
    ["at once", [review, refusal(4, "thread not found")]],
  ])("shows a review that failed %s", async (_, lines) => {
    const { anomalies, turns } = await imported(...lines)
    expect(turns).toMatchObject([{ outcome: "failed", text: "review: baseBranch main" }])
    expect(anomalies).toEqual([])
  })

  it("shows the turn that the first call asks for", async () => {
    const start = asks(3, "turn/start", { input: [{ type: "text", text: "Fix it" }] })
    const { thread, turns } = await imported(start, answer(3, { turn: turn(A) }), started(A), ended(A))
    expect(turns).toMatchObject([{ nativeTurnId: A, outcome: "completed", text: "Fix it" }])
    expect(thread.firstWords).toBe("Fix it")
  })

  it("shows the agents that a call works with", async () => {
    const wait = { type: "collabAgentToolCall", id: "w", tool: "wait", status: "completed", senderThreadId: T }
    const { thread, threads } = await imported(
      item("completed", A, { ...wait, receiverThreadIds: [U], agentsStates: { [U]: { status: "completed" } } }),
    )
    expect(threads.get(U)?.thread.parentThreadId).toBe(thread.threadId)
  })
})

it("a review in a thread of its own is the turn of a child", async () => {
  const detached = asks(4, "review/start", { target: { type: "uncommittedChanges" }, delivery: "detached" })
  const { thread, threads, turns } = await imported(
    told("thread/started", { thread: { id: T, cwd: "/w" } }),
    detached,
    answer(4, { turn: turn(B), reviewThreadId: U }),
    started(B, U),
    ended(B, "completed", U),
  )
  expect(turns).toEqual([])
  const child = threads.get(U)
  expect(child?.thread).toMatchObject({ parentThreadId: thread.threadId, title: "review: uncommittedChanges" })
  expect(child?.turns).toMatchObject([{ nativeTurnId: B, outcome: "completed", text: "review: uncommittedChanges" }])
})

describe("a reviewer's refusal", () => {
  const command = { type: "commandExecution", id: "c1", command: "curl x" }
  const declined = item("completed", A, { ...command, status: "declined" })
  const reviewed = (targetItemId: string | null) =>
    told("item/autoApprovalReview/completed", {
      turnId: A,
      targetItemId,
      reviewId: "R",
      review: { status: "denied", rationale: "Not permitted." },
    })

  it.each([
    ["before its item", [started(A), reviewed("c1"), declined, ended(A)]],
    ["after its item", [started(A), declined, reviewed("c1"), ended(A)]],
    ["after its turn", [started(A), declined, ended(A), reviewed("c1")]],
  ])("is shown when it comes %s", async (_, lines) => {
    const { items } = await imported(...lines)
    expect(items).toMatchObject([{ data: { command: "curl x", review: { rationale: "Not permitted." } } }])
  })

  it.each([
    ["is about no item", [started(A), reviewed(null), ended(A)]],
    ["is about an item that never comes", [started(A), reviewed("c1"), ended(A)]],
  ])("is an item of its own when it %s", async (_, lines) => {
    const { items } = await imported(...lines)
    expect(items).toMatchObject([{ kind: "other", status: "declined", text: "Not permitted." }])
  })
})

it("a rejoin tells the end that was missed, so that the next turn runs", async () => {
  const message = { type: "agentMessage", id: "m", text: "so far" }
  const missed = turn(A, "interrupted", { items: [message] })
  const { anomalies, items, turns } = await imported(
    started(A),
    item("started", A, { ...message, text: "" }),
    asks(5, "thread/resume", {}),
    answer(5, { thread: { id: T, turns: [missed] }, model: "m" }),
    started(B),
    ended(B),
  )
  expect(turns).toMatchObject([
    { nativeTurnId: A, outcome: "interrupted", evidence: "observed" },
    { nativeTurnId: B, outcome: "completed" },
  ])
  expect(items).toMatchObject([{ text: "so far", status: "completed" }])
  expect(anomalies).toEqual([])
})

it("a message that is repeated before its call is answered went into the turn that repeats it", async () => {
  const said = { type: "userMessage", id: "u", clientId: "c-1", content: [{ type: "text", text: "and this" }] }
  const { anomalies, turns } = await imported(
    started(A),
    asks(3, "turn/start", { clientUserMessageId: "c-1", input: [{ type: "text", text: "and this" }] }),
    item("completed", A, said),
    answer(3, { turn: turn(C) }),
    ended(A),
  )
  expect(turns).toMatchObject([{ nativeTurnId: A, outcome: "completed" }])
  expect(anomalies).toEqual([])
})

it("a patch of a change that nothing was told of shows its files", async () => {
  const changes = [{ path: "a.txt", kind: { type: "add" }, diff: "+a" }]
  const patched = told("item/fileChange/patchUpdated", { turnId: A, itemId: "f", changes })
  const { anomalies, items } = await imported(started(A), patched, ended(A))
  expect(items).toMatchObject([{ kind: "file_change", title: "a.txt", data: { changes } }])
  expect(anomalies).toEqual([])
})

it("pairs that the pieces of several parts share are whole again, whatever their order", async () => {
  const piece = (summaryIndex: number, delta: string) =>
    told("item/reasoning/summaryTextDelta", { turnId: A, itemId: "r", summaryIndex, delta })
  const { items } = await imported(
    started(A),
    piece(0, "a\ud83d"),
    piece(1, "b\ud83d"),
    piece(0, "\ude00 1"),
    piece(1, "\ude00 2"),
    ended(A, "interrupted"),
  )
  expect(items).toMatchObject([{ kind: "reasoning", text: "a😀 1\n\nb😀 2" }])
})

describe("an answer that the client gave", () => {
  const ask = (method: string, params: object): Line => ["recv", { id: 0, method, params: { threadId: T, ...params } }]
  const reply = (result: object): Line => ["send", { id: 0, result }]
  const properties = { name: { type: "string" }, count: { type: "integer" } }
  const form = { mode: "form", message: "m", requestedSchema: { type: "object", properties } }

  it.each([
    ["item/commandExecution/requestApproval", { command: "x" }, { decision: "accept" }, "accept", null],
    ["execCommandApproval", { command: ["x"] }, { decision: "denied" }, "decline", null],
    ["applyPatchApproval", { fileChanges: {} }, { decision: "approved_for_session" }, "acceptForSession", null],
    ["item/permissions/requestApproval", { permissions: { n: {} } }, { permissions: { n: {} } }, "accept", null],
    ["item/permissions/requestApproval", { permissions: { n: {} } }, { permissions: {} }, "decline", null],
    ["item/tool/call", { tool: "t" }, { success: true }, "answer", { data: { success: true } }],
    ["item/tool/requestUserInput", { questions: [{ id: "q" }] }, { answers: {} }, "decline", null],
    [
      "mcpServer/elicitation/request",
      form,
      { action: "accept", content: { name: "n", count: 2 } },
      "accept",
      { answers: { name: ["n"], count: ["2"] } },
    ],
  ])("to %s is in the form of every answer", async (method, params, result, decision, given) => {
    const { requests } = await imported(started(A), ask(method, { ...params, turnId: A }), reply(result), ended(A))
    expect(requests).toMatchObject([{ status: "answered", decision, decidedBy: "client", answer: given }])
  })
})

describe("the real Codex", () => {
  const real = async (name: string) => {
    await library.import([recording(name).path])
    const [thread] = library.threads()
    if (thread === undefined) throw new Error("no thread was imported")
    return { ...thread, events: library.events() }
  }

  it("has one turn for a review that its model fails, with the reviewer's turn inside it", async () => {
    const { anomalies, items, turns } = await real("codex-51-failed-review")
    expect(turns).toMatchObject([
      { outcome: "failed", evidence: "observed", text: "review: custom look at it", error: { code: "other" } },
    ])
    expect(new Set(items.map(({ turnId }) => turnId))).toEqual(new Set([turns[0]?.turnId]))
    expect(anomalies).toEqual([])
  })

  it("has a turn that failed for a review that an error ends at its start", async () => {
    const { anomalies, turns } = await real("codex-51-review-no-git")
    expect(turns).toMatchObject([
      { outcome: "failed", evidence: "inferred", error: { message: '"/tmp/home/work" is not a git repository' } },
    ])
    expect(anomalies).toEqual([])
  })

  it("refuses steers, each with its trace, and takes the one that names the running turn", async () => {
    const { anomalies, events, items, turns } = await real("codex-51-refused-steer")
    const refused = events.filter(({ type }) => type === "effect.failed")
    expect(refused.map(({ payload }) => payload)).toMatchObject([
      { effect: "turn/steer", message: "no active turn to steer" },
      { effect: "turn/steer" },
      { effect: "turn/steer", message: "no active turn to steer" },
    ])
    expect(turns).toMatchObject([{ outcome: "completed" }])
    const said = items.filter(({ kind }) => kind === "user_message").map(({ text }) => text)
    expect(said).toEqual(["go", "and this"])
    expect(anomalies).toEqual([])
  })
})

it("a goal is shown, and gone when it is cleared", async () => {
  const goal = { objective: "Ship it", status: "active" }
  const set = told("thread/goal/updated", { goal: { threadId: T, ...goal } })
  expect((await imported(set)).thread.goal).toEqual(goal)
  library.close()
  library = new Library()
  expect((await imported(set, told("thread/goal/cleared", {}))).thread.goal).toBeNull()
})
