/** Prompts as turns: the translator opens them at the send and ends them with the answer. */
import { describe, expect, it } from "vitest"
import {
  afterStart,
  answer,
  cancel,
  chunk,
  imported,
  prompt,
  refusal,
  run,
  S,
  send,
  started,
  update,
} from "../../../test/support/acpWire.js"

const outcomes = (lines: Parameters<typeof afterStart>[0], how?: Parameters<typeof afterStart>[1]) =>
  afterStart(lines, how)
    .filter(([type]) => type === "turn.completed" || type === "turn.start-failed")
    .map(([, turn, , payload]) => [turn, payload])

describe("a turn", () => {
  it("is accepted and begins when its prompt is delivered, with our id and a native id of its own", () => {
    const { events, emitted } = run([...started(0), prompt(1, 5, "go", "our-turn")])
    const turn = emitted.slice(-4).map(({ event }) => [event.type, event.native, event.turnId, event.channel])
    const message = { threadId: S, turnId: "turn-1", itemId: "prompt-1" }
    expect(turn).toEqual([
      ["turn.accepted", { threadId: S, turnId: "turn-1", callId: "5" }, "our-turn", "agent"],
      ["turn.started", { threadId: S, turnId: "turn-1" }, undefined, "agent"],
      ["item.started", message, undefined, "agent"],
      ["item.completed", message, undefined, "agent"],
    ])
    expect(events.some(({ type }) => type === "turn.requested")).toBe(false)
  })

  it("was asked for, too, where the client's words are evidence", () => {
    const image = { type: "image", data: "AA", mimeType: "image/png" }
    const parts = [{ type: "text", text: "look" }, image, { type: "text", text: "here" }]
    const asked = send(1, { id: "a", method: "session/prompt", params: { sessionId: S, prompt: parts } })
    expect(afterStart([asked], imported)).toEqual([
      [
        "turn.requested",
        undefined,
        undefined,
        { text: "look\n\nhere", input: parts, origin: "import", handedOver: true },
      ],
      ["turn.accepted", "turn-1", undefined, {}],
      ["turn.started", "turn-1", undefined, {}],
      [
        "item.started",
        "turn-1",
        "prompt-1",
        { kind: "user_message", nativeKind: "prompt", data: { content: [image] } },
      ],
      [
        "item.completed",
        "turn-1",
        "prompt-1",
        {
          kind: "user_message",
          nativeKind: "prompt",
          data: { content: [image] },
          status: "completed",
          text: "look\n\nhere",
        },
      ],
    ])
  })

  it.each([
    ["end_turn", { outcome: "completed" }],
    ["cancelled", { outcome: "interrupted" }],
    ["refusal", { outcome: "failed", error: { code: "refusal", message: "The agent refused to go on." } }],
    ["max_tokens", { outcome: "failed" }],
    ["max_turn_requests", { outcome: "failed" }],
    [
      "tired",
      { outcome: "unknown", error: { code: "tired", message: "The agent stopped for a reason unknown here: tired." } },
    ],
  ])("ends with the answer, as its reason %s says", (stopReason, expected) => {
    const [ended] = outcomes([prompt(1, 5), answer(2, 5, { stopReason })])
    expect(ended).toMatchObject(["turn-1", expected])
  })

  it("fails with the agent's words, the useful ones in its data", () => {
    const error = { code: -32603, message: "Internal error", data: { details: "the model is gone" } }
    expect(outcomes([prompt(1, 5), refusal(2, 5, error)])).toEqual([
      [
        "turn-1",
        { outcome: "failed", error: { message: "Internal error", code: "-32603", details: "the model is gone" } },
      ],
    ])
  })

  it("that was asked to stop is interrupted, though the agent lets the abort through as an error", () => {
    const error = { code: -32603, message: "aborted" }
    expect(outcomes([prompt(1, 5), cancel(2), refusal(3, 5, error)])).toEqual([
      ["turn-1", { outcome: "interrupted", error: { message: "aborted", code: "-32603" } }],
    ])
  })

  it("that was asked to stop and ended by itself is complete", () => {
    expect(outcomes([prompt(1, 5), cancel(2), answer(3, 5)])).toEqual([["turn-1", { outcome: "completed" }]])
  })

  it("counts again in the next session", () => {
    const lines = [prompt(1, 5), answer(2, 5), prompt(3, 6), answer(4, 6)]
    expect(outcomes(lines).map(([turn]) => turn)).toEqual(["turn-1", "turn-2"])
  })

  it("ends once: a second answer of the same call is kept", () => {
    const { fates, events } = run([...started(0), prompt(1, 5), answer(2, 5), answer(3, 5)])
    expect(fates.at(-1)).toBe("kept")
    expect(events.at(-1)?.payload).toMatchObject({ problem: "answers no call that was seen" })
  })
})

describe("a prompt that is delivered while another one runs", () => {
  const two = [prompt(1, 5, "one", "A"), prompt(2, 6, "two", "B")]

  it("begins when that one ends, and what is said belongs to it from then on", () => {
    expect(
      afterStart([...two, chunk(3, "a"), answer(4, 5), chunk(5, "b"), answer(6, 6)]).map(([type, turn, item]) => [
        type,
        turn,
        item,
      ]),
    ).toEqual([
      ["turn.accepted", "turn-1", undefined],
      ["turn.started", "turn-1", undefined],
      ["item.started", "turn-1", "prompt-1"],
      ["item.completed", "turn-1", "prompt-1"],
      ["turn.accepted", "turn-2", undefined],
      ["item.started", "turn-1", "message-1"],
      ["content.delta", "turn-1", "message-1"],
      ["item.completed", "turn-1", "message-1"],
      ["turn.completed", "turn-1", undefined],
      ["turn.started", "turn-2", undefined],
      ["item.started", "turn-2", "prompt-2"],
      ["item.completed", "turn-2", "prompt-2"],
      ["item.started", "turn-2", "message-2"],
      ["content.delta", "turn-2", "message-2"],
      ["item.completed", "turn-2", "message-2"],
      ["turn.completed", "turn-2", undefined],
    ])
  })

  it("may end before it began", () => {
    expect(
      outcomes([
        ...two,
        cancel(3),
        answer(4, 6, { stopReason: "cancelled" }),
        answer(5, 5, { stopReason: "cancelled" }),
      ]),
    ).toEqual([
      ["turn-2", { outcome: "interrupted" }],
      ["turn-1", { outcome: "interrupted" }],
    ])
  })

  it("is stopped with the one that runs, even if the agent says so by an error", () => {
    const error = { code: -32603, message: "aborted" }
    expect(outcomes([...two, cancel(3), refusal(4, 6, error)])).toMatchObject([["turn-2", { outcome: "interrupted" }]])
  })

  it("never starts when it is refused", () => {
    const { emitted } = run([...started(0), ...two, refusal(3, 6, { code: -32600, message: "busy" }), answer(4, 5)])
    const failed = emitted.find(({ event }) => event.type === "turn.start-failed")
    expect(failed).toMatchObject({
      actor: "client",
      event: { turnId: "B", native: { turnId: "turn-2", callId: "6" }, payload: { error: { message: "busy" } } },
    })
    expect(emitted.at(-1)?.event).toMatchObject({ type: "turn.completed", native: { turnId: "turn-1" } })
  })
})

describe("usage", () => {
  const used = (usage: object) => outcomes([prompt(1, 5), answer(2, 5, { stopReason: "end_turn", usage })])[0]?.[1]

  it("counts what was cached and thought within input and output, wherever the agent counts it", () => {
    const counts = { inputTokens: 100, outputTokens: 10, cachedReadTokens: 20, cachedWriteTokens: 5, thoughtTokens: 3 }
    expect(used({ ...counts, totalTokens: 138 })).toMatchObject({
      usage: { inputTokens: 125, cachedInputTokens: 20, outputTokens: 13, reasoningTokens: 3, totalTokens: 138 },
    })
    expect(used({ ...counts, totalTokens: 110 })).toMatchObject({
      usage: { inputTokens: 100, cachedInputTokens: 20, outputTokens: 10, reasoningTokens: 3, totalTokens: 110 },
    })
  })

  it("that was not reported is not 0", () => {
    expect(used({ outputTokens: 0 })).toEqual({ outcome: "completed", usage: { outputTokens: 0 } })
    expect(used({})).toEqual({ outcome: "completed", usage: {} })
  })

  it("of the context tells the size of the window, once", () => {
    const usage = (at: number, size: number) => update(at, { sessionUpdate: "usage_update", used: at, size })
    const lines = [prompt(1, 5), usage(2, 1000), usage(3, 1000), usage(4, 2000)]
    expect(afterStart(lines).slice(4)).toEqual([
      ["thread.token-usage.updated", "turn-1", undefined, { mode: "per-turn", total: {}, contextWindow: 1000 }],
      ["thread.token-usage.updated", "turn-1", undefined, { mode: "per-turn", total: {}, contextWindow: 2000 }],
    ])
  })
})

describe("a plan", () => {
  const plan = (at: number, entries: unknown) => update(at, { sessionUpdate: "plan", entries })

  it("is reported whole, with our words for how far a step is", () => {
    const entries = [
      { content: "look", priority: "high", status: "completed" },
      { content: "write", priority: "low", status: "in_progress" },
      { content: "test", priority: "low", status: "pending" },
    ]
    expect(afterStart([prompt(1, 5), plan(2, entries)]).at(-1)).toEqual([
      "turn.plan.updated",
      "turn-1",
      undefined,
      {
        steps: [
          { step: "look", status: "completed" },
          { step: "write", status: "inProgress" },
          { step: "test", status: "pending" },
        ],
      },
    ])
  })

  it("that is none is kept, with the reason", () => {
    const { events, fates } = run([...started(0), plan(1, [{ content: 1 }]), plan(2, "x")])
    expect(fates.slice(-2)).toEqual(["kept", "kept"])
    expect(events.slice(-2).map(({ payload }) => payload)).toEqual([
      { method: "session/update:plan", known: true, problem: "status: expected a string" },
      { method: "session/update:plan", known: true, problem: "entries: expected an array" },
    ])
  })
})

describe("what else an agent tells", () => {
  const said = (sessionUpdate: string, more: object) => afterStart([update(1, { sessionUpdate, ...more })])

  it("is the title of the session", () => {
    expect(said("session_info_update", { title: "T" })).toEqual([
      ["thread.metadata.updated", undefined, undefined, { title: "T" }],
    ])
    expect(said("session_info_update", { title: null })).toEqual([
      ["thread.metadata.updated", undefined, undefined, { title: null }],
    ])
    expect(said("session_info_update", { updatedAt: "now" })).toEqual([])
  })

  it("is a notice that is worth one, and a compaction that is done", () => {
    expect(said("notice", { severity: "warning", title: "slow", description: "d" })).toEqual([
      ["runtime.warning", undefined, undefined, { message: "slow", details: "d" }],
    ])
    expect(said("notice", { severity: "info", title: "slow" })).toEqual([])
    const summary = [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ]
    expect(said("compaction_update", { compactionId: "c", status: "completed", summary })).toEqual([
      ["compaction.installed", undefined, undefined, { summary: "a\nb" }],
    ])
    expect(said("compaction_update", { compactionId: "c", status: "in_progress" })).toEqual([])
  })

  it("and this version does not know is kept as unknown, in its session", () => {
    const { events } = run([...started(0), update(1, { sessionUpdate: "dance", steps: 3 })])
    expect(events.at(-1)).toMatchObject({
      scope: `${S}1`,
      type: "provider.unmapped",
      payload: { method: "session/update:dance", known: false },
    })
  })
})
