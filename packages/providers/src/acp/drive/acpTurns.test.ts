/** Turns and answers of the driver, with the reference agent. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type { AgentScript } from "../../../test/support/acpAgent.js"
import { one, opened, ours, said } from "../../../test/support/acpSessions.js"
import { contentFaults, numberingFaults } from "../../testing/TranslatorContract.js"
import { ofType } from "../../testing/Watched.js"

describe("answers", () => {
  const asking = (kinds: readonly string[], decision: string, data?: unknown) =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, watched, send } = yield* opened(one({ ask: kinds }))
      yield* send()
      const asked = yield* watched.until(ofType("request.opened"))
      const nativeRequestId = asked.event.native?.requestId ?? ""
      const answered = yield* Effect.either(connection.answer({ nativeThreadId, nativeRequestId, decision, data }))
      if (answered._tag === "Left") return answered.left
      yield* watched.until(ofType("turn.completed"))
      return said(watched)
    })

  const all = ["allow_always", "allow_once", "reject_once", "reject_always"]

  it.scopedLive("in our words are the options that mean no more than them", () =>
    Effect.gen(function* () {
      expect(yield* asking(all, "accept")).toEqual(["the-allow_once"])
      expect(yield* asking(all, "decline")).toEqual(["the-reject_once"])
    }),
  )

  it.scopedLive("in the agent's words are taken as they are", () =>
    Effect.gen(function* () {
      expect(yield* asking(all, "the-allow_always")).toEqual(["the-allow_always"])
      const outcome = { outcome: { outcome: "selected", optionId: "the-reject_always" } }
      expect(yield* asking(all, "answer", outcome)).toEqual(["the-reject_always"])
    }),
  )

  it.scopedLive("that the agent does not offer are refused, with those that it does", () =>
    Effect.gen(function* () {
      expect(yield* asking(["allow_always"], "accept")).toMatchObject({
        _tag: "Refused",
        message: 'The agent does not offer "accept" here. It offers: the-allow_always, cancel.',
      })
    }),
  )

  it.scopedLive("to questions are data", () =>
    Effect.gen(function* () {
      const script: AgentScript = { turns: [[{ question: "Which?" }], [{ question: "And?" }]] }
      const { connection, nativeThreadId, watched, send } = yield* opened(script)
      const answer = (decision: string, data?: unknown) =>
        Effect.gen(function* () {
          const before = watched.all().length
          yield* send()
          const asked = yield* watched.until(ofType("request.opened"), before)
          expect(asked.event.payload).toMatchObject({ kind: "elicitation" })
          const nativeRequestId = asked.event.native?.requestId ?? ""
          yield* connection.answer({ nativeThreadId, nativeRequestId, decision, data })
          yield* watched.until(ofType("turn.completed"), before)
          return said(watched).at(-1)
        })
      expect(yield* answer("accept", { which: "a" })).toBe('{"action":"accept","content":{"which":"a"}}')
      expect(yield* answer("decline")).toBe('{"action":"decline"}')
    }),
  )

  it.scopedLive("come too late for a question that the agent gave up", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, watched, send } = yield* opened(one({ drop: true }))
      yield* send()
      const asked = yield* watched.until(ofType("request.opened"))
      const resolved = yield* watched.until(ofType("request.resolved"))
      expect(resolved.event.native?.requestId).toBe(asked.event.native?.requestId)
      yield* watched.until(ofType("turn.completed"))
      const input = { nativeThreadId, nativeRequestId: asked.event.native?.requestId ?? "", decision: "accept" }
      expect(yield* Effect.flip(connection.answer(input))).toMatchObject({ _tag: "Refused", operation: "answer" })
    }),
  )
})

describe("a turn", () => {
  it.scopedLive("is refused while another one runs, and an interrupt of one that does not run", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, watched, send } = yield* opened(one({ say: "hm" }, { hang: true }))
      yield* send()
      yield* watched.until(ofType("content.delta"))
      expect(yield* Effect.flip(send())).toMatchObject({ _tag: "Refused", operation: "send-turn" })
      const wrong = connection.interrupt({ nativeThreadId, nativeTurnId: "turn-9" })
      expect(yield* Effect.flip(wrong)).toMatchObject({ _tag: "Refused", operation: "interrupt" })
      yield* connection.interrupt({ nativeThreadId, nativeTurnId: "turn-1" })
      expect((yield* watched.until(ofType("turn.completed"))).event.payload).toMatchObject({ outcome: "interrupted" })
    }),
  )

  it.scopedLive("that is being cancelled asks no user: its questions are given up at once", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, watched, send } = yield* opened(one({ say: "hm" }, { hangThenAsk: true }))
      yield* send()
      yield* watched.until(ofType("content.delta"))
      yield* connection.interrupt({ nativeThreadId, nativeTurnId: "turn-1" })
      yield* watched.until(ofType("turn.completed"))
      expect(said(watched)).toEqual(["hm", "cancelled"])
      expect(watched.all().filter(ofType("request.resolved"))).toHaveLength(1)
    }),
  )

  it.scopedLive("emits every chunk of a flood, in order", () =>
    Effect.gen(function* () {
      const { turn } = yield* opened(one({ flood: 5_000 }))
      const words = Array.from({ length: 5_000 }, (_, index) => `word ${index + 1} `)
      expect((yield* turn()).words).toEqual([words.join("")])
    }),
  )

  it.scopedLive("keeps unknown lines", () =>
    Effect.gen(function* () {
      const garbage = ["not json", '{"id":0', "[1,2]", '{"jsonrpc":"2.0","method":7}', '{"id":"unknown","result":{}}']
      const { turn, watched } = yield* opened({
        ...one(...garbage.map((raw) => ({ raw })), { say: "Still here." }),
        noise: ["starting …"],
      })
      expect((yield* turn()).words).toEqual(["Still here."])
      const kept = watched
        .all()
        .filter(ofType("provider.unmapped"))
        .map(({ event }) => event.raw)
      expect(kept).toEqual(expect.arrayContaining(["starting …", ...garbage]))
      expect(numberingFaults(watched.all())).toEqual([])
      expect(contentFaults(watched.all())).toEqual([])
    }),
  )

  it.scopedLive("ends with a process that exits in the middle of it; operations fail from then on", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, send, watched } = yield* opened({
        ...one({ say: "hm" }, { exit: 5 }),
        lastWords: "I warned you",
      })
      yield* send()
      const events = yield* watched.ended
      expect(events.slice(-2).map(({ event }) => [event.type, event.payload])).toEqual([
        ["session.exited", { code: 5, signal: null, reason: "exit", message: "I warned you" }],
        ["connection.closed", { code: 5, signal: null, reason: "exit", message: "I warned you" }],
      ])
      const lost = yield* Effect.flip(connection.interrupt({ nativeThreadId, nativeTurnId: "turn-1" }))
      expect(lost).toMatchObject({ _tag: "ConnectionLost", message: expect.stringContaining("ended with code 5") })
      expect(yield* Effect.flip(connection.resumeThread({ threadId: ours, nativeThreadId }))).toMatchObject({
        _tag: "ConnectionLost",
      })
    }),
  )
})
