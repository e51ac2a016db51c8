import { describe, expect, it } from "vitest"
import { makeQuestions } from "./Questions.js"

const asks = (request_id: string, request: object) => ({ type: "control_request", request_id, request })
const bash = (request_id: string, tool_use_id: string) =>
  asks(request_id, { subtype: "can_use_tool", tool_name: "Bash", tool_use_id, input: {} })

describe("questions", () => {
  it("are open from the message on the wire on, and answered when the SDK asks", async () => {
    const questions = makeQuestions()
    questions.observe(bash("r1", "t1"))
    questions.observe(bash("r2", "t2"))
    expect(questions.find('"r1"')?.asked).toMatchObject({ tool_use_id: "t1" })
    const second = questions.canUseTool("Bash", {}, { requestId: "r2", toolUseID: "t2" })
    questions.find('"r2"')?.answer("two")
    expect(await second).toBe("two")
    // The answer may be there before the SDK asks.
    questions.find('"r1"')?.answer("one")
    questions.close('"r1"')
    expect(questions.find('"r1"')).toBeUndefined()
    expect(await questions.canUseTool("Bash", {}, { requestId: "r1" })).toBe("one")
  })

  it("are found by what they ask, where the SDK does not tell their id", async () => {
    const questions = makeQuestions()
    questions.observe(bash("r1", "t1"))
    questions.observe(bash("r2", "t2"))
    const asked = questions.canUseTool("Bash", {}, { toolUseID: "t2" })
    questions.find('"r2"')?.answer("two")
    expect(await asked).toBe("two")
  })

  it("of forms are found by their server and message", async () => {
    const questions = makeQuestions()
    questions.observe(asks("e1", { subtype: "elicitation", mcp_server_name: "s", message: "m" }))
    const asked = questions.onElicitation({ serverName: "s", message: "m" }, {})
    questions.find('"e1"')?.answer("form")
    expect(await asked).toBe("form")
    expect(await questions.onElicitation({ serverName: "other", message: "m" }, {})).toEqual({ action: "decline" })
  })

  it("that the agent gives up are closed", async () => {
    const questions = makeQuestions()
    questions.observe(bash("r1", "t1"))
    questions.observe({ type: "control_cancel_request", request_id: "r1" })
    expect(questions.find('"r1"')).toBeUndefined()
    expect(await questions.canUseTool("Bash", {}, { requestId: "r1" })).toMatchObject({ behavior: "deny" })
  })

  it("are nothing else that is said", () => {
    const questions = makeQuestions()
    questions.observe({ type: "assistant" })
    questions.observe(asks("h1", { subtype: "hook_callback" }))
    questions.observe({ type: "control_request", request_id: 7 })
    expect(questions.find('"h1"')).toBeUndefined()
  })
})
