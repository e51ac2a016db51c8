/** Questions on a recorded wire: what they take, what was answered, and what the provider's own review says. */
import { caseNamed } from "@threadfold/testkit"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Library } from "./Library.js"

let library: Library
beforeEach(() => {
  library = new Library()
})
afterEach(() => library.close())

const imported = async (name: string, leaveOpen = false) => {
  await library.import([caseNamed(name).path], { leaveOpen })
  expect(library.check()).toEqual({ ok: true, violations: [] })
  expect(library.verify()).toMatchObject({ ok: true, differences: [] })
  const [thread] = library.threads()
  if (thread === undefined) throw new Error("no thread was imported")
  return thread
}

describe("a recorded question", () => {
  it("that comes after its turn's end is open in a session that is left open", async () => {
    const { anomalies, requests, thread } = await imported("question-after-turn-end", true)
    expect(requests).toMatchObject([{ status: "open", kind: "user_input", data: { questions: [{ id: "q1" }] } }])
    expect(thread).toMatchObject({ status: "waiting", openRequests: 1 })
    expect(anomalies).toEqual([])
  })

  it("shows what was answered", async () => {
    const { requests } = await imported("question-answer-content")
    expect(requests).toMatchObject([{ status: "answered", decision: "answer", answer: { answers: { q1: ["Blue"] } } }])
  })

  it("that another client answered, or that was cleared up, says so", async () => {
    const elsewhere = await imported("question-answered-elsewhere")
    expect(elsewhere.requests).toMatchObject([{ status: "answered", decision: null, decidedBy: "elsewhere" }])
  })

  it("that was cleared up on the way to the turn's end is cancelled", async () => {
    const { requests } = await imported("question-cleared-up")
    expect(requests).toMatchObject([{ status: "cancelled", decidedBy: null, cause: "turn-ended" }])
  })
})

it("a command that a reviewer declined shows the reviewer's rationale", async () => {
  const { items } = await imported("auto-review-denied")
  expect(items).toMatchObject([
    { kind: "command", status: "declined", data: { review: { rationale: "The network target is not permitted." } } },
  ])
})
