import { describe, expect, it } from "vitest"
import { decide } from "./claudeDecisions.js"

const input = { command: "ls" }
const rules = [{ type: "addRules", destination: "localSettings" }]
const bash = { subtype: "can_use_tool", tool_name: "Bash", input, permission_suggestions: rules }
const question = { subtype: "can_use_tool", tool_name: "AskUserQuestion", input: { questions: [] } }
const form = { subtype: "elicitation", mcp_server_name: "s", message: "m" }

const of = (asked: object, decision: string, data?: unknown) =>
  decide({ ...asked }, { decision, ...(data === undefined ? {} : { data }) })

describe("an answer for permission", () => {
  it.each([
    ["accept", undefined, { behavior: "allow", updatedInput: input }],
    ["accept", { updatedInput: { command: "pwd" } }, { behavior: "allow", updatedInput: { command: "pwd" } }],
    [
      "accept",
      { updatedPermissions: [{ a: 1 }] },
      { behavior: "allow", updatedInput: input, updatedPermissions: [{ a: 1 }] },
    ],
    [
      "acceptForSession",
      undefined,
      {
        behavior: "allow",
        updatedInput: input,
        updatedPermissions: [{ type: "addRules", destination: "session" }],
      },
    ],
    ["acceptAlways", undefined, { behavior: "allow", updatedInput: input, updatedPermissions: rules }],
    [
      "decline",
      undefined,
      { behavior: "deny", message: "The user declined this. Go on without it, or ask what to do instead." },
    ],
    ["decline", { message: "not so" }, { behavior: "deny", message: "not so" }],
    ["cancel", undefined, { behavior: "deny", message: "The user cancelled this.", interrupt: true }],
  ])("%s with %j", (decision, data, value) => {
    expect(of(bash, decision, data)).toEqual({ value })
  })

  it.each([["perhaps"], ["answer"], [""]])("is not %j", (decision) => {
    expect(of(bash, decision)).toEqual({ problem: expect.stringContaining("accept") })
  })
})

describe("an answer to the user's question", () => {
  it("is what was answered, beside the question", () => {
    const answers = { "Which?": "B" }
    const value = { behavior: "allow", updatedInput: { questions: [], answers } }
    expect(of(question, "answer", { answers })).toEqual({ value })
    expect(of(question, "accept", { answers })).toEqual({ value })
  })

  it("needs its answers", () => {
    expect(of(question, "answer")).toEqual({ problem: expect.stringContaining("answers") })
    expect(of(question, "answer", { answers: "B" })).toEqual({ problem: expect.stringContaining("answers") })
  })

  it("may be none", () => {
    expect(of(question, "decline")).toMatchObject({ value: { behavior: "deny" } })
    expect(of(question, "perhaps")).toEqual({ problem: "This question is answered with answer, decline, cancel." })
  })
})

describe("an answer to a form", () => {
  it.each([
    ["accept", { content: { name: "n" } }, { action: "accept", content: { name: "n" } }],
    ["answer", { name: "n" }, { action: "accept", content: { name: "n" } }],
    ["accept", undefined, { action: "accept" }],
    ["decline", { content: {} }, { action: "decline" }],
    ["cancel", undefined, { action: "cancel" }],
  ])("%s with %j", (decision, data, value) => {
    expect(of(form, decision, data)).toEqual({ value })
  })

  it("is not anything else", () => {
    expect(of(form, "perhaps")).toEqual({ problem: "This question is answered with accept, decline, cancel." })
  })
})
