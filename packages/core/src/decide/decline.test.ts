import type { RequestKind } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { live } from "../../test/CommandScenario.js"
import { id, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const asked = (kind: RequestKind = "command_approval") => {
  const c = live()
  c.s.turn(t1).send("request.opened", { kind }, { native: { turnId: t1, requestId: "0" } })
  const row = () => c.s.rows.all("requests")[0]
  const requestId = row()?.requestId ?? id("missing")
  return { c, row, requestId, give: (type: string, more: object = {}) => c.run({ type, requestId, ...more }) }
}

describe("request.decline", () => {
  it("is an answer without a person, delivered to the agent like any other", () => {
    const { give, row } = asked()
    expect(give("request.decline")).toMatchObject({ events: ["request.answering"], effects: ["request.answer"] })
    expect(row()).toMatchObject({ status: "answering", decision: "decline", decidedBy: "policy" })
    expect(give("request.decline")).toMatchObject({ refused: null, events: [], effects: [] })
  })

  it("changes nothing after a person's answer, nor for a question that does not exist", () => {
    const { give, row } = asked()
    give("request.respond", { decision: "accept" })
    expect(give("request.decline")).toMatchObject({ refused: null, events: [], effects: [] })
    expect(row()).toMatchObject({ decision: "accept", decidedBy: "client" })
    expect(give("request.decline", { requestId: id("another") })).toMatchObject({ refused: null, events: [] })
  })
})

describe("request.follow-rule", () => {
  const rule = { kind: "command_approval", action: "accept", afterMs: 1_000 } as const
  const ruled = () => {
    const { c, ...given } = asked()
    c.run({ type: "thread.unattended", rules: [rule] })
    return { ...given, c, follow: (of: object = rule) => given.give("request.follow-rule", { rule: of }) }
  }

  it("gives the answer of the rule, which says whose it is; a person's later one is refused with that", () => {
    const { c, follow, requestId, row } = ruled()
    expect(follow()).toMatchObject({ events: ["request.answering"], effects: ["request.answer"] })
    expect(row()).toMatchObject({ status: "answering", decision: "accept", decidedBy: "policy" })
    expect(c.s.rows.all("threads")).toMatchObject([{ unattended: [rule] }])
    expect(c.s.log.at(-1)?.payload).toMatchObject({
      reason: `unattended: nobody answered within 1000 ms (rule of thread ${c.s.threadId})`,
    })
    expect(c.refusalOf({ type: "request.respond", requestId, decision: "decline" })).toBe(
      `request-ended: Request ${requestId} is answering; the first answer was "accept" and came from the policy for unattended questions.`,
    )
    expect(follow()).toMatchObject({ refused: null, events: [], effects: [] })
  })

  it("changes nothing after a person's answer, after the rule was replaced, or where the answer has failed", () => {
    const nothing = { refused: null, events: [], effects: [] }
    const first = ruled()
    first.give("request.respond", { decision: "decline" })
    expect(first.follow()).toMatchObject(nothing)
    expect(first.row()).toMatchObject({ decision: "decline", decidedBy: "client" })

    const second = ruled()
    expect(second.follow({ ...rule, afterMs: 2_000 })).toMatchObject(nothing)
    second.c.run({ type: "thread.unattended", rules: null })
    expect(second.follow()).toMatchObject(nothing)
    expect(second.row()).toMatchObject({ status: "open" })

    const third = ruled()
    third.follow()
    const failed = { commandId: third.row()?.answerCommandId ?? "", message: "no" }
    third.c.s.send("request.answer-failed", failed, { session: null, ids: { requestId: third.requestId } })
    expect(third.row()).toMatchObject({ status: "open", lastError: "no" })
    expect(third.follow()).toMatchObject(nothing)
  })

  it("changes nothing where the question does not take the answer", () => {
    const words = asked("user_input")
    words.c.run({ type: "thread.unattended", rules: [{ action: "accept", afterMs: 0 }] })
    expect(words.give("request.follow-rule", { rule: { action: "accept", afterMs: 0 } })).toMatchObject({ events: [] })
    expect(words.row()).toMatchObject({ status: "open" })
  })
})
