import { describe, expect, it } from "vitest"
import {
  afterStart,
  answers,
  asks,
  call,
  imported,
  outline,
  recv,
  result,
  run,
  send,
  started,
  system,
  toolResult,
  user,
} from "../../../test/support/claudeLines.js"

const begun = [user(1, "m", "go")]
const after = (lines: Parameters<typeof afterStart>[0], how?: typeof imported) =>
  afterStart([...begun, ...lines], how).slice(how === undefined ? 3 : 5)

const bash = { command: "touch x" }
const rules = [{ type: "addRules", destination: "localSettings" }]
const sessionRules = [{ type: "setMode", destination: "session" }]
const asked = (more: object = {}) => asks(3, "r1", "Bash", bash, { tool_use_id: "t", ...more })
const cancelled = recv(4, { type: "control_cancel_request", request_id: "r1" })

describe("a question for permission", () => {
  it("opens a request of the call that waits for it", () => {
    const [event] = run([
      ...started(0),
      ...begun,
      call(2, "t", "Bash", bash),
      asked({ permission_suggestions: rules }),
    ]).events.slice(-1)
    expect(event).toMatchObject({
      type: "request.opened",
      native: { turnId: "turn-1", itemId: "t", requestId: '"r1"' },
      payload: {
        kind: "command_approval",
        nativeKind: "Bash",
        title: "touch x",
        decisions: ["accept", "acceptForSession", "acceptAlways", "decline", "cancel"],
        data: { tool_name: "Bash", input: bash, permission_suggestions: rules },
      },
    })
  })

  it.each([
    ["Bash", bash, "command_approval", "touch x"],
    ["Edit", { file_path: "/a" }, "file_change_approval", "/a"],
    ["mcp__a__b", {}, "permissions", "a.b"],
    ["WebFetch", { url: "u" }, "permissions", "WebFetch u"],
  ])("%s with %j is about %s", (name, input, kind, title) => {
    expect(after([asks(2, "r", name, input)])[0]).toMatchObject([
      "request.opened",
      "turn-1",
      undefined,
      { kind, title },
    ])
  })

  it.each([[{}], [{ permission_suggestions: rules, suppress_always_allow_rule: true }]])(
    "with %j offers no rule to take on",
    (more) => {
      expect(after([asked(more)])[0]?.[3]).toMatchObject({ decisions: ["accept", "decline", "cancel"] })
    },
  )

  it("that suggests rules for the session alone offers to take them on for it", () => {
    expect(after([asked({ permission_suggestions: sessionRules })])[0]?.[3]).toMatchObject({
      decisions: ["accept", "acceptForSession", "decline", "cancel"],
    })
  })

  it("of a tool that asks the user is a question to the user", () => {
    const input = { questions: [{ question: "Which?" }] }
    expect(after([asks(2, "r", "AskUserQuestion", input)])[0]).toMatchObject([
      "user-input.requested",
      "turn-1",
      undefined,
      { kind: "user_input", title: "Which?", decisions: ["answer", "decline", "cancel"], data: { input } },
    ])
    const withdrawn = recv(3, { type: "control_cancel_request", request_id: "r" })
    expect(after([asks(2, "r", "AskUserQuestion", input), withdrawn])[1]?.[0]).toBe("user-input.resolved")
  })

  it("is over when the agent gives it up", () => {
    expect(after([asked(), cancelled]).slice(1)).toEqual([
      ["request.resolved", "turn-1", undefined, { decision: null }],
    ])
    expect(run([...started(0), ...begun, asked(), cancelled, cancelled]).fates.at(-1)).toBe("kept")
  })

  it("is over when its call has a result", () => {
    const lines = [
      call(2, "t", "Bash", bash),
      asked(),
      answers(4, "r1", { behavior: "allow" }),
      toolResult(5, "t", "ok"),
    ]
    expect(outline([...begun, ...lines]).slice(-3)).toEqual([
      "request.opened turn-1 t",
      "item.completed turn-1 t",
      "request.resolved turn-1 t",
    ])
    expect(outline([...begun, ...lines, toolResult(6, "t", "again")]).at(-1)).toBe("request.resolved turn-1 t")
  })

  it("that was refused declines the call, whatever the agent makes of it", () => {
    const refused = toolResult(
      5,
      "t",
      "stop",
      { tool_result_meta: [{ id: "t", non_execution_kind: "user-rejected" }] },
      { is_error: true },
    )
    const lines = [call(2, "t", "Bash", bash), asked(), answers(4, "r1", { behavior: "deny", message: "no" }), refused]
    expect(after(lines).find(([type]) => type === "item.completed")?.[3]).toMatchObject({ status: "declined" })
  })
})

describe("an answer", () => {
  const decisions = (response: object) =>
    after([asked(), answers(4, "r1", response)], imported).find(([type]) => type === "request.answered")?.[3]

  it.each([
    [{ behavior: "allow", updatedInput: {} }, "accept", { updatedInput: {} }],
    [{ behavior: "allow", updatedPermissions: rules }, "acceptAlways", { updatedPermissions: rules }],
    [{ behavior: "allow", updatedPermissions: sessionRules }, "acceptForSession", { updatedPermissions: sessionRules }],
    [{ behavior: "deny", message: "no" }, "decline", { message: "no" }],
    [{ behavior: "deny", interrupt: true }, "cancel", undefined],
    [{ something: "new" }, "answered", { something: "new" }],
  ])("%j is %s in a recording", (response, decision, data) => {
    expect(decisions(response)).toEqual({ decision, by: "client", ...(data === undefined ? {} : { data }) })
  })

  it("to the user's question is an answer in a recording", () => {
    const lines = [asks(2, "q", "AskUserQuestion", {}), answers(3, "q", { behavior: "allow" })]
    expect(after(lines, imported).at(-1)?.[3]).toMatchObject({ decision: "answer" })
  })

  it("that is an error is reported as one", () => {
    const error = send(4, { type: "control_response", response: { subtype: "error", request_id: "r1", error: "x" } })
    expect(after([asked(), error], imported).at(-1)?.[3]).toMatchObject({ decision: "error" })
  })

  it("of ours is kept, because it was reported already", () => {
    const { events, fates } = run([...started(0), ...begun, asked(), answers(4, "r1", { behavior: "allow" })])
    expect(fates.at(-1)).toBe("kept")
    expect(events.at(-1)).toMatchObject({
      channel: "client",
      native: { requestId: '"r1"' },
      payload: { method: "control_response:can_use_tool", known: true },
    })
  })

  it("to nothing is kept", () => {
    expect(run([...started(0), answers(4, "r9", { behavior: "allow" })], imported).fates.at(-1)).toBe("kept")
  })
})

describe("a form of a tool server", () => {
  const form = recv(2, {
    type: "control_request",
    request_id: "e1",
    request: { subtype: "elicitation", mcp_server_name: "s", message: "Your name?", requested_schema: {} },
  })

  it("is a request, and over with its answer", () => {
    expect(after([form])[0]).toMatchObject([
      "request.opened",
      "turn-1",
      undefined,
      { kind: "elicitation", title: "Your name?", decisions: ["accept", "decline", "cancel"] },
    ])
    const answer = answers(3, "e1", { action: "accept", content: { name: "n" } })
    expect(after([form, answer], imported).at(-1)?.[3]).toMatchObject({ decision: "accept" })
    const withdrawn = recv(4, { type: "control_cancel_request", request_id: "e1" })
    expect(run([...started(0), ...begun, form, answer, withdrawn]).fates.at(-1)).toBe("kept")
  })
})

describe("a question of a subagent", () => {
  const task = (is_backgrounded: boolean) =>
    system(3, "task_started", { task_id: "a1", tool_use_id: "t", description: "d", is_backgrounded })
  const question = asks(4, "r1", "Bash", bash, { tool_use_id: "its own", agent_id: "a1" })

  it("belongs to the call that started it", () => {
    expect(
      after([call(2, "t", "Task", {}), task(false), question])
        .at(-1)
        ?.slice(0, 3),
    ).toEqual(["request.opened", "turn-1", "t"])
  })

  it("outlives the turn, where the subagent does", () => {
    const lines = [
      call(2, "t", "Task", {}),
      task(true),
      question,
      result(5),
      toolResult(6, "its own", "ok", { parent_tool_use_id: "t" }),
    ]
    const reported = after(lines)
    expect(reported.find(([type]) => type === "request.opened")?.slice(1, 3)).toEqual([undefined, undefined])
    expect(reported.at(-1)?.[0]).toBe("request.resolved")
  })
})

describe("what no user is asked", () => {
  it.each([
    ["hook_callback", true],
    ["something_new", false],
  ])("%s is kept", (subtype, known) => {
    const line = recv(2, { type: "control_request", request_id: "x", request: { subtype } })
    expect(run([...started(0), line]).events.at(-1)).toMatchObject({
      type: "provider.unmapped",
      payload: { method: `control_request:${subtype}`, known },
    })
  })

  it("and a question without its tool, are kept with the reason", () => {
    const line = recv(2, { type: "control_request", request_id: "x", request: { subtype: "can_use_tool", input: {} } })
    expect(run([...started(0), line]).events.at(-1)?.payload).toMatchObject({ problem: "tool_name: expected a text" })
  })
})
