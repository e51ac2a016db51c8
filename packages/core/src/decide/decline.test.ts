import { describe, expect, it } from "vitest"
import { live } from "../../test/CommandScenario.js"
import { id, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const asked = () => {
  const c = live()
  c.s.turn(t1).send("request.opened", { kind: "command_approval" }, { native: { turnId: t1, requestId: "0" } })
  const row = () => c.s.rows.all("requests")[0]
  const requestId = row()?.requestId ?? id("missing")
  return { row, requestId, give: (type: string, more: object = {}) => c.run({ type, requestId, ...more }) }
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
