import { describe, expect, it } from "vitest"
import { afterStart, run, say, started, system, user } from "../../../test/support/claudeLines.js"

const begun = [user(1, "m", "go")]
const after = (lines: Parameters<typeof afterStart>[0]) => afterStart([...begun, ...lines]).slice(3)
const last = (line: Parameters<typeof afterStart>[0][number]) => run([...started(0), ...begun, line]).events.at(-1)

describe("what the session runs with", () => {
  const init = (at: number, more: object = {}) =>
    system(at, "init", { model: "m", cwd: "/w", permissionMode: "default", claude_code_version: "2.1.328", ...more })

  it("is reported once, and again when it changes", () => {
    expect(after([init(2), init(3), init(4, { model: "n" }), system(5, "status", { permissionMode: "plan" })])).toEqual(
      [
        [
          "session.configured",
          undefined,
          undefined,
          { model: "m", approvalPolicy: "default", providerVersion: "2.1.328" },
        ],
        ["session.configured", undefined, undefined, { model: "n" }],
        ["session.configured", undefined, undefined, { approvalPolicy: "plan" }],
      ],
    )
  })

  it("includes its tool servers", () => {
    const servers = [{ name: "a", status: "failed" }]
    const reported = after([
      init(2, { mcp_servers: servers }),
      init(3, { mcp_servers: servers }),
      init(4, { mcp_servers: [] }),
    ])
    expect(reported.filter(([type]) => type === "mcp.status.updated")).toEqual([
      ["mcp.status.updated", undefined, undefined, { data: { servers } }],
    ])
  })
})

describe("trouble", () => {
  it("with the model that the agent deals with itself is an error that it retries", () => {
    const line = system(2, "api_retry", { attempt: 2, max_retries: 10, error_status: 529, error: "overloaded" })
    expect(after([line])).toEqual([
      [
        "runtime.error",
        "turn-1",
        undefined,
        {
          message: "The model did not answer (529 overloaded); the agent tries again, 2 of 10.",
          code: "overloaded",
          httpStatus: 529,
          willRetry: true,
        },
      ],
    ])
    expect(after([system(2, "api_retry", { error_status: null })])[0]?.[3]).toMatchObject({
      code: "unknown",
      willRetry: true,
    })
  })

  it.each([
    [
      system(2, "status", { status: null, compact_result: "failed", compact_error: "too long" }),
      "The conversation could not be shortened: too long",
    ],
    [system(2, "model_refusal_no_fallback", { content: "refused" }), "refused"],
    [system(2, "mirror_error", { error: "no space" }), "no space"],
    [system(2, "informational", { level: "warning", content: "careful" }), "careful"],
    [
      system(2, "session_writes_lost", {}),
      "The agent could not save the conversation: the disk is full. A resumed session may miss the end of it.",
    ],
  ])("that a person should know of is a warning", (line, message) => {
    expect(after([line])).toEqual([["runtime.warning", "turn-1", undefined, { message }]])
  })
})

describe("other news", () => {
  it("of another model that answers", () => {
    const line = system(2, "model_refusal_fallback", { original_model: "a", fallback_model: "b", content: "why" })
    expect(after([line])[0]).toEqual(["model.rerouted", "turn-1", undefined, { from: "a", to: "b", reason: "why" }])
  })

  it("of a conversation that was shortened", () => {
    const marked = after([system(2, "compact_boundary", { uuid: "b", compact_metadata: { trigger: "auto" } })])
    expect(marked.map(([type]) => type)).toEqual(["item.started", "item.completed", "compaction.installed"])
    expect(marked[1]).toMatchObject([
      "item.completed",
      "turn-1",
      "b",
      { kind: "compaction", data: { trigger: "auto" } },
    ])
  })

  it("of limits and of the account", () => {
    const limits = say(2, { type: "rate_limit_event", rate_limit_info: { status: "allowed" } })
    expect(after([limits])[0]).toEqual([
      "account.rate-limits.updated",
      undefined,
      undefined,
      { data: { status: "allowed" } },
    ])
    const account = say(2, { type: "auth_status", isAuthenticating: true, output: ["secret"] })
    expect(after([account])[0]).toEqual([
      "account.updated",
      undefined,
      undefined,
      { data: { isAuthenticating: true, error: null } },
    ])
  })

  it("that the agent's own command printed is a message", () => {
    expect(after([system(2, "local_command_output", { content: "text" })]).at(-1)).toMatchObject([
      "item.completed",
      "turn-1",
      "u-2",
      { kind: "agent_message", status: "completed", text: "text" },
    ])
  })
})

describe("what says nothing to the fold", () => {
  it.each([
    [say(2, { type: "keep_alive" }), "keep_alive"],
    [say(2, { type: "tool_progress", tool_use_id: "t" }), "tool_progress"],
    [system(2, "background_tasks_changed", { tasks: [] }), "system:background_tasks_changed"],
    [system(2, "informational", { level: "info", content: "x" }), "system:informational"],
    [system(2, "session_state_changed", { state: "idle" }), "system:session_state_changed"],
  ])("is kept as known", (line, method) => {
    expect(last(line)).toMatchObject({ type: "provider.unmapped", payload: { method, known: true }, raw: line.raw })
  })

  it.each([
    [say(2, { type: "brand_new", state: "odd" }), "brand_new:odd"],
    [system(2, "brand_new"), "system:brand_new"],
  ])("is kept as unknown where this version does not know it", (line, method) => {
    expect(last(line)).toMatchObject({ type: "provider.unmapped", payload: { method, known: false } })
  })
})
