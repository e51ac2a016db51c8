import { expect, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { ConnectionLost, type Delivered, type ProviderConnection, Refused, Unsupported } from "../ProviderDriver.js"
import { makeRedactor } from "./Redactor.js"
import { redactConnection } from "./redactConnection.js"

const secret = "key-0123456789"
const refused = new Refused({ provider: "p", operation: "answer", message: `Wrong key ${secret}.` })
const lost = new ConnectionLost({ provider: "p", message: `It last wrote: ${secret}` })

const connection: ProviderConnection = {
  events: Stream.empty,
  reference: () => null,
  startThread: () => refused,
  resumeThread: () => lost,
  sendTurn: () => Effect.succeed<Delivered>({ callId: "1", answered: refused }),
  steer: () => new Unsupported({ provider: "p", operation: "steer" }),
  interrupt: () => Effect.succeed<Delivered>({ callId: "2", answered: lost }),
  answer: () => Effect.succeed<Delivered>({ callId: "3", answered: Effect.void }),
  configure: () => refused,
  closeThread: () => Effect.void,
  stop: Effect.void,
}

it.effect(
  "failures of a connection name no secret, at once or in the answer to an operation; all else is as it was",
  () =>
    Effect.gen(function* () {
      const clean = redactConnection(connection, { values: [secret], onRedacted: () => {} })
      const turn = { nativeThreadId: "n", turnId: "t", text: "go" }
      const on = { nativeThreadId: "n", nativeTurnId: "t" }
      expect(yield* Effect.flip(clean.startThread({ threadId: "t" }))).toMatchObject({
        _tag: "Refused",
        operation: "answer",
        message: "Wrong key [removed].",
      })
      expect(yield* Effect.flip(clean.resumeThread({ threadId: "t", nativeThreadId: "n" }))).toMatchObject({
        _tag: "ConnectionLost",
        message: "It last wrote: [removed]",
      })
      expect(yield* Effect.flip(clean.configure({ nativeThreadId: "n", chosen: {} }))).toMatchObject({
        message: "Wrong key [removed].",
      })
      const sent = yield* clean.sendTurn(turn)
      expect(sent.callId).toBe("1")
      expect(yield* Effect.flip(sent.answered)).toMatchObject({ _tag: "Refused", message: "Wrong key [removed]." })
      const interrupted = yield* clean.interrupt(on)
      expect(yield* Effect.flip(interrupted.answered)).toMatchObject({ message: "It last wrote: [removed]" })
      expect(yield* Effect.flip(clean.steer({ ...on, text: "x" }))).toMatchObject({ _tag: "Unsupported" })
      yield* (yield* clean.answer({ nativeThreadId: "n", nativeRequestId: "1", decision: "accept" })).answered
      yield* clean.closeThread("n")
    }),
)

it.effect("operations name what the agent knows, also after a restart that remembers nothing", () =>
  Effect.gen(function* () {
    const secrets = { values: [secret, 'odd"key\\1'], onRedacted: () => {}, idKey: "of the log" }
    const asked: unknown[] = []
    const note = (input: unknown) => {
      asked.push(input)
      return Effect.succeed<Delivered>({ callId: "1", answered: Effect.void })
    }
    const noting: ProviderConnection = {
      ...connection,
      resumeThread: (input) => Effect.zipRight(note(input), lost),
      answer: note,
      closeThread: (id) => Effect.asVoid(note(id)),
    }
    const realId = `thread-${secret}-7`
    const realRequest = JSON.stringify('the odd"key\\1')
    const first = makeRedactor(secrets)
    const [nativeThreadId = "", nativeRequestId = ""] = [realId, realRequest].map((id) => first?.id(id))
    expect(nativeThreadId).toMatch(/^thread-removed-[0-9a-f]{24}-7$/)
    // Another process, with the same secrets and the same log.
    const clean = redactConnection(noting, { ...secrets })
    yield* Effect.flip(clean.resumeThread({ threadId: "t", nativeThreadId }))
    yield* clean.answer({ nativeThreadId, nativeRequestId, decision: "accept" })
    yield* clean.closeThread(nativeThreadId)
    expect(asked).toEqual([
      { threadId: "t", nativeThreadId: realId },
      { nativeThreadId: realId, nativeRequestId: realRequest, decision: "accept" },
      realId,
    ])
    // Ids of others, and of a secret that is not held any more, are sent as they are.
    const others = redactConnection(noting, { values: ["something-else"], onRedacted: () => {}, idKey: "of the log" })
    yield* others.closeThread(nativeThreadId)
    expect(asked.at(-1)).toBe(nativeThreadId)
  }),
)
