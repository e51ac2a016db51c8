import { describe, expect, it } from "vitest"
import {
  afterStart,
  assistant,
  call,
  imported,
  lifecycle,
  member,
  messageStart,
  outline,
  result,
  run,
  say,
  send,
  started,
  system,
  toolResult,
  user,
} from "../../../test/support/claudeLines.js"

const ours = "0199bbbb-0000-7000-8000-000000000001"
const other = "0199bbbb-0000-7000-8000-000000000002"

const endOf = (more: object) => afterStart([user(1, ours, "go", ours), result(2, more)]).at(-1)?.[3]

describe("a turn", () => {
  it("begins with the message that asks for it, and says whose it is", () => {
    const { events } = run([...started(0), user(1, ours, "go", ours)])
    expect(events.slice(5).map(({ type }) => type)).toEqual([
      "turn.accepted",
      "turn.started",
      "item.started",
      "item.completed",
    ])
    const accepted = run([...started(0), user(1, ours, "go", ours)]).emitted[5]?.event
    expect(accepted).toMatchObject({ turnId: ours, native: { turnId: "turn-1", callId: JSON.stringify(ours) } })
  })

  it("shows what the user said as its first item", () => {
    expect(afterStart([user(1, ours, "do it", ours)]).at(-1)).toEqual([
      "item.completed",
      "turn-1",
      ours,
      { kind: "user_message", nativeKind: "user", status: "completed", text: "do it" },
    ])
  })

  it("keeps parts of a message that are no text", () => {
    const image = { type: "image", source: { type: "url", url: "x" } }
    const message = { role: "user", content: [{ type: "text", text: "a" }, image, { type: "text", text: "b" }] }
    const [, , , payload] = afterStart([send(1, { type: "user", uuid: ours, message }, ours)]).at(-1) ?? []
    expect(payload).toMatchObject({ text: "a\n\nb", data: { content: [image] } })
  })

  it("ends with the agent's result", () => {
    expect(endOf({ duration_ms: 12 })).toEqual({ outcome: "completed", durationMs: 12 })
  })

  it.each([
    [{ terminal_reason: "aborted_streaming", is_error: true, subtype: "error_during_execution" }, "interrupted"],
    [{ terminal_reason: "aborted_tools" }, "interrupted"],
    [{ is_error: true, terminal_reason: "api_error" }, "failed"],
    [{ is_error: true, subtype: "error_max_turns", terminal_reason: "max_turns" }, "failed"],
    [{ terminal_reason: "stop_hook_prevented" }, "completed"],
    [{ terminal_reason: undefined }, "completed"],
  ])("a result with %j is %s", (more, outcome) => {
    expect(endOf(more)).toMatchObject({ outcome })
  })

  it("says why it failed, in the provider's words", () => {
    const api = { is_error: true, result: "API Error: 500 boom", api_error_status: 500, api_error_type: "api_error" }
    expect(endOf(api)).toMatchObject({ error: { message: "API Error: 500 boom", code: "api_error", httpStatus: 500 } })
    const most = { is_error: true, subtype: "error_max_turns", errors: ["one", "two"] }
    expect(endOf(most)).toMatchObject({ error: { message: "one\ntwo", code: "error_max_turns" } })
    expect(endOf({ is_error: true, terminal_reason: "model_error" })).toMatchObject({
      error: { message: "The agent gave up (model_error).", code: "model_error" },
    })
  })

  it("is interrupted where an older agent says it by a note to its model", () => {
    const note = say(2, {
      type: "user",
      message: { content: [{ type: "text", text: "[Request interrupted by user]" }] },
    })
    const failed = { is_error: true, subtype: "error_during_execution", terminal_reason: undefined }
    const end = (lines: readonly ReturnType<typeof say>[]) => afterStart(lines).at(-1)?.[3]
    expect(end([user(1, ours, "go", ours), note, result(3, failed)])).toMatchObject({ outcome: "interrupted" })
    const next = [user(4, other, "go", other), result(5, failed)]
    expect(end([user(1, ours, "go", ours), note, result(3, failed), ...next])).toMatchObject({ outcome: "failed" })
  })

  it("counts what all models used since the last result, cached input within the input", () => {
    const counts = { inputTokens: 10, outputTokens: 4, cacheReadInputTokens: 3, cacheCreationInputTokens: 2 }
    const usage = { inputTokens: 30, cachedInputTokens: 6, outputTokens: 8, reasoningTokens: 1, totalTokens: 38 }
    const models = { a: counts, b: { ...counts, thinkingTokens: 1 } }
    expect(endOf({ model_usage_since_last_result: models, usage: { input_tokens: 0 } })).toMatchObject({ usage })
  })

  it("without that, counts what the running totals of all models grew by, subagents included", () => {
    const of = (inputTokens: number, outputTokens: number) => ({ inputTokens, outputTokens })
    const used = (...results: readonly object[]) =>
      afterStart(results.flatMap((more, at) => [user(2 * at + 1, `u${at}`, "go", `u${at}`), result(2 * at + 2, more)]))
        .filter(([type]) => type === "turn.completed")
        .map(([, , , payload]) => member(member(payload, "usage"), "totalTokens") ?? null)
    const main = { usage: { input_tokens: 100, output_tokens: 30 } }
    const first = { ...main, modelUsage: { a: of(200, 60) } }
    expect(used(first, { ...main, modelUsage: { a: of(300, 90), b: of(50, 5) } })).toEqual([260, 185])
    // An interrupted turn has no main loop; one that asked nothing counts nothing.
    expect(used(first, { usage: {}, modelUsage: { a: of(210, 60) } }, { modelUsage: { a: of(210, 60) } })).toEqual([
      260,
      10,
      null,
    ])
    // A conversation that is cleared, or a process that begins anew, counts from 0 again.
    expect(used(first, { modelUsage: {} }, { ...main, modelUsage: { a: of(100, 30) } })).toEqual([260, null, 130])
    expect(used(first, { ...main, modelUsage: { a: of(200, 60) } })).toEqual([260, 260])
    // Zeros of a crash are no new total.
    const crash = { is_error: true, modelUsage: { a: of(0, 0) } }
    expect(used(first, crash, { ...main, modelUsage: { a: of(300, 90) } })).toEqual([260, null, 130])
    // Both fields on one wire: what one turn reported is not reported again by the next.
    const newest = { modelUsage: { a: of(200, 60) }, model_usage_since_last_result: { a: of(200, 60) } }
    expect(used(newest, { ...main, modelUsage: { a: of(300, 90) } })).toEqual([260, 130])
  })

  it("of a conversation that is taken up again, and whose total is not known, counts the main loop once", () => {
    const turn = (at: number, key: string, tokens: number) => [
      user(at, key, "go", key),
      result(at + 1, {
        usage: { input_tokens: 10 },
        modelUsage: { a: { inputTokens: tokens, outputTokens: 0 } },
      }),
    ]
    const ends = run([...started(0, { resumed: true }), ...turn(1, "u1", 510), ...turn(3, "u2", 540)])
      .events.filter(({ type }) => type === "turn.completed")
      .map(({ payload }) => member(member(payload, "usage"), "totalTokens"))
    expect(ends).toEqual([10, 30])
  })

  it("counts the main loop where an older agent tells nothing else, and nothing where nothing is reported", () => {
    const usage = {
      input_tokens: 10,
      output_tokens: 4,
      cache_read_input_tokens: 3,
      output_tokens_details: { thinking_tokens: 2 },
    }
    expect(endOf({ usage })).toMatchObject({
      usage: { inputTokens: 13, cachedInputTokens: 3, outputTokens: 4, reasoningTokens: 2, totalTokens: 17 },
    })
    expect(endOf({})).not.toHaveProperty("usage")
    expect(endOf({ model_usage_since_last_result: {} })).not.toHaveProperty("usage")
  })

  it("tells the size of the model's context window", () => {
    const models = { m: { inputTokens: 1, outputTokens: 1, contextWindow: 1000 } }
    const lines = [user(1, ours, "go", ours), result(2, { modelUsage: models, model_usage_since_last_result: models })]
    expect(afterStart(lines).at(-2)).toMatchObject([
      "thread.token-usage.updated",
      "turn-1",
      undefined,
      { mode: "per-turn", contextWindow: 1000, total: { totalTokens: 2 } },
    ])
  })
})

describe("a message that comes while a turn runs", () => {
  const running = [user(1, ours, "go", ours), lifecycle(1, ours, "queued"), lifecycle(1, ours, "started")]

  it("goes into it where the agent takes it before the end", () => {
    const lines = [
      ...running,
      user(2, other, "and this", other),
      lifecycle(3, other, "queued"),
      lifecycle(4, other, "started"),
    ]
    expect(outline(lines).slice(4)).toEqual([
      "turn.accepted turn-1",
      `item.started turn-1 ${other}`,
      `item.completed turn-1 ${other}`,
    ])
    expect(run([...started(0), ...lines]).emitted.at(-3)?.event.turnId).toBe(other)
  })

  it("begins a turn of its own where the agent takes it afterwards", () => {
    const lines = [...running, user(2, other, "and this", other), result(3), lifecycle(4, other, "started")]
    expect(outline(lines).slice(4)).toEqual([
      "turn.completed turn-1",
      "turn.accepted turn-2",
      "turn.started turn-2",
      `item.started turn-2 ${other}`,
      `item.completed turn-2 ${other}`,
    ])
  })

  it("that no requested turn waits for, and that comes too late, is a turn of the agent", () => {
    const lines = [...running, user(2, "s", "steer"), result(3), lifecycle(4, "s", "started"), result(5)]
    expect(outline(lines).slice(4)).toEqual([
      "turn.completed turn-1",
      "turn.started turn-2",
      "item.started turn-2 s",
      "item.completed turn-2 s",
      "turn.completed turn-2",
    ])
  })

  it("that the agent drops never begins", () => {
    const lines = [
      ...running,
      user(2, other, "x", other),
      lifecycle(3, other, "cancelled"),
      lifecycle(4, "unknown", "cancelled"),
    ]
    const { emitted } = run([...started(0), ...lines])
    const failed = emitted.find(({ event }) => event.type === "turn.start-failed")
    expect(failed).toMatchObject({
      actor: "client",
      event: { turnId: other, native: { callId: JSON.stringify(other) } },
    })
  })

  it("that the agent drops though nothing runs does not run for ever", () => {
    const lines = [user(1, ours, "go", ours), lifecycle(2, ours, "queued"), lifecycle(3, ours, "cancelled"), result(4)]
    expect(outline(lines).slice(4)).toEqual(["turn.aborted turn-1"])
  })

  it("is known to have gone into it by the result alone, too", () => {
    const lines = [
      user(1, ours, "go", ours),
      user(2, other, "x", other),
      result(3, { user_message_uuids: [ours, other] }),
    ]
    expect(outline(lines).slice(4)).toEqual([
      "turn.accepted turn-1",
      `item.started turn-1 ${other}`,
      `item.completed turn-1 ${other}`,
      "turn.completed turn-1",
    ])
  })

  it("waits for the agent's next work, where the agent does not tell what it takes", () => {
    const lines = [user(1, ours, "go", ours), user(2, other, "x", other), result(3), messageStart(4)]
    expect(outline(lines).slice(4)).toEqual([
      "turn.completed turn-1",
      "turn.accepted turn-2",
      "turn.started turn-2",
      `item.started turn-2 ${other}`,
      `item.completed turn-2 ${other}`,
    ])
  })
})

describe("a turn of the agent", () => {
  it.each([
    ["it calls its model", system(4, "status", { status: "requesting" })],
    ["its model begins to write", messageStart(4)],
    ["its model has written", assistant(4, [{ type: "text", text: "a" }])],
  ])("begins when %s, without a message", (_, line) => {
    const lines = [user(1, ours, "go", ours), lifecycle(1, ours, "started"), result(2), line, result(5)]
    expect(outline(lines)[5]).toBe("turn.started turn-2")
    expect(outline(lines).at(-1)).toBe("turn.completed turn-2")
  })

  it("does not begin with what is said about the session", () => {
    const lines = [system(1, "init", {}), system(2, "status", { status: "compacting" }), toolResult(3, "t", "late")]
    expect(outline(lines)).toEqual([])
  })

  it("keeps a turn that was asked for in the same moment from ending with it", () => {
    const lines = [
      user(1, ours, "go", ours),
      system(2, "status", { status: "requesting" }),
      lifecycle(3, ours, "queued"),
      result(4, { user_message_uuids: ["agent's own"] }),
      lifecycle(5, ours, "started"),
      call(6, "t", "Bash", { command: "ls" }),
      result(7, { user_message_uuids: [ours] }),
    ]
    expect(outline(lines).slice(4)).toEqual(["item.started turn-1 t", "turn.completed turn-1"])
  })
})

describe("in a recording", () => {
  it("what the client asks is reported, too", () => {
    const [first, second] = [user(1, "a", "first"), user(2, "b", "second")]
    const lines = [first, second, lifecycle(3, "a", "started"), lifecycle(3, "b", "started"), result(4)]
    const { events } = run([...started(0), ...lines], imported)
    expect(events.slice(5).map(({ channel, type }) => `${channel} ${type}`)).toEqual([
      "client turn.requested",
      "agent turn.accepted",
      "agent turn.started",
      "agent item.started",
      "agent item.completed",
      "client turn.requested",
      "agent provider.unmapped",
      "agent turn.accepted",
      "agent item.started",
      "agent item.completed",
      "agent turn.completed",
    ])
    expect(events[5]).toMatchObject({
      native: { callId: '"a"' },
      payload: { text: "first", origin: "import", handedOver: true },
    })
  })

  it("messages without ids are distinguished", () => {
    const message = { role: "user", content: "plain words" }
    const { events } = run(
      [...started(0), send(1, { type: "user", message }), result(2), send(3, { type: "user", message })],
      imported,
    )
    const asked = events.filter(({ type }) => type === "turn.requested")
    expect(asked.map(({ native, payload }) => [native, payload])).toMatchObject([
      [{ callId: '"message-1"' }, { text: "plain words" }],
      [{ callId: '"message-2"' }, { text: "plain words" }],
    ])
  })

  it("a request to stop is reported, and ends nothing by itself", () => {
    const stop = send(2, { type: "control_request", request_id: "r", request: { subtype: "interrupt" } })
    expect(afterStart([user(1, "a"), stop], imported).at(-1)).toEqual([
      "turn.interrupt-requested",
      "turn-1",
      undefined,
      {},
    ])
    expect(outline([user(1, "a"), stop])).not.toContain("turn.interrupt-requested turn-1")
  })
})
