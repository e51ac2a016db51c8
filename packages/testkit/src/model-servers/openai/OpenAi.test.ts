import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, eventOf, joined, typesOf } from "../../../test/sse.js"
import { get } from "../../oracle/readWire.js"
import { makeHold } from "../Hold.js"
import type { Step } from "../Step.js"
import * as OpenAi from "./OpenAi.js"

const prompt = (text: string) => ({
  model: "mock-model",
  stream: true,
  input: [
    { type: "message", role: "developer", content: [{ type: "input_text", text: "rules" }] },
    { type: "message", role: "user", content: [{ type: "input_text", text }] },
  ],
})

/** A server with these steps, and a function that asks it. */
const start = (...script: readonly Step[]) =>
  Effect.map(OpenAi.server({ script }), (server) => ({
    server,
    say: (text = "hi") => Effect.promise(() => ask(`${server.baseUrl}/responses`, prompt(text))),
  }))

it.scoped("plain: a message in deltas, its ids, and the token counts", () =>
  Effect.gen(function* () {
    const { say } = yield* start(
      OpenAi.plain("hello world", { deltas: ["hello ", "world"], usage: { inputTokens: 7 } }),
      OpenAi.plain("again"),
    )
    const first = yield* say()
    expect(first.status).toBe(200)
    expect(typesOf(first)).toEqual([
      "response.created",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.output_item.done",
      "response.completed",
    ])
    expect(joined(first, "response.output_text.delta", "delta")).toBe("hello world")
    expect(eventOf(first, "response.output_item.done")).toMatchObject({
      item: {
        type: "message",
        id: "msg_1_0",
        role: "assistant",
        content: [{ type: "output_text", text: "hello world" }],
      },
    })
    expect(eventOf(first, "response.completed")).toMatchObject({
      response: {
        id: "resp_1",
        usage: {
          input_tokens: 7,
          input_tokens_details: { cached_tokens: 20 },
          output_tokens: 30,
          output_tokens_details: { reasoning_tokens: 5 },
          total_tokens: 37,
        },
      },
    })
    expect(eventOf(yield* say(), "response.output_item.done")).toMatchObject({ item: { id: "msg_2_0" } })
  }),
)

it.scoped("tools, patches and reasoning are output items", () =>
  Effect.gen(function* () {
    const text = "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch"
    const { say } = yield* start(
      OpenAi.tool("exec_command", { cmd: "ls" }, { say: "first", callId: "c" }),
      OpenAi.patch(text),
      OpenAi.patch(text, { through: "custom" }),
      OpenAi.reasoning(["one", "two"], "done"),
    )
    const tool = yield* say()
    expect(tool.events.filter((event) => get(event, "type") === "response.output_item.done")).toMatchObject([
      { output_index: 0, item: { type: "message" } },
      {
        output_index: 1,
        item: { type: "function_call", call_id: "c", name: "exec_command", arguments: '{"cmd":"ls"}' },
      },
    ])
    const inShell = { cmd: `apply_patch <<'PATCH'\n${text}\nPATCH` }
    expect(eventOf(yield* say(), "response.output_item.done")).toMatchObject({
      item: { type: "function_call", name: "exec_command", arguments: JSON.stringify(inShell) },
    })
    expect(eventOf(yield* say(), "response.output_item.done")).toMatchObject({
      item: { type: "custom_tool_call", call_id: "call_3_0", name: "apply_patch", input: text },
    })
    const reasoning = yield* say()
    expect(joined(reasoning, "response.reasoning_summary_text.delta", "delta")).toBe("onetwo")
    expect(eventOf(reasoning, "response.output_item.done")).toMatchObject({
      item: { type: "reasoning", id: "rs_4_0", summary: [{ text: "one" }, { text: "two" }] },
    })
    expect(joined(reasoning, "response.output_text.delta", "delta")).toBe("done")
  }),
)

it.scoped("long: every delta comes, and what they say is the message", () =>
  Effect.gen(function* () {
    const { say } = yield* start(OpenAi.long(5000, { delta: (index) => `${index},` }))
    const answer = yield* say()
    expect(typesOf(answer).filter((type) => type === "response.output_text.delta")).toHaveLength(5000)
    const text = Array.from({ length: 5000 }, (_, index) => `${index},`).join("")
    expect(eventOf(answer, "response.output_item.done")).toMatchObject({ item: { content: [{ text }] } })
  }),
)

it.scoped("eof ends the body properly and the response never; cut where the script says", () =>
  Effect.gen(function* () {
    const { say } = yield* start(OpenAi.eof("half"), OpenAi.eof("whole", "item"), OpenAi.eof("", "start"))
    const inText = yield* say()
    expect(inText.whole).toBe(true)
    expect(typesOf(inText).at(-1)).toBe("response.output_text.delta")
    const afterItem = yield* say()
    expect([afterItem.whole, typesOf(afterItem).at(-1)]).toEqual([true, "response.output_item.done"])
    expect(typesOf(yield* say())).toEqual(["response.created"])
  }),
)

it.scoped("reset breaks the connection after what was said", () =>
  Effect.gen(function* () {
    const { say } = yield* start(OpenAi.reset("half"))
    const answer = yield* say()
    expect(answer.whole).toBe(false)
    expect(joined(answer, "response.output_text.delta", "delta")).toBe("half")
  }),
)

it.scoped("status, failed and incomplete", () =>
  Effect.gen(function* () {
    const { say } = yield* start(
      OpenAi.status(429, { retryAfter: 2, message: "slow down" }),
      OpenAi.status(500),
      OpenAi.failed("context_length_exceeded", "too long"),
      OpenAi.incomplete("max_output_tokens", "cut"),
    )
    const limited = yield* say()
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "2"])
    expect(limited.events).toMatchObject([{ error: { type: "rate_limit_error", message: "slow down" } }])
    expect(yield* say()).toMatchObject({ status: 500, events: [{ error: { type: "server_error" } }] })
    const failed = eventOf(yield* say(), "response.failed")
    expect(failed).toMatchObject({ response: { error: { code: "context_length_exceeded", message: "too long" } } })
    const incomplete = eventOf(yield* say(), "response.incomplete")
    expect(incomplete).toMatchObject({ response: { incomplete_details: { reason: "max_output_tokens" } } })
  }),
)

it.scoped("hang: says what the test lets it say, and ends as the test wants", () =>
  Effect.gen(function* () {
    const holds = [makeHold(), makeHold(), makeHold(), makeHold()] as const
    const { say, server } = yield* start(...holds.map((hold) => OpenAi.hang(hold)))
    const ends = ["completed", "eof", "reset"] as const
    for (const [index, end] of ends.entries()) {
      const hold = holds[index] ?? makeHold()
      const asking = yield* Effect.fork(say(end))
      expect((yield* hold.reached).userText).toBe(end)
      hold.say("one ")
      hold.say("two")
      hold.end(end)
      hold.say("not heard")
      const answer = yield* asking
      expect(joined(answer, "response.output_text.delta", "delta")).toBe("one two")
      expect(answer.whole).toBe(end !== "reset")
      expect(typesOf(answer).includes("response.completed")).toBe(end === "completed")
    }
    const leaving = new AbortController()
    const asking = yield* Effect.fork(
      Effect.promise(() => ask(`${server.baseUrl}/responses`, prompt("x"), leaving.signal)),
    )
    yield* holds[3].reached
    expect(server.openStreams()).toBe(1)
    leaving.abort()
    yield* holds[3].left
    expect((yield* asking).whole).toBe(false)
    expect(holds[3].uses()).toBe(1)
  }),
)

it.scoped("a silent hang does not even answer; one hold tells every request all that was said", () =>
  Effect.gen(function* () {
    const hold = makeHold()
    const { say } = yield* start(OpenAi.hang(hold, { silent: true }), OpenAi.hang(hold, { silent: true }))
    const first = yield* Effect.fork(say())
    yield* hold.reached
    hold.say("text")
    hold.end()
    expect(typesOf(yield* first).at(0)).toBe("response.created")
    const second = yield* say()
    expect(joined(second, "response.output_text.delta", "delta")).toBe("text")
    expect(typesOf(second).at(-1)).toBe("response.completed")
    expect(hold.uses()).toBe(2)
  }),
)

it.scoped("a request is read: who spoke last, what the tools gave back", () =>
  Effect.gen(function* () {
    const { server } = yield* start(OpenAi.plain("ok"))
    const input = [
      ...prompt("do it").input,
      { type: "function_call_output", call_id: "old", output: "before the model spoke" },
      { type: "function_call", call_id: "c1", name: "exec_command", arguments: "{}" },
      { type: "custom_tool_call", call_id: "c2", name: "apply_patch", input: "" },
      { type: "function_call_output", call_id: "c1", output: "plain text" },
      { type: "custom_tool_call_output", call_id: "c2", output: [{ type: "input_text", text: "in parts" }] },
    ]
    yield* Effect.promise(() => ask(`${server.baseUrl}/responses`, { model: "m", input }))
    expect(server.requests()).toMatchObject([
      {
        ordinal: 1,
        method: "POST",
        path: "/v1/responses",
        userText: "do it",
        toolOutputs: [
          { callId: "c1", output: "plain text" },
          { callId: "c2", output: "in parts" },
        ],
      },
    ])
  }),
)
