/**
 * What is put into a direct conversation whose connection breaks at any moment: it is confirmed exactly once, or its caller is told that
 * it was not.
 */
import { describe, expect, it } from "@effect/vitest"
import { type RealtimeSocket, realtimeServer } from "@threadfold/testkit"
import { Effect, FastCheck, Fiber, Stream, TestContext } from "effect"
import { networkTurn, passes, until, voiceRequest } from "../../test/support/directConversations.js"
import { openDirectLink } from "./DirectLink.js"
import { defaultDirectVoice } from "./DirectVoiceSettings.js"
import type { VoiceContext, VoiceLink, VoiceWord } from "./VoiceTransport.js"

/** The pauses before the first tries to connect again, ms. */
const pauses = [0, 250, 500, 1_000, 2_000] as const

/** The text of a message that was put in. */
const textOf = ({ payload, type }: VoiceWord): readonly string[] => {
  const [, text] = /"input_text","text":"([^"]*)"/.exec(JSON.stringify(payload)) ?? []
  return type === "realtime.item-added" && text !== undefined ? [text] : []
}

const opened = Effect.gen(function* () {
  const server = yield* realtimeServer
  const heard: VoiceWord[] = []
  const context: VoiceContext[] = []
  const logged = Effect.sync(() => [
    ...context,
    ...heard.flatMap((word) => textOf(word).map((text): VoiceContext => ({ kind: "said", role: "user", text }))),
  ])
  const link = yield* openDirectLink(
    { ...defaultDirectVoice, baseUrl: server.baseUrl, apiKey: "mock-key-of-the-test" },
    { ...voiceRequest, realtimeId: "01a1f75b-0000-7000-8000-00000000abcd", context: logged },
  )
  yield* Effect.forkScoped(
    // What hears a word is not done with it at once, as a log is not.
    Stream.runForEach(link.words, (word) =>
      Effect.zipRight(
        networkTurn,
        Effect.sync(() => void heard.push(word)),
      ),
    ),
  )
  let connections = 1
  /** Waits until the connection is made again after a cut. */
  const again = Effect.gen(function* () {
    const pause = pauses[connections - 1] ?? 0
    if (pause > 0) yield* passes(pause)
    connections += 1
    const socket = yield* server.socket(connections)
    const made = () => heard.filter(({ payload }) => JSON.stringify(payload).includes("connection.made")).length
    yield* until(Effect.sync(() => made() === connections - 1))
    return socket
  })
  return { server, link, heard, again, context, socket: yield* server.socket(1) }
})

type Kind = "text" | "speech"

/** What happens to an input: to its connection and to what confirms it. */
const fate = FastCheck.constantFrom("confirmed", "unheard", "unconfirmed", "cut-as-confirmed", "doubled", "before")
const kind = FastCheck.constantFrom("text" as const, "speech" as const)
const inputs = FastCheck.array(FastCheck.record({ fate, kind }), { minLength: 1, maxLength: 4 })

const putInto = (link: VoiceLink, kind: Kind, text: string) =>
  kind === "text" ? link.appendText(text) : link.speak(text)
const has = (socket: RealtimeSocket, kind: Kind, text: string) =>
  (kind === "text" ? socket.texts : socket.speeches).includes(text)
const typeOf = (kind: Kind) => (kind === "text" ? "conversation.item.create" : "response.create")
const times = (all: readonly string[], text: string) => all.filter((one) => one === text).length

describe("an input of a direct conversation", () => {
  it.effect("is confirmed exactly once, whenever the connection breaks", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(inputs, (all) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const { again, heard, link, server, socket: first } = yield* opened
              let socket = first
              /** What a model says is over at some time. */
              const finishes = Effect.sync(() => {
                for (const one of server.sockets()) if (one.isSpeaking) one.finish()
              })
              const becomes = (isSo: () => boolean) => until(Effect.map(finishes, isSo))
              for (const [index, { fate, kind }] of all.entries()) {
                const text = `input ${index}`
                const isConfirmed = fate === "confirmed" || fate === "doubled"
                // The answer to an earlier text may still be asked for: only this input is left unconfirmed.
                server.behaviour.confirms = (message) => isConfirmed || !JSON.stringify(message).includes(text)
                if (fate === "before") socket.cut()
                const put = yield* Effect.fork(putInto(link, kind, text))
                if (fate === "unheard") {
                  yield* Effect.yieldNow()
                  socket.cut()
                }
                if (fate === "unconfirmed" || fate === "cut-as-confirmed") {
                  const now = socket
                  yield* becomes(() => has(now, kind, text))
                  if (fate !== "unconfirmed") now.confirm(typeOf(kind))
                  now.cut()
                }
                server.behaviour.confirms = () => true
                if (!isConfirmed) socket = yield* again
                yield* becomes(() => put.unsafePoll() !== null)
                yield* Fiber.join(put)
                if (fate === "doubled" && kind === "text") socket.confirm(typeOf(kind))
                if (kind === "text") yield* becomes(() => times(heard.flatMap(textOf), text) === 1)
              }
              const texts = all.flatMap(({ kind }, index) => (kind === "text" ? [`input ${index}`] : []))
              expect(heard.flatMap(textOf)).toEqual(texts)
              yield* becomes(() => socket.texts.length >= texts.length)
              expect(socket.texts).toEqual(texts)
              for (const one of server.sockets()) {
                for (const speech of one.speeches) expect(times(one.speeches, speech)).toBe(1)
              }
            }).pipe(Effect.scoped, Effect.provide(TestContext.TestContext)),
          ),
        ),
        { numRuns: 30 },
      ),
    ),
  )

  it.scoped("is refused to its caller where the model refuses it, or does not confirm it, and is not tried again", () =>
    Effect.gen(function* () {
      const { again, heard, link, server, socket } = yield* opened
      server.behaviour.confirms = () => false
      const refused = yield* Effect.fork(Effect.flip(link.appendText("refused")))
      yield* socket.until(({ texts }) => texts.length === 1)
      const [created] = socket.of("conversation.item.create")
      const error = {
        type: "invalid_request_error",
        code: "invalid_value",
        message: "Too long.",
        event_id: created?.event_id,
      }
      socket.say({ type: "error", error })
      expect(yield* Fiber.join(refused)).toMatchObject({
        _tag: "VoiceRefused",
        message: expect.stringContaining("Too long."),
      })
      socket.confirm("response.create")
      socket.finish()
      // The end of its answer is heard.
      socket.speaks("mark")
      yield* until(Effect.sync(() => heard.some(({ type }) => type === "realtime.transcript.done")))
      for (const kind of ["speech", "text"] as const) {
        const unconfirmed = yield* Effect.fork(Effect.flip(putInto(link, kind, `not confirmed ${kind}`)))
        yield* passes(15_000)
        expect(yield* Fiber.join(unconfirmed)).toMatchObject({
          _tag: "VoiceRefused",
          message: expect.stringContaining("15000 ms"),
        })
      }
      socket.cut()
      const second = yield* again
      server.behaviour.confirms = () => true
      yield* link.appendText("after")
      expect([second.texts, second.speeches]).toEqual([["after"], []])
    }),
  )

  it.scoped("fails to its caller where the connection is not made again", () =>
    Effect.gen(function* () {
      const { link, server, socket } = yield* opened
      server.behaviour.confirms = () => false
      const put = yield* Effect.fork(Effect.flip(link.appendText("lost")))
      yield* socket.until(({ texts }) => texts.length === 1)
      server.behaviour.refuses = 401
      socket.cut()
      expect(yield* Fiber.join(put)).toMatchObject({
        _tag: "VoiceFailed",
        message: expect.stringContaining("confirmed"),
      })
    }),
  )

  it.scoped(
    "is said in the next connection where it waited for the end of what was said, or it is told that it was not",
    () =>
      Effect.gen(function* () {
        const { again, heard, link, socket } = yield* opened
        yield* link.speak("first")
        yield* link.speak("second")
        socket.cut()
        const second = yield* again
        yield* second.until(({ speeches }) => speeches.length === 1)
        expect([socket.speeches, second.speeches]).toEqual([["first"], ["second"]])
        yield* until(Effect.sync(() => second.isSpeaking))
        yield* link.speak("third")
        yield* link.close
        yield* until(Effect.sync(() => JSON.stringify(heard).includes("before 1 texts were said")))
      }),
  )

  it.scoped("is answered in the next connection where its answer had not begun", () =>
    Effect.gen(function* () {
      const { again, link, server, socket } = yield* opened
      server.behaviour.confirms = () => false
      const put = yield* Effect.fork(link.appendText("a question"))
      yield* socket.until(({ texts }) => texts.length === 1)
      socket.confirm("conversation.item.create")
      yield* Fiber.join(put)
      socket.cut()
      const second = yield* again
      yield* second.until((one) => one.of("response.create").length === 1)
      expect(second.texts).toEqual(["a question"])
    }),
  )

  it.scoped("of a handoff is told where the next connection has it from the log only", () =>
    Effect.gen(function* () {
      const { again, context, link, socket } = yield* opened
      socket.cut()
      context.push({ kind: "handoff", handoffId: "call-1", text: "do it" })
      context.push({ kind: "outcome", handoffId: "call-1", text: "it is done" })
      const second = yield* again
      yield* link.report("call-1", "it is done")
      yield* second.until((one) => one.of("response.create").length === 1)
      yield* link.report("call-1", "it is done")
      yield* link.appendText("mark")
      expect(second.texts).toEqual(["it is done", "mark"])
    }),
  )
})
