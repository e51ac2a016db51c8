/** Real sessions of the agent. What is expected is read off the wire by the few lines of this file. */
import { describe, expect, it } from "vitest"
import { imported, live, member, recordings } from "../../../test/support/claudeLines.js"
import { translate, translatorContract } from "../../testing/TranslatorContract.js"
import { readRecording } from "../../wire/parseRecordingLine.js"
import { type ClaudeTranslatorOptions, makeClaudeTranslator } from "./ClaudeTranslator.js"

const subjectOf = (text: string, how: ClaudeTranslatorOptions = imported) => ({
  make: () => makeClaudeTranslator(how),
  lines: readRecording(text).lines,
})

const wireOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))

const eventsOf = (text: string, type: string, how?: ClaudeTranslatorOptions) =>
  translate(subjectOf(text, how))
    .emitted.filter(({ event }) => event.type === type)
    .map(({ event, scope }) => ({ native: event.native, payload: event.payload, scope }))

const received = (text: string, type: string) =>
  wireOf(text).flatMap(({ dir, msg }) => (dir === "recv" && msg?.type === type ? [msg] : []))
const sent = (text: string, type: string) =>
  wireOf(text).flatMap(({ dir, msg }) => (dir === "send" && msg?.type === type ? [msg] : []))

/** Blocks of the main thread's whole messages, in order. */
const blocksOf = (text: string, type: string) =>
  received(text, "assistant")
    .filter((msg) => msg.parent_tool_use_id === null && msg.is_api_error_message !== true)
    .flatMap((msg) => msg.message.content.filter((block: { type: string }) => block.type === type))

/** Final items of a kind, in order; those that broke off before they were whole left out. */
const finals = (text: string, kind: string) =>
  eventsOf(text, "item.completed")
    .map(({ payload }) => payload)
    .filter((payload) => member(payload, "kind") === kind && member(payload, "text") !== null)

const keptTypes = (text: string) =>
  eventsOf(text, "provider.unmapped").filter(({ payload }) => member(payload, "known") === false)

it("has the recordings", () => {
  expect(recordings.map(({ name }) => name)).toEqual([
    "accept",
    "background-command",
    "cancel",
    "clear",
    "compact",
    "decline",
    "eof",
    "failed",
    "files",
    "interrupt-command",
    "interrupt-pending",
    "interrupt",
    "kill-resume",
    "plain",
    "plan",
    "question",
    "rate-limited",
    "sdk-messages",
    "settings",
    "steer-folded",
    "steer-late",
    "subagent-background",
    "subagent-foreground",
  ])
})

for (const { name, text } of recordings) {
  translatorContract(name, subjectOf(text))
  translatorContract(`${name}, live`, subjectOf(text, live))

  describe(name, () => {
    it("takes every line, and knows each but the note of another recorder", () => {
      expect(readRecording(text).problems).toEqual([])
      expect(translate(subjectOf(text)).fates).toHaveLength(wireOf(text).length)
      expect(keptTypes(text).map(({ payload }) => member(payload, "method"))).toEqual(
        name === "sdk-messages" ? ["canUseTool"] : [],
      )
    })

    it("has one session for each process, all of one thread", () => {
      const processes = Math.max(1, wireOf(text).filter(({ event }) => event === "spawn").length)
      const started = eventsOf(text, "session.started")
      expect(started).toHaveLength(processes)
      expect(eventsOf(text, "session.exited")).toHaveLength(processes)
      expect(new Set(started.map(({ native }) => native?.threadId)).size).toBe(1)
    })

    it("says what the model wrote, byte for byte", () => {
      const texts = blocksOf(text, "text").map((block) => block.text)
      expect(finals(text, "agent_message").map((payload) => member(payload, "text"))).toEqual(texts)
      const thoughts = blocksOf(text, "thinking").map((block) => block.thinking)
      expect(finals(text, "reasoning").map((payload) => member(payload, "text"))).toEqual(thoughts)
    })

    it("streams what it then says as the final text", () => {
      const streamed = new Map<string, string>()
      for (const { native, payload } of eventsOf(text, "content.delta")) {
        const stream = member(payload, "stream")
        if (stream !== "text" && stream !== "summary") continue
        const key = `${native?.turnId} ${native?.itemId}`
        streamed.set(key, `${streamed.get(key) ?? ""}${member(payload, "delta")}`)
      }
      const final = eventsOf(text, "item.completed").filter(({ native }) =>
        streamed.has(`${native?.turnId} ${native?.itemId}`),
      )
      // A killed process leaves its last message open.
      expect(final).toHaveLength(streamed.size - (name === "kill-resume" ? 1 : 0))
      for (const { native, payload } of final) {
        const said = member(payload, "text")
        if (said !== null) expect(streamed.get(`${native?.turnId} ${native?.itemId}`)).toBe(said)
      }
    })

    it("streams a tool's input as the model wrote it", () => {
      const written = received(text, "stream_event")
        .filter((msg) => msg.parent_tool_use_id === null && msg.event.delta?.type === "input_json_delta")
        .map((msg) => msg.event.delta.partial_json)
      const reported = eventsOf(text, "content.delta").filter(({ payload }) => member(payload, "stream") === "input")
      expect(reported.map(({ payload }) => member(payload, "delta")).join("")).toBe(written.join(""))
    })

    it("has an item for each call of a tool, with the result that came", () => {
      const calls = blocksOf(text, "tool_use")
      const items = eventsOf(text, "item.completed").filter(
        ({ native }) => native?.itemId?.startsWith("toolu_") === true,
      )
      expect(items.map(({ native }) => native?.itemId)).toEqual(calls.map((block) => block.id))
      expect(items.map(({ payload }) => member(payload, "nativeKind"))).toEqual(calls.map((block) => block.name))
      expect(items.map(({ payload }) => member(member(payload, "data"), "input"))).toEqual(
        calls.map((block) => block.input),
      )
    })

    it("asks what the agent asks", () => {
      const asked = received(text, "control_request").map((msg) => JSON.stringify(msg.request_id))
      const opened = [...eventsOf(text, "request.opened"), ...eventsOf(text, "user-input.requested")]
      expect(opened.map(({ native }) => native?.requestId)).toEqual(asked)
      const resolved = [...eventsOf(text, "request.resolved"), ...eventsOf(text, "user-input.resolved")]
      expect(resolved.map(({ native }) => native?.requestId)).toEqual(asked)
    })

    it("has a turn for each result, and one that an ending process cut off", () => {
      const results = received(text, "result")
      const ended = eventsOf(text, "turn.completed")
      expect(ended).toHaveLength(results.length)
      const started = eventsOf(text, "turn.started")
      expect(started).toHaveLength(results.length + (name === "kill-resume" ? 1 : 0))
      expect(ended.map(({ payload }) => member(payload, "outcome"))).toEqual(
        results.map((result) =>
          result.terminal_reason?.startsWith("aborted") ? "interrupted" : result.is_error ? "failed" : "completed",
        ),
      )
    })

    it("accepts each message that was sent once, in the turn that its result names", () => {
      const messages = sent(text, "user").map((msg) => JSON.stringify(msg.uuid))
      const accepted = eventsOf(text, "turn.accepted")
      expect(accepted.map(({ native }) => native?.callId)).toEqual(messages)
      const byTurn = accepted.map(({ native, scope }) => [scope, native?.turnId, native?.callId])
      const results = received(text, "result")
      for (const [index, { native, scope }] of eventsOf(text, "turn.completed").entries()) {
        const own = byTurn.filter(
          ([where, turn]) => JSON.stringify(where) === JSON.stringify(scope) && turn === native?.turnId,
        )
        const named = (results[index]?.user_message_uuids ?? []).map((uuid: string) => JSON.stringify(uuid))
        if (messages.length > 0) expect(own.map(([, , callId]) => callId)).toEqual(named)
      }
    })

    it.each([
      ["as it was", text],
      ["without the newest field", text.replaceAll('"model_usage_since_last_result"', '"another"')],
    ])("counts each turn's tokens once: %s", (_, wire) => {
      const reported = eventsOf(wire, "turn.completed").map(
        ({ payload }) => member(member(payload, "usage"), "outputTokens") ?? null,
      )
      const used = received(text, "result").map((result) => {
        const models: { outputTokens: number }[] = Object.values(
          result.model_usage_since_last_result ?? result.modelUsage,
        )
        return models.length === 0 ? null : models.reduce((sum, { outputTokens }) => sum + outputTokens, 0)
      })
      expect(reported).toEqual(used)
    })
  })
}

describe("what the recordings show", () => {
  const of = (name: string): string => {
    const found = recordings.find((recording) => recording.name === name)
    if (found === undefined) throw new Error(`no recording ${name}`)
    return found.text
  }
  const statuses = (name: string) =>
    eventsOf(of(name), "item.completed")
      .filter(({ native }) => native?.itemId?.startsWith("toolu_") === true)
      .map(({ payload }) => member(payload, "status"))

  it.each([
    ["accept", ["completed"]],
    ["decline", ["declined"]],
    ["cancel", ["declined"]],
    ["interrupt-pending", ["interrupted"]],
    ["interrupt-command", ["interrupted"]],
    ["files", ["completed", "completed", "completed", "failed", "failed"]],
    ["subagent-foreground", ["completed"]],
    ["subagent-background", ["completed"]],
  ])("%s: calls end %j", (name, expected) => {
    expect(statuses(name)).toEqual(expected)
  })

  it("a stream that broke off leaves an interrupted message before the one that stands", () => {
    const messages = eventsOf(of("eof"), "item.completed").filter(
      ({ payload }) => member(payload, "kind") === "agent_message",
    )
    expect(messages.map(({ payload }) => [member(payload, "status"), member(payload, "text")])).toEqual([
      ["interrupted", null],
      ["completed", "I begin."],
    ])
    expect(eventsOf(of("eof"), "runtime.error").map(({ payload }) => member(payload, "willRetry"))).toEqual([true])
  })

  it("a background task outlives its turn, and its end makes the agent begin another one", () => {
    for (const name of ["subagent-background", "background-command"]) {
      const order = translate(subjectOf(of(name)))
        .emitted.map(({ event }) => event.type)
        .filter((type) => /^(task\.(started|completed)|turn\.(started|completed))$/.test(type))
      expect(order, name).toEqual([
        "turn.started",
        "task.started",
        "turn.completed",
        "task.completed",
        "turn.started",
        "turn.completed",
      ])
    }
  })

  it("a cleared conversation has another id of its own, and stays the same thread", () => {
    const named = new Set(received(of("clear"), "result").map((result) => result.session_id))
    expect(named.size).toBe(2)
    const reported = eventsOf(of("clear"), "session.configured").map(({ payload }) =>
      member(payload, "nativeSessionId"),
    )
    expect(reported.filter((id) => id !== undefined)).toEqual([[...named][1]])
  })

  it("a shortened conversation is reported", () => {
    expect(eventsOf(of("compact"), "compaction.installed")).toHaveLength(1)
  })

  it("changed settings are reported", () => {
    const reported = eventsOf(of("settings"), "session.configured").map(({ payload }) => payload)
    expect(reported).toContainEqual({ approvalPolicy: "acceptEdits" })
    expect(reported).toContainEqual({ model: "claude-sonnet-5" })
  })

  it("the session that takes a killed one up again says so", () => {
    expect(eventsOf(of("kill-resume"), "session.started").map(({ payload, scope }) => [scope, payload])).toMatchObject([
      [{ session: 1 }, { resumed: false }],
      [{ session: 2 }, { resumed: true }],
    ])
    expect(eventsOf(of("kill-resume"), "session.exited").map(({ payload }) => member(payload, "signal"))).toEqual([
      "SIGKILL",
      null,
    ])
  })
})
