import { describe, expect, it } from "vitest"
import { choicesOf } from "./codexChoices.js"
import { decide } from "./codexDecisions.js"
import { serverRequestMethods } from "./codexMethods.js"

const say = (method: string, decision: string, params: object = {}, data?: unknown) =>
  decide({ method, params: { ...params } }, decision, data)

const command = "item/commandExecution/requestApproval"
const amendment = { acceptWithExecpolicyAmendment: { execpolicy_amendment: ["ls"] } }
const offered = { availableDecisions: ["accept", amendment, "somethingNew", "cancel"] }

describe("a decision in Codex's words", () => {
  it("of a command or a patch is the word itself, or what was offered under that name", () => {
    for (const word of ["accept", "acceptForSession", "decline", "cancel"]) {
      expect(say(command, word, offered)).toEqual({ result: { decision: word } })
      expect(say("item/fileChange/requestApproval", word)).toEqual({ result: { decision: word } })
    }
    expect(say(command, "somethingNew", offered)).toEqual({ result: { decision: "somethingNew" } })
    expect(say(command, "acceptWithExecpolicyAmendment", offered)).toEqual({ result: { decision: amendment } })
    expect(say(command, "acceptWithExecpolicyAmendment")).toEqual({
      refused: "This question knows no decision acceptWithExecpolicyAmendment.",
    })
    expect(say(command, "toString", offered)).toHaveProperty("refused")
  })

  it("of permissions grants what was asked for, for the turn or the session, or nothing", () => {
    const method = "item/permissions/requestApproval"
    const params = { permissions: { network: { enabled: true }, fileSystem: null } }
    const permissions = { network: { enabled: true } }
    expect(say(method, "accept", params)).toEqual({ result: { permissions, scope: "turn" } })
    expect(say(method, "acceptForSession", params)).toEqual({ result: { permissions, scope: "session" } })
    expect(say(method, "decline", params)).toEqual({ result: { permissions: {}, scope: "turn" } })
    expect(say(method, "cancel", params)).toEqual({ result: { permissions: {}, scope: "turn" } })
  })

  it("of a form is its action; what was filled in is the content", () => {
    const method = "mcpServer/elicitation/request"
    expect(say(method, "decline")).toEqual({ result: { action: "decline", content: null, _meta: null } })
    expect(say(method, "accept")).toEqual({ result: { action: "accept", content: {}, _meta: null } })
    const content = { name: "x" }
    expect(say(method, "answer", {}, content)).toEqual({ result: { action: "accept", content, _meta: null } })
    expect(say(method, "accept", {}, content)).toEqual({ result: { action: "accept", content, _meta: null } })
    const whole = { action: "cancel", content: null }
    expect(say(method, "answer", {}, whole)).toEqual({ result: whole })
  })

  it("of questions is an answer each, or none at all", () => {
    const method = "item/tool/requestUserInput"
    const answers = { one: { answers: ["a"] }, two: { answers: ["b", "c"] } }
    expect(say(method, "answer", {}, { answers: { one: ["a"], two: ["b", "c"] } })).toEqual({ result: { answers } })
    expect(say(method, "answer", {}, { answers })).toEqual({ result: { answers } })
    expect(say(method, "answer", {}, { one: "a" })).toHaveProperty("refused")
    expect(say(method, "decline")).toEqual({ result: { answers: {} } })
    expect(say(method, "accept")).toEqual({
      refused: "This question needs an answer with data, not a decision alone.",
    })
  })

  it("of a form is in the types of the form", () => {
    const properties = { name: { type: "string" }, count: { type: "integer" }, sure: { type: "boolean" } }
    const params = { requestedSchema: { type: "object", properties } }
    const answers = { name: ["Ann"], count: ["3"], sure: ["true"] }
    expect(say("mcpServer/elicitation/request", "accept", params, { answers })).toEqual({
      result: { action: "accept", content: { name: "Ann", count: 3, sure: true }, _meta: null },
    })
  })

  it("is never the data that came with a no", () => {
    expect(say("mcpServer/elicitation/request", "decline", {}, { name: "x" })).toEqual({
      result: { action: "decline", content: null, _meta: null },
    })
  })

  it("is there for every choice that a question names", () => {
    const data = { permissions: {}, scope: "turn" }
    for (const method of [...serverRequestMethods, "item/dance/request"]) {
      const choices = choicesOf(method, offered)
      expect(choices.map(({ means }) => means)).toEqual(expect.arrayContaining(["decline", "cancel"]))
      for (const choice of choices) {
        const answer = say(
          method,
          choice.decision,
          offered,
          choice.data === "required" ? { answers: { q: ["x"] } } : null,
        )
        expect(answer, `${method} ${choice.decision}`).not.toHaveProperty("refused")
        if (choice.data === "optional") {
          expect(say(method, choice.decision, offered, data)).not.toHaveProperty("refused")
        }
      }
    }
  })

  it("of a tool call, an older approval or an unknown request can decline", () => {
    expect(say("item/tool/call", "cancel")).toMatchObject({ result: { success: false } })
    expect(say("execCommandApproval", "accept")).toEqual({ result: { decision: "approved" } })
    expect(say("applyPatchApproval", "cancel")).toEqual({ result: { decision: "abort" } })
    expect(say("item/dance/request", "decline")).toEqual({ error: { code: -32_000, message: "declined by the user" } })
    expect(say("item/dance/request", "accept")).toHaveProperty("refused")
    expect(say("item/dance/request", "answer", {}, { steps: 3 })).toEqual({ result: { steps: 3 } })
  })

  it("can be no for every method that Codex has, and is never made up", () => {
    for (const method of serverRequestMethods) {
      for (const decision of ["decline", "cancel"]) expect(say(method, decision), method).not.toHaveProperty("refused")
      expect(say(method, "answer"), method).toHaveProperty("refused")
      expect(say(method, "maybe"), method).toHaveProperty("refused")
      expect(say(method, "answer", {}, "text"), method).toEqual({ refused: "The data of an answer is an object." })
    }
  })
})
