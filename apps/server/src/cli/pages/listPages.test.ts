import type { RequestDetail } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { lookOf } from "../text/Look.js"
import { requestsPage } from "./listPages.js"

const plainLook = lookOf(false, 100, 0)
const request = (fields: Partial<RequestDetail>): RequestDetail => ({
  threadId: "01a1f753-6868-716c-a11f-059edb0bf2a6",
  requestId: "01a1f753-7038-73c2-b135-76a9af6e340d",
  nativeRequestId: "0",
  turnId: null,
  itemId: null,
  kind: "command_approval",
  status: "open",
  decision: null,
  decidedBy: null,
  answer: null,
  lastError: null,
  cause: null,
  title: "rm x",
  data: null,
  openedAt: 0,
  endedAt: null,
  version: 1,
  ...fields,
})
const page = (fields: Partial<RequestDetail>) => requestsPage(plainLook, [request(fields)])

describe("the page of requests", () => {
  it("shows the choices of every kind: the agent's names with the words that they stand for", () => {
    const choices = [
      { decision: "once", means: "accept" },
      { decision: "cancel", means: "cancel" },
    ]
    expect(page({ data: { choices } })).toContain("once (accept), cancel")
    // An adapter may know the agent's words alone, some of them with data.
    expect(page({ data: { decisions: ["yes", { always: { rule: "ls" } }] } })).toContain("yes, always")
    expect(page({ data: "no object" })).toContain("rm x")
  })

  it("shows the questions, the files, and why the last answer failed", () => {
    const options = [{ label: "Red" }, { label: "Blue" }]
    const questions = [
      { id: "q1", text: "Which colour?", options, other: true, multiple: true },
      { id: "pin", type: "integer", secret: true },
    ]
    const text = page({
      data: { questions, changes: [{ path: "a.ts", kind: "update" }, { path: "b.ts" }] },
      lastError: "no",
    })
    expect(text).toContain("question q1: Which colour? [Red, Blue, or another text; several]")
    expect(text).toContain("question pin [integer; secret]")
    expect(text).toContain("file a.ts (update)")
    expect(text).toContain("file b.ts\n")
    expect(text).toContain("the last answer failed: no")
  })

  it("says so when nothing waits", () => {
    expect(requestsPage(plainLook, [])).toBe("Nothing waits for an answer.\n")
  })
})
