import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { ask, eventOf, joined, typesOf } from "../../../test/sse.js"
import { makeHold } from "../Hold.js"
import type { Step } from "../Step.js"
import * as Anthropic from "./Anthropic.js"

const prompt = (text: string, stream = true) => ({
  model: "claude-mock",
  stream,
  max_tokens: 100,
  messages: [{ role: "user", content: [{ type: "text", text }] }],
})

/** A server with these steps, and functions that ask it for a stream and for a whole message. */
const start = (...script: readonly Step[]) =>
  Effect.map(Anthropic.server({ script }), (server) => ({
    server,
    say: (text = "hi") => Effect.promise(() => ask(`${server.baseUrl}/v1/messages?beta=true`, prompt(text))),
    sayWhole: (text = "hi") => Effect.promise(() => ask(`${server.baseUrl}/v1/messages`, prompt(text, false))),
  }))

it.scoped("plain: streamed or whole, the same message and token counts", () =>
  Effect.gen(function* () {
    const { say, sayWhole } = yield* start(Anthropic.plain("hello", { deltas: 2 }), Anthropic.plain("hello"))
    const streamed = yield* say()
    expect(typesOf(streamed)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ])
    const usage = { input_tokens: 100, cache_read_input_tokens: 20, output_tokens: 30 }
    expect(eventOf(streamed, "message_start")).toMatchObject({ message: { id: "msg_1", model: "claude-mock" } })
    expect(joined(streamed, "content_block_delta", "delta", "text")).toBe("hello")
    expect(eventOf(streamed, "message_delta")).toMatchObject({ delta: { stop_reason: "end_turn" }, usage })
    expect((yield* sayWhole()).events).toMatchObject([
      { id: "msg_2", type: "message", content: [{ type: "text", text: "hello" }], stop_reason: "end_turn", usage },
    ])
  }),
)

it.scoped("tools and thinking are blocks of their own", () =>
  Effect.gen(function* () {
    const { say, sayWhole } = yield* start(
      Anthropic.command("ls -l", { say: "looking" }),
      Anthropic.write("/tmp/x", "text", { id: "call" }),
      Anthropic.thinking("hm, well", "done"),
    )
    const tool = yield* say()
    expect(joined(tool, "content_block_delta", "delta", "text")).toBe("looking")
    expect(JSON.parse(joined(tool, "content_block_delta", "delta", "partial_json"))).toMatchObject({ command: "ls -l" })
    expect(tool.events).toContainEqual({
      type: "content_block_start",
      index: 1,
      content_block: { type: "tool_use", id: "toolu_1_1", name: "Bash", input: {} },
    })
    expect(eventOf(tool, "message_delta")).toMatchObject({ delta: { stop_reason: "tool_use" } })
    expect((yield* sayWhole()).events).toMatchObject([
      {
        content: [{ type: "tool_use", id: "call", name: "Write", input: { file_path: "/tmp/x", content: "text" } }],
        stop_reason: "tool_use",
      },
    ])
    const thinking = yield* say()
    expect(joined(thinking, "content_block_delta", "delta", "thinking")).toBe("hm, well")
    expect(joined(thinking, "content_block_delta", "delta", "signature")).toBe("signature-3-0")
    expect(joined(thinking, "content_block_delta", "delta", "text")).toBe("done")
  }),
)

it.scoped("long: every delta comes", () =>
  Effect.gen(function* () {
    const { say } = yield* start(Anthropic.long(3000))
    const answer = yield* say()
    expect(typesOf(answer).filter((type) => type === "content_block_delta")).toHaveLength(3000)
    expect(joined(answer, "content_block_delta", "delta", "text")).toMatch(/^word0 word1 .* word2999 $/)
  }),
)

it.scoped("eof and reset break off a stream; a whole message only breaks", () =>
  Effect.gen(function* () {
    const { say, sayWhole } = yield* start(
      Anthropic.eof("half"),
      Anthropic.eof("all of it", "block"),
      Anthropic.eof("", "start"),
      Anthropic.reset("half"),
      Anthropic.eof("half"),
    )
    const eof = yield* say()
    expect([eof.whole, typesOf(eof).at(-1)]).toEqual([true, "content_block_delta"])
    expect(typesOf(yield* say()).at(-1)).toBe("content_block_stop")
    expect(typesOf(yield* say())).toEqual(["message_start"])
    const reset = yield* say()
    expect([reset.whole, joined(reset, "content_block_delta", "delta", "text")]).toEqual([false, "half"])
    expect((yield* sayWhole()).whole).toBe(false)
  }),
)

it.scoped("errors: as a status, and in the middle of a stream", () =>
  Effect.gen(function* () {
    const { say, sayWhole } = yield* start(
      Anthropic.status(429, { retryAfter: 3 }),
      Anthropic.status(500),
      Anthropic.status(529),
      Anthropic.failed(),
      Anthropic.failed("api_error", "broken"),
    )
    const limited = yield* say()
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "3"])
    expect(limited.events).toMatchObject([{ type: "error", error: { type: "rate_limit_error" } }])
    expect(yield* say()).toMatchObject({ status: 500, events: [{ error: { type: "api_error" } }] })
    expect(yield* say()).toMatchObject({ status: 529, events: [{ error: { type: "overloaded_error" } }] })
    const failed = yield* say()
    expect([failed.status, typesOf(failed)]).toEqual([200, ["message_start", "error"]])
    expect(yield* sayWhole()).toMatchObject({ status: 500, events: [{ error: { message: "broken" } }] })
  }),
)

it.scoped("hang: streamed as the test lets it, whole at its end", () =>
  Effect.gen(function* () {
    const hold = makeHold()
    const { say, sayWhole } = yield* start(
      Anthropic.hang(hold),
      Anthropic.hang(hold),
      Anthropic.hang(hold, { silent: true }),
    )
    const streamed = yield* Effect.fork(say("first"))
    const whole = yield* Effect.fork(sayWhole())
    yield* hold.reached
    hold.say("a")
    hold.say("b")
    hold.end()
    const answer = yield* streamed
    expect([joined(answer, "content_block_delta", "delta", "text"), typesOf(answer).at(-1)]).toEqual([
      "ab",
      "message_stop",
    ])
    expect((yield* whole).events).toMatchObject([{ content: [{ text: "ab" }] }])
    expect(typesOf(yield* say()).at(-1)).toBe("message_stop")
  }),
)

it.scoped("a request is read: the user's own words, and what tools gave back", () =>
  Effect.gen(function* () {
    const { server } = yield* start(Anthropic.plain("ok"))
    const messages = [
      {
        role: "user",
        content: [
          { type: "text", text: "<system-reminder>not the user</system-reminder>" },
          { type: "text", text: "do it" },
        ],
      },
      { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "Bash", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "out" }] }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t2", content: "plain" }] },
    ]
    yield* Effect.promise(() => ask(`${server.baseUrl}/v1/messages`, { model: "m", messages }))
    expect(server.requests()).toMatchObject([
      {
        userText: "do it",
        toolOutputs: [
          { callId: "t1", output: "out" },
          { callId: "t2", output: "plain" },
        ],
      },
    ])
  }),
)

it.scoped("answers what agents ask beside messages", () =>
  Effect.gen(function* () {
    const { server } = yield* start()
    const count = yield* Effect.promise(() => ask(`${server.baseUrl}/v1/messages/count_tokens`, {}))
    expect(count).toMatchObject({ status: 200, events: [{ input_tokens: 100 }] })
    const hello = yield* Effect.promise(() => fetch(`${server.baseUrl}/api/hello`, { method: "HEAD" }))
    expect(hello.status).toBe(200)
    expect(server.others()).toEqual(["POST /v1/messages/count_tokens", "HEAD /api/hello"])
  }),
)
