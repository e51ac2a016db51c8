/** What older session files of Claude Code look like, and what lines say of each other. */
import { expect, it } from "vitest"
import { makeHistoryTranslator } from "./HistoryTranslator.js"
import { readHistoryLine } from "./readHistoryLine.js"

const session = "5368f819-f098-4dd5-805d-bd6fea6782b7"

const read = (lines: readonly object[], own?: string) => {
  const translator = makeHistoryTranslator(own)
  const emitted = lines.flatMap((one, index) => {
    const at = `2025-06-01T00:00:${String(index).padStart(2, "0")}.000Z`
    const raw = JSON.stringify({ timestamp: at, sessionId: session, ...one })
    const line = readHistoryLine(raw)
    if ("problem" in line) throw new Error(line.problem)
    return translator.push(line, raw).emitted
  })
  const all = [...emitted, ...translator.end(Date.parse("2025-06-01T00:01:00.000Z"), "recording-ended")]
  const told = all.map(({ event, scope }) => ({
    type: event.type,
    payload: event.payload,
    turnId: event.native?.turnId,
    thread: scope.kind === "session" ? scope.nativeThreadId : null,
  }))
  return (...types: readonly string[]) => told.filter(({ type }) => types.includes(type))
}

const user = (uuid: string, parentUuid: string | null, content: unknown, more: object = {}) => ({
  type: "user",
  uuid,
  parentUuid,
  message: { role: "user", content },
  ...more,
})
const model = (
  uuid: string,
  parentUuid: string,
  id: string,
  content: readonly object[],
  stop: string | null,
  more: object = {},
) => ({
  type: "assistant",
  uuid,
  parentUuid,
  message: {
    id,
    model: "m",
    role: "assistant",
    content,
    stop_reason: stop,
    usage: { input_tokens: 10, output_tokens: 1 },
  },
  ...more,
})
const text = (said: string) => [{ type: "text", text: said }]
const payloads = (told: readonly { readonly payload: unknown }[]) => told.map(({ payload }) => payload)

it("a turn of which the file does not tell the end is over with the next message, unknown how", () => {
  const of = read([
    user("u1", null, "One"),
    model("a1", "u1", "m1", text("1"), null),
    user("u2", "a1", "Two"),
    model("a2", "u2", "m2", text("2"), "end_turn"),
  ])
  expect(payloads(of("session.state.changed"))).toMatchObject([{ state: "ready" }])
  expect(of("turn.completed").map(({ payload, turnId }) => [turnId, payload])).toEqual([
    ["u2", { outcome: "completed" }],
  ])
})

it("a message that goes on from an earlier line takes back the turns after it", () => {
  const of = read([
    user("u1", null, "One"),
    model("a1", "u1", "m1", text("1"), "end_turn"),
    user("u2", "a1", "Two"),
    model("a2", "u2", "m2", text("2"), "end_turn"),
    user("u3", "a1", "Three"),
  ])
  expect(payloads(of("thread.rewound"))).toEqual([{ keptNativeTurnId: "u1" }])
  expect(of("turn.started").map(({ turnId }) => turnId)).toEqual(["u1", "u2", "u3"])
})

it("the usage of a message counts once, however many lines repeat it", () => {
  const blocks = [
    model("a1", "u1", "m1", text("1"), "tool_use"),
    model("a2", "a1", "m1", text("2"), "tool_use"),
    model("a3", "a2", "m2", text("3"), "end_turn"),
  ]
  const of = read([user("u1", null, "One"), ...blocks])
  expect(payloads(of("thread.token-usage.updated"))).toMatchObject([
    { total: { inputTokens: 10 } },
    { total: { inputTokens: 20, outputTokens: 2 } },
  ])
})

it("side lines of a file are a child thread of their own", () => {
  const side = { isSidechain: true }
  const of = read([
    user("u1", null, "One"),
    user("s1", null, "Look", side),
    model("s2", "s1", "m1", text("Seen."), "end_turn", side),
    model("a1", "u1", "m2", text("Done."), "end_turn"),
  ])
  expect(of("thread.started").map(({ payload, thread }) => [thread, payload])).toMatchObject([
    [session, { provider: "claude" }],
    [`${session}/s1`, { parentNativeThreadId: session }],
  ])
  expect(of("turn.completed").map(({ thread }) => thread)).toEqual([session, `${session}/s1`])
})

it("lines of another session in a file are copies: the thread is the file's, forked from that one, and their tokens are not its own", () => {
  const own = "9040e6c2-d138-4249-8338-1d6c52b8b6ff"
  const of = read(
    [
      user("u1", null, "One"),
      model("a1", "u1", "m1", text("1"), "end_turn"),
      user("u2", "a1", "Two", { sessionId: own }),
      model("a2", "u2", "m2", text("2"), "end_turn", { sessionId: own }),
    ],
    own,
  )
  expect(new Set(of("turn.started").map(({ thread }) => thread))).toEqual(new Set([own]))
  expect(payloads(of("thread.started"))).toContainEqual({ forkedFromNativeThreadId: session })
  expect(of("thread.token-usage.updated").map(({ turnId }) => turnId)).toEqual(["u2"])
})

it("a line that is repeated is kept, and a refusal of a call declines its item", () => {
  const call = [{ type: "tool_use", id: "t1", name: "Bash", input: { command: "rm x" } }]
  const refused = [
    {
      type: "tool_result",
      tool_use_id: "t1",
      is_error: true,
      content: "The user doesn't want to proceed with this tool use. It was rejected.",
    },
  ]
  const lines = [
    user("u1", null, "One"),
    model("a1", "u1", "m1", call, "tool_use"),
    user("r1", "a1", refused),
    user("i1", "r1", text("[Request interrupted by user for tool use]")),
  ]
  const of = read([...lines, ...lines])
  expect(payloads(of("item.completed")).at(-1)).toMatchObject({ kind: "command", status: "declined", text: null })
  expect(payloads(of("turn.completed"))).toEqual([{ outcome: "interrupted" }])
  expect(of("provider.unmapped")).toHaveLength(lines.length)
})

it("a message has the pages that it cites", () => {
  const cited = { type: "web_search_result_location", url: "https://a.org", title: "A", cited_text: "so it is" }
  const of = read([
    user("u1", null, "One"),
    model("a1", "u1", "m1", [{ type: "text", text: "It is so.", citations: [cited] }], "end_turn"),
  ])
  expect(payloads(of("item.completed")).at(-1)).toMatchObject({
    text: "It is so.",
    data: { citations: [{ url: "https://a.org", title: "A", citedText: "so it is" }] },
  })
})
