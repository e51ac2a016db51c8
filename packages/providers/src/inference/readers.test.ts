import { describe, expect, it } from "vitest"
import { chatReader } from "./ChatReader.js"
import { messagesReader } from "./MessagesReader.js"
import { modelIn, protocolOf } from "./modelCall.js"
import { responsesReader } from "./ResponsesReader.js"
import { maxItemBytes, type ProtocolReader, type Signal } from "./Signal.js"

const heard = (reader: ProtocolReader, frames: readonly (readonly [string, unknown])[]): readonly Signal[] =>
  frames.flatMap(([event, data]) =>
    reader.frame({ event, data: typeof data === "string" ? data : JSON.stringify(data) }),
  )
const typed = (frames: readonly { readonly type: string }[]) => frames.map((frame) => [frame.type, frame] as const)
const items = (signals: readonly Signal[]) => signals.flatMap((signal) => (signal.type === "item" ? [signal.item] : []))
const last = (signals: readonly Signal[]) => signals.at(-1)
const evidence = (signals: readonly Signal[]) =>
  Object.assign({}, ...signals.map((signal) => (signal.type === "evidence" ? JSON.parse(JSON.stringify(signal)) : {})))

describe("answers of the Responses API", () => {
  const message = { type: "message", id: "msg_1", content: [{ type: "output_text", text: "hi" }] }
  const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "ls", arguments: "{}" }

  it("gives the items, a call by its call id, and the usage", () => {
    const signals = heard(
      responsesReader(),
      typed([
        { type: "response.created", response: { id: "resp_1", model: "m" } },
        { type: "response.output_text.delta", delta: "h" },
        { type: "response.output_item.done", output_index: 0, item: message },
        { type: "response.output_item.done", output_index: 1, item: call },
        {
          type: "response.completed",
          response: {
            id: "resp_1",
            output: [message, call],
            usage: { input_tokens: 3, input_tokens_details: { cached_tokens: 1 }, output_tokens: 2, total_tokens: 5 },
          },
        },
      ] as never),
    )
    expect(items(signals).slice(0, 2)).toEqual([
      { id: "msg_1", index: 0, item: message },
      { id: "call_1", index: 1, item: call },
    ])
    // Those of the whole response have the same ids and places, so that the attempt knows them.
    expect(items(signals).slice(2)).toEqual(items(signals).slice(0, 2))
    expect(evidence(signals)).toMatchObject({ responseId: "resp_1", usage: { inputTokens: 3, cachedInputTokens: 1 } })
    expect(last(signals)).toEqual({ type: "terminal", outcome: "completed" })
  })

  it.each([
    [{ type: "response.failed", response: { error: { code: "server_error", message: "no" } } }, "server_error: no"],
    [{ type: "response.incomplete", response: { incomplete_details: { reason: "max" } } }, "incomplete: max"],
    [{ type: "response.cancelled", response: {} }, "response.cancelled"],
    [{ type: "error", code: "rate", message: "slow down" }, "rate: slow down"],
    [{ type: "error", error: { type: "invalid", message: "bad" } }, "invalid: bad"],
  ])("%j ends it failed", (frame, error) => {
    expect(last(heard(responsesReader(), typed([frame])))).toEqual({ type: "terminal", outcome: "failed", error })
  })

  it("reads what names its type in the data alone, and a body that was not streamed", () => {
    const done = { type: "response.output_item.done", output_index: 0, item: message }
    expect(items(heard(responsesReader(), [["", done]]))).toHaveLength(1)
    const signals = responsesReader().body({ id: "r", status: "completed", output: [message] }, 100)
    expect(items(signals)).toEqual([{ id: "msg_1", index: 0, item: message }])
    expect(last(signals)).toEqual({ type: "terminal", outcome: "completed" })
    expect(last(responsesReader().body({ error: { message: "no" } }, 10))).toMatchObject({
      outcome: "failed",
      error: "no",
    })
  })

  it("keeps of an item that is too long its beginning, size and digest", () => {
    const long = { type: "image", id: "ig_1", result: "x".repeat(maxItemBytes) }
    const [kept] = items(heard(responsesReader(), typed([{ type: "response.output_item.done", item: long } as never])))
    expect(kept).toMatchObject({
      id: "ig_1",
      item: { type: "image" },
      truncated: { bytes: JSON.stringify(long).length },
    })
    expect(JSON.stringify(kept).length).toBeLessThan(10_000)
  })

  it("ends with a frame of which only the beginning is known", () => {
    const data = '{"type":"response.completed","response":{"id":"r","outp'
    const truncated = { bytes: 9_999_999, sha256: "0" }
    expect(responsesReader().frame({ event: "response.completed", data, truncated })).toEqual([
      { type: "terminal", outcome: "completed" },
    ])
    expect(items(responsesReader().frame({ event: "response.output_item.done", data, truncated }))).toMatchObject([
      { index: 0, truncated },
    ])
  })
})

describe("answers of the Messages API", () => {
  const block = (index: number, start: object, ...deltas: readonly object[]) => [
    { type: "content_block_start", index, content_block: start },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ]

  it("puts blocks together from their deltas", () => {
    const signals = heard(
      messagesReader(),
      typed([
        {
          type: "message_start",
          message: {
            id: "msg_1",
            model: "m",
            usage: { input_tokens: 5, cache_read_input_tokens: 2, output_tokens: 1 },
          },
        } as never,
        ...(block(
          0,
          { type: "thinking", thinking: "", signature: "" },
          { type: "thinking_delta", thinking: "h" },
          { type: "thinking_delta", thinking: "m" },
          { type: "signature_delta", signature: "s" },
        ) as never[]),
        ...(block(
          1,
          { type: "tool_use", id: "toolu_1", name: "Bash", input: {} },
          { type: "input_json_delta", partial_json: '{"a":' },
          { type: "input_json_delta", partial_json: "1}" },
        ) as never[]),
        { type: "message_delta", usage: { output_tokens: 9 } } as never,
        { type: "message_stop" },
      ]),
    )
    expect(items(signals)).toEqual([
      { id: undefined, index: 0, item: { type: "thinking", thinking: "hm", signature: "s" } },
      { id: "toolu_1", index: 1, item: { type: "tool_use", id: "toolu_1", name: "Bash", input: { a: 1 } } },
    ])
    expect(evidence(signals).usage).toEqual({ inputTokens: 7, cachedInputTokens: 2, outputTokens: 9 })
    expect(last(signals)).toEqual({ type: "terminal", outcome: "completed" })
  })

  it("keeps of a block that is too long its beginning, size and digest", () => {
    const pieces = Array.from({ length: 20 }, () => ({ type: "text_delta", text: "x".repeat(maxItemBytes / 16) }))
    const [kept] = items(heard(messagesReader(), typed(block(0, { type: "text", text: "" }, ...pieces) as never[])))
    expect(kept?.truncated?.bytes).toBe((20 * maxItemBytes) / 16)
    expect(JSON.stringify(kept).length).toBeLessThan(10_000)
  })

  it("fails with an error event; reads a body that was not streamed", () => {
    expect(
      last(
        heard(messagesReader(), [["error", { type: "error", error: { type: "overloaded_error", message: "later" } }]]),
      ),
    ).toEqual({ type: "terminal", outcome: "failed", error: "overloaded_error: later" })
    const body = {
      id: "m",
      model: "m",
      content: [{ type: "text", text: "t" }],
      usage: { input_tokens: 1, output_tokens: 1 },
    }
    expect(items(messagesReader().body(body, 50))).toEqual([
      { id: undefined, index: 0, item: { type: "text", text: "t" } },
    ])
  })
})

describe("answers of Chat Completions", () => {
  const chunk = (delta: object, finish: string | null = null, more: object = {}) =>
    ["", { id: "c", model: "m", choices: [{ index: 0, delta, finish_reason: finish }], ...more }] as const

  it("gives the message and each call when the choice ends", () => {
    const reader = chatReader()
    const signals = heard(reader, [
      chunk({ role: "assistant", content: "he" }),
      chunk({ content: "y" }),
      chunk({ tool_calls: [{ index: 0, id: "call_1", function: { name: "ls", arguments: "{" } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: "}" } }] }, "tool_calls"),
      ["", { choices: [], usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 } }],
      ["", "[DONE]"],
    ])
    expect(items(signals)).toEqual([
      { index: 0, item: { type: "message", role: "assistant", content: "hey", finish_reason: "tool_calls" } },
      { id: "call_1", index: 1, item: { type: "function", id: "call_1", function: { name: "ls", arguments: "{}" } } },
    ])
    expect(evidence(signals).usage).toMatchObject({ inputTokens: 2, outputTokens: 3 })
    expect(last(signals)).toEqual({ type: "terminal", outcome: "completed" })
  })

  it("an end without `[DONE]` is an end only after every choice gave its reason", () => {
    const cut = chatReader()
    heard(cut, [chunk({ content: "x" })])
    expect(cut.end()).toEqual([])
    const whole = chatReader()
    heard(whole, [chunk({ content: "x" }, "stop")])
    expect(whole.end()).toEqual([{ type: "terminal", outcome: "completed" }])
  })
})

describe("calls of a model", () => {
  it.each([
    ["POST", "/v1/responses", "openai-responses"],
    ["POST", "/backend-api/codex/responses", "openai-responses"],
    ["POST", "/v1/responses/compact", "openai-responses"],
    ["POST", "/openai/deployments/x/chat/completions", "openai-chat"],
    ["POST", "/v1/messages", "anthropic-messages"],
    ["POST", "/v1/messages/count_tokens", undefined],
    ["GET", "/v1/responses", undefined],
    ["GET", "/v1/models", undefined],
  ])("%s %s: %s", (method, path, name) => {
    expect(protocolOf(method, path)?.name).toBe(name)
  })

  it.each([
    ['{"model":"m"}', "m"],
    ['{"input":[{"model":"inner"}],"model": "outer"}', "outer"],
    ['{"a":"\\"model\\":","model":"m\\u0041"}', "mA"],
    ['{"a":["model","x"],"b":"model"}', null],
    ['{"model":null}', null],
    ['{"model":"cut', null],
    ['{"inp', null],
    ["not json", null],
  ])("the model in %s is %s", (text, model) => {
    expect(modelIn(text)).toBe(model)
  })
})
