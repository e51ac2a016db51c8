/** Real sessions of three agents. What is expected is read off the wire by the few lines of this file. */
import { describe, expect, it } from "vitest"
import { imported, recordings } from "../../../test/support/acpWire.js"
import { translate, translatorContract } from "../../testing/TranslatorContract.js"
import { readRecording } from "../../wire/parseRecordingLine.js"
import { makeAcpTranslator } from "./AcpTranslator.js"

const subjectOf = (text: string, how = imported) => ({
  make: () => makeAcpTranslator(how),
  lines: readRecording(text).lines,
})

const wireOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))

/** The events of a type as they are stored: as JSON. */
const eventsOf = (text: string, type: string) =>
  translate(subjectOf(text))
    .emitted.filter(({ event }) => event.type === type)
    .map(({ event }) => JSON.parse(JSON.stringify({ native: event.native, payload: event.payload })))

const sent = (text: string, method: string) =>
  wireOf(text).filter(({ dir, msg }) => dir === "send" && msg?.method === method)

const answersTo = (text: string, method: string) => {
  const ids = sent(text, method).map(({ msg }) => msg.id)
  return wireOf(text).filter(
    ({ dir, msg }) => dir === "recv" && msg !== undefined && !("method" in msg) && ids.includes(msg.id),
  )
}

const isTool = (kind: string): boolean => !["user_message", "agent_message", "reasoning"].includes(kind)

const updates = (text: string, kind: string) =>
  wireOf(text).filter(({ dir, msg }) => dir === "recv" && msg?.params?.update?.sessionUpdate === kind)

it("has the recordings", () => {
  expect(recordings.map(({ name }) => name)).toEqual(["claude-agent-acp", "gemini", "opencode"])
})

for (const { name, text } of recordings) {
  translatorContract(name, subjectOf(text))
  translatorContract(`${name}, live`, subjectOf(text, { provider: "acp", mode: "managed" }))

  describe(name, () => {
    it("takes every line", () => {
      expect(readRecording(text).problems).toEqual([])
      expect(translate(subjectOf(text)).fates).toHaveLength(wireOf(text).length)
    })

    it("shows every call of a tool by its patches alone, where its start is not reported", () => {
      const cut = text
        .split("\n")
        .filter((line) => !line.includes('"sessionUpdate":"tool_call"'))
        .join("\n")
      const ended = (of: string) =>
        eventsOf(of, "item.completed")
          .filter(({ payload }) => isTool(payload.kind))
          .map(({ native, payload }) => [native.itemId, native.turnId, payload.status, payload.text ?? null])
      expect(ended(cut)).toEqual(ended(text))
      expect(eventsOf(cut, "item.started").filter(({ payload }) => isTool(payload.kind))).toHaveLength(
        new Set(ended(text).map(([id]) => id)).size,
      )
    })

    it("opens the sessions of the wire, with what they run with", () => {
      const opened = answersTo(text, "session/new").map(({ msg }) => msg.result)
      expect(eventsOf(text, "session.started").map(({ native }) => native.threadId)).toEqual(
        opened.map(({ sessionId }) => sessionId),
      )
      const version = answersTo(text, "initialize").map(({ msg }) => msg.result.agentInfo.version)
      expect(eventsOf(text, "session.configured").map(({ payload }) => payload.providerVersion)).toEqual(version)
      expect(eventsOf(text, "session.exited")).toHaveLength(opened.length)
    })

    it("tells every prompt as what the user said, once", () => {
      const texts = sent(text, "session/prompt").map(({ msg }) =>
        msg.params.prompt.map((part: { text: string }) => part.text).join("\n\n"),
      )
      const said = eventsOf(text, "item.completed").filter(({ payload }) => payload.kind === "user_message")
      expect(said.map(({ payload }) => [payload.status, payload.text])).toEqual(
        texts.map((one: string) => ["completed", one]),
      )
      expect(said.map(({ native }) => native.turnId)).toEqual(
        eventsOf(text, "turn.started").map(({ native }) => native.turnId),
      )
    })

    it("makes a turn of every prompt, and its end of the answer", () => {
      const prompts = sent(text, "session/prompt")
      const texts = prompts.map(({ msg }) => msg.params.prompt.map((part: { text: string }) => part.text).join("\n\n"))
      expect(eventsOf(text, "turn.requested").map(({ payload }) => payload.text)).toEqual(texts)
      expect(eventsOf(text, "turn.started").map(({ native }) => native.turnId)).toEqual(
        prompts.map((_, index) => `turn-${index + 1}`),
      )
      const ends = answersTo(text, "session/prompt").map(({ msg }) => msg.result)
      expect(ends.every(({ stopReason }) => stopReason === "end_turn")).toBe(true)
      expect(
        eventsOf(text, "turn.completed").map(({ payload }) => [payload.outcome, payload.usage.totalTokens]),
      ).toEqual(ends.map(({ usage }) => ["completed", usage.totalTokens]))
    })

    it("joins the chunks of every message to what was streamed, byte for byte", () => {
      const streamed = new Map<string, string>()
      for (const { msg } of updates(text, "agent_message_chunk")) {
        const { content, messageId } = msg.params.update
        streamed.set(messageId, (streamed.get(messageId) ?? "") + content.text)
      }
      const completed = eventsOf(text, "item.completed").filter(({ payload }) => payload.kind === "agent_message")
      expect(completed.map(({ payload }) => [payload.data.messageId, payload.text])).toEqual([...streamed])
      const deltas = new Map<string, string>()
      for (const { native, payload } of eventsOf(text, "content.delta")) {
        if (payload.stream === "text") deltas.set(native.itemId, (deltas.get(native.itemId) ?? "") + payload.delta)
      }
      expect([...deltas.values()]).toEqual([...streamed.values()])
    })

    it("tells every tool call once, and how it ended", () => {
      const calls = updates(text, "tool_call").map(({ msg }) => msg.params.update)
      const tools = eventsOf(text, "item.started").filter(({ payload }) => isTool(payload.kind))
      expect(tools.map(({ native, payload }) => [native.itemId, payload.nativeKind])).toEqual(
        calls.map(({ toolCallId, kind }) => [toolCallId, kind]),
      )
      const ended = updates(text, "tool_call_update").filter(({ msg }) => msg.params.update.status === "completed")
      const final = eventsOf(text, "item.completed").filter(({ payload }) => isTool(payload.kind))
      expect(final.map(({ native, payload }) => [native.itemId, payload.text])).toEqual(
        ended.map(({ msg }) => [msg.params.update.toolCallId, msg.params.update.rawOutput]),
      )
    })

    it("asks what the agent asked, and knows the answer", () => {
      const asked = wireOf(text).filter(({ msg }) => msg?.method === "session/request_permission")
      expect(
        eventsOf(text, "request.opened").map(({ native, payload }) => [
          native.requestId,
          native.itemId,
          payload.decisions,
        ]),
      ).toEqual(
        asked.map(({ msg }) => [
          JSON.stringify(msg.id),
          msg.params.toolCall.toolCallId,
          msg.params.options.map(({ optionId }: { optionId: string }) => optionId),
        ]),
      )
      const answered = wireOf(text).filter(({ dir, msg }) => dir === "send" && msg.result?.outcome !== undefined)
      expect(eventsOf(text, "request.answered").map(({ payload }) => payload.decision)).toEqual(
        answered.map(({ msg }) => msg.result.outcome.optionId),
      )
    })
  })
}
