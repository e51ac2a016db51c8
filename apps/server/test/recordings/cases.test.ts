/** Small wires that came out wrong once, each the least that shows its fault: what a person must see of them. */
import { caseNamed } from "@threadfold/testkit"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Library } from "./Library.js"

let library: Library
beforeEach(() => {
  library = new Library()
})
afterEach(() => library.close())

/** The one thread of a wire, as it is stored. */
const imported = async (name: string, leaveOpen = false) => {
  await library.import([caseNamed(name).path], { leaveOpen })
  expect(library.check()).toEqual({ ok: true, violations: [] })
  expect(library.verify()).toMatchObject({ ok: true, differences: [] })
  const [thread] = library.threads()
  if (thread === undefined) throw new Error("no thread was imported")
  // Lists leave out the turns whose message went into another one.
  const turns = library.bothStores().flatMap(({ sql }) => sql.flatMap(({ row }) => ("handedOver" in row ? [row] : [])))
  return { ...thread, listed: thread.turns, turns: turns.sort((a, b) => a.ordinal - b.ordinal) }
}

describe.each([true, false])("left open: %s", (leaveOpen) => {
  it("phantom-turn-id: the echo of the client's id says which turn the message went into", async () => {
    const { anomalies, session, thread, turns } = await imported("phantom-turn-id", leaveOpen)
    expect(turns).toMatchObject([
      { nativeTurnId: "019f0000-0000-7000-8000-00000000b001", outcome: "completed" },
      { outcome: "cancelled", cause: "steered", evidence: "observed", steeredInto: turns[0]?.turnId },
    ])
    expect([thread.status, session?.pendingTurnId]).toEqual([leaveOpen ? "idle" : "stopped", null])
    expect(anomalies).toEqual([])
  })

  it("turn-resumes-after-completed: what comes after the turn's end is shown in it, and its outcome stays", async () => {
    const { anomalies, items, thread, turns } = await imported("turn-resumes-after-completed", leaveOpen)
    expect(turns).toMatchObject([{ outcome: "completed", evidence: "observed", status: "ended" }])
    expect(items).toMatchObject([
      { text: "The real answer.", status: "completed", afterEnd: true, turnId: turns[0]?.turnId },
    ])
    expect(thread.status).toBe(leaveOpen ? "idle" : "stopped")
    expect(anomalies.map(({ reason }) => reason)).toEqual(["item-after-turn-end", "turn-terminal-duplicate"])
  })
})

it("turn-resumes-after-completed: the thread works while the answer comes", async () => {
  const lines = caseNamed("turn-resumes-after-completed").text().split("\n")
  await library.import([library.write(lines.slice(0, 4).join("\n"))], { leaveOpen: true })
  expect(library.threads()).toMatchObject([{ thread: { status: "working", activeTurnId: null } }])
})

it("item-completed-only: a whole item without a start is in its turn", async () => {
  const { anomalies, items, turns } = await imported("item-completed-only")
  expect(items).toMatchObject([
    { kind: "agent_message", text: "The whole answer.", status: "completed", turnId: turns[0]?.turnId },
  ])
  expect(turns).toMatchObject([{ outcome: "completed", items: 1 }])
  expect(anomalies).toEqual([])
})

it("revert-turns-and-usage: a turn that was taken back says so, and its tokens stay counted", async () => {
  const { anomalies, listed, usage } = await imported("revert-turns-and-usage")
  expect(listed.map(({ rewound }) => rewound)).toEqual([false, true, false])
  expect(listed.map((turn) => turn.usage?.totalTokens)).toEqual([120, 120, 120])
  expect(usage).toMatchObject({ totalTokens: 360, contextWindow: 1000 })
  expect(anomalies.filter(({ reason }) => reason !== "usage-regressed")).toEqual([])
})

it("question-answer-content: the chosen answer is in the request, with who gave it", async () => {
  const { requests } = await imported("question-answer-content")
  expect(requests).toMatchObject([
    { status: "answered", decision: "answer", decidedBy: "client", answer: { answers: { q1: ["Blue"] } } },
  ])
})

it("question-after-turn-end: a question that comes after its turn's end waits for its answer", async () => {
  const { requests, thread } = await imported("question-after-turn-end", true)
  expect(requests).toMatchObject([{ status: "open", kind: "user_input", title: "Implement this plan?" }])
  expect(thread).toMatchObject({ status: "waiting", openRequests: 1 })
})

it("auto-review-denied: a command that a reviewer declined says why", async () => {
  const { items } = await imported("auto-review-denied")
  expect(items).toMatchObject([
    { kind: "command", status: "declined", data: { review: { rationale: "The network target is not permitted." } } },
  ])
})

it("split-surrogate-pair: a pair that two pieces share is whole again", async () => {
  const { items } = await imported("split-surrogate-pair")
  expect(items).toMatchObject([{ kind: "agent_message", text: "smile 😀 ok", status: "interrupted" }])
})

it("review-start-error-only: a review that fails at its start is a turn that failed", async () => {
  const { thread, turns } = await imported("review-start-error-only")
  expect(turns).toMatchObject([
    {
      nativeTurnId: "019f0000-0000-7000-8000-00000000b002",
      outcome: "failed",
      error: { message: "not a git repository" },
      text: "review: baseBranch main",
    },
  ])
  expect(thread.firstWords).toBe("review: baseBranch main")
})
