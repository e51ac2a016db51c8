/** Real sessions. What is expected is read off the wire by the few lines of this file, not by the code under test. */
import { describe, expect, it } from "vitest"
import { recordings, recordingText } from "../../../test/support/codexWire.js"
import { translate, translatorContract } from "../../testing/TranslatorContract.js"
import { readRecording } from "../../wire/parseRecordingLine.js"
import { makeCodexTranslator } from "./CodexTranslator.js"

const wireOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))

const received = (text: string, method: string) =>
  wireOf(text).filter(({ dir, msg }) => dir === "recv" && msg?.method === method && !("id" in msg))

const subjectOf = (text: string) => ({
  make: () => makeCodexTranslator({ mode: "imported" }),
  lines: readRecording(text).lines,
})

/** The events of a type as they are stored: as JSON. */
/** Events of a type, without those that the answer to a resume tells: they repeat what another client was notified of. */
const eventsOf = (text: string, type: string) =>
  translate(subjectOf(text))
    .emitted.filter(({ event }) => event.type === type)
    .map(({ event }) => JSON.parse(JSON.stringify({ native: event.native, payload: event.payload })))
    .filter(({ payload }) => payload.joined !== true)

const deltaStreams: Readonly<Record<string, string>> = {
  "item/agentMessage/delta": "text",
  "item/plan/delta": "plan",
  "item/reasoning/summaryTextDelta": "summary",
  "item/reasoning/textDelta": "reasoning",
  "item/commandExecution/outputDelta": "output",
}

const finalText = (item: Record<string, unknown>): unknown => {
  const content = item.content
  const summary = item.summary
  switch (item.type) {
    case "userMessage":
      return Array.isArray(content) ? content.map((part) => part.text).join("\n\n") : undefined
    case "reasoning":
      return Array.isArray(summary) ? summary.join("\n\n") : undefined
    case "agentMessage":
      return item.text
    case "commandExecution":
      return item.aggregatedOutput
    default:
      return null
  }
}

it("has the recordings", () => {
  expect(recordings.length).toBeGreaterThanOrEqual(24)
})

for (const { name, text } of recordings) {
  translatorContract(name, subjectOf(text))

  describe(name, () => {
    it("takes every line", () => {
      const lines = text.split("\n").filter((line) => line !== "")
      expect(readRecording(text).problems).toEqual([])
      expect(translate(subjectOf(text)).fates).toHaveLength(lines.length)
    })

    it("starts and ends the turns of the wire, in order", () => {
      expect(eventsOf(text, "turn.started").map(({ native }) => native)).toEqual(
        received(text, "turn/started")
          // A reviewer's turn is part of the review.
          .filter(({ msg: { params } }) => (params.turn.rootTurnId ?? params.turn.id) === params.turn.id)
          .map(({ msg }) => ({
            threadId: msg.params.threadId,
            turnId: msg.params.turn.id,
          })),
      )
      expect(
        eventsOf(text, "turn.completed").map(({ native, payload }) => [
          native.turnId,
          payload.outcome,
          payload.durationMs,
        ]),
      ).toEqual(
        received(text, "turn/completed").map(({ msg: { params } }) => [
          params.turn.id,
          params.turn.status,
          params.turn.durationMs ?? undefined,
        ]),
      )
    })

    it("asks for the turns that the client asked for, and knows their answers", () => {
      const asked = wireOf(text).filter(
        ({ dir, msg }) => dir === "send" && (msg?.method === "turn/start" || msg?.method === "review/start"),
      )
      const reviewed = ({ instructions, branch, type }: Record<string, string>) =>
        `review: ${type} ${instructions ?? branch}`
      expect(eventsOf(text, "turn.requested").map(({ native, payload }) => [native.callId, payload.text])).toEqual(
        asked.map(({ msg: { id, params } }) => [
          JSON.stringify(id),
          params.target === undefined ? params.input?.[0].text : reviewed(params.target),
        ]),
      )
      const ids = asked.map(({ msg }) => msg.id)
      const answers = wireOf(text).filter(
        ({ dir, msg }) => dir === "recv" && ids.includes(msg?.id) && !("method" in msg),
      )
      expect(eventsOf(text, "turn.accepted").map(({ native }) => [native.callId, native.turnId])).toEqual(
        answers.filter(({ msg }) => msg.result).map(({ msg }) => [JSON.stringify(msg.id), msg.result.turn.id]),
      )
      expect(eventsOf(text, "turn.start-failed").map(({ payload }) => payload.error.message)).toEqual(
        answers.filter(({ msg }) => msg.error).map(({ msg }) => msg.error.message),
      )
    })

    it("joins the pieces of every item to what was streamed, byte for byte", () => {
      const streamed = new Map<string, { text: string; frames: number }>()
      for (const { dir, msg } of wireOf(text)) {
        const stream = dir === "recv" ? deltaStreams[msg?.method] : undefined
        if (stream === undefined) continue
        const { threadId, turnId, itemId, delta, summaryIndex } = msg.params
        const key = JSON.stringify([threadId, turnId, itemId, stream, summaryIndex ?? null])
        const before = streamed.get(key) ?? { text: "", frames: 0 }
        streamed.set(key, { text: before.text + delta, frames: before.frames + 1 })
      }
      const reported = new Map<string, { text: string; frames: number }>()
      for (const { native, payload } of eventsOf(text, "content.delta")) {
        const key = JSON.stringify([
          native.threadId,
          native.turnId,
          native.itemId,
          payload.stream,
          payload.part ?? null,
        ])
        const before = reported.get(key) ?? { text: "", frames: 0 }
        reported.set(key, { text: before.text + payload.delta, frames: before.frames + payload.frames })
      }
      expect(reported).toEqual(streamed)
    })

    it("starts and completes the items of the wire, with their final texts", () => {
      expect(eventsOf(text, "item.started").map(({ native }) => [native.turnId, native.itemId])).toEqual(
        received(text, "item/started").map(({ msg }) => [msg.params.turnId, msg.params.item.id]),
      )
      expect(
        eventsOf(text, "item.completed").map(({ native, payload }) => [native.itemId, payload.text, payload.status]),
      ).toEqual(
        received(text, "item/completed").map(({ msg: { params } }) => [
          params.item.id,
          finalText(params.item),
          params.item.status ?? "completed",
        ]),
      )
    })

    it("tells the requests, their answers and their clean-up", () => {
      const asked = wireOf(text).filter(({ dir, msg }) => dir === "recv" && msg?.method && "id" in msg)
      expect(eventsOf(text, "request.opened").map(({ native }) => native)).toEqual(
        asked.map(({ msg }) => ({
          threadId: msg.params.threadId,
          turnId: msg.params.turnId,
          itemId: msg.params.itemId,
          requestId: JSON.stringify(msg.id),
        })),
      )
      const answers = wireOf(text).filter(({ dir, msg }) => dir === "send" && msg && !("method" in msg))
      expect(eventsOf(text, "request.answered").map(({ payload }) => payload.decision)).toEqual(
        answers.map(({ msg }) => msg.result.decision),
      )
      expect(eventsOf(text, "request.resolved").map(({ native }) => native.requestId)).toEqual(
        received(text, "serverRequest/resolved").map(({ msg }) => JSON.stringify(msg.params.requestId)),
      )
    })

    it("counts tokens as the wire does", () => {
      expect(
        eventsOf(text, "thread.token-usage.updated").map(({ native, payload }) => [
          native.threadId,
          native.turnId,
          payload.total.totalTokens,
          payload.total.reasoningTokens,
        ]),
      ).toEqual(
        received(text, "thread/tokenUsage/updated").map(({ msg: { params } }) => [
          params.threadId,
          params.turnId,
          params.tokenUsage.total.totalTokens,
          params.tokenUsage.total.reasoningOutputTokens,
        ]),
      )
    })

    it("tells errors with their turn and whether the provider goes on", () => {
      const errors = eventsOf(text, "runtime.error").filter(({ payload }) => payload.code !== "systemError")
      expect(errors.map(({ native, payload }) => [native.turnId, payload.message, payload.willRetry])).toEqual(
        received(text, "error").map(({ msg: { params } }) => [params.turnId, params.error.message, params.willRetry]),
      )
    })

    it("knows every method of the wire, except the one that was sent to be unknown", () => {
      const unknown = eventsOf(text, "provider.unmapped").filter(({ payload }) => payload.known === false)
      const sent = wireOf(text).filter(({ msg }) => msg?.method === "no/such")
      expect(unknown.map(({ payload }) => payload.method)).toEqual(sent.map(() => "no/such"))
    })
  })
}

describe("what single recordings show", () => {
  it("keeps a fork apart from its source (31)", () => {
    const text = recordingText("codex-31-resume-after-kill")
    const [source, fork] = eventsOf(text, "thread.started")
    expect(fork?.payload.forkedFromNativeThreadId).toBe(source?.native.threadId)
    expect(source?.payload.forkedFromNativeThreadId).toBeUndefined()
    expect(eventsOf(text, "session.started").map(({ payload }) => payload.resumed)).toEqual([true, false])
    expect(eventsOf(text, "session.exited").map(({ payload }) => payload.code)).toEqual([0, 0])
  })

  it("tells a kill by its signal (30)", () => {
    const exited = eventsOf(recordingText("codex-30-kill9-midturn"), "session.exited")
    expect(exited.map(({ payload }) => payload)).toEqual([{ code: null, signal: "SIGKILL", reason: "exit" }])
  })

  it("joins a handoff with the user message it became, and takes only the typed transcript (40)", () => {
    const text = recordingText("codex-40-realtime-handoff-v2")
    expect(eventsOf(text, "realtime.handoff").map(({ native }) => native.handoffId)).toEqual(["rtcall1"])
    const linked = eventsOf(text, "item.started").filter(({ native }) => native.handoffId !== undefined)
    expect(linked.map(({ native, payload }) => [native.handoffId, payload.kind])).toEqual([["rtcall1", "user_message"]])
    expect(eventsOf(text, "realtime.transcript.done").map(({ payload }) => payload.text)).toEqual([
      "Hello voicetext-out",
    ])
    const spoken = eventsOf(text, "realtime.transcript.delta").map(({ payload }) => payload.delta)
    expect(spoken.join("")).toBe("Hello voicetext-out")
  })

  it("stores no secret of the command line (40)", () => {
    const [opened] = eventsOf(recordingText("codex-40-realtime-handoff-v2"), "connection.opened")
    expect(opened?.payload.command).toContain("model_providers.mock.experimental_bearer_token=[removed]")
    expect(opened?.payload.command).not.toContain("mock-token")
  })
})
