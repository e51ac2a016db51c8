/** A direct conversation whose connection is lost: when it is made again, how often, and what the new one is given. */
import { createServer, type Server } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { type RealtimeServer, type RealtimeSocket, realtimeServer } from "@threadfold/testkit"
import { Effect, Exit, Fiber, Scope, Stream, TestClock } from "effect"
import { passes, sleeps, until, voiceRequest } from "../../test/support/directConversations.js"
import { openDirectLink } from "./DirectLink.js"
import { defaultDirectVoice } from "./DirectVoiceSettings.js"
import type { VoiceContext, VoiceWord } from "./VoiceTransport.js"

const request = { ...voiceRequest, realtimeId: "r" }

const opened = (context: () => readonly VoiceContext[] = () => []) =>
  Effect.gen(function* () {
    const server = yield* realtimeServer
    const heard: VoiceWord[] = []
    const settings = { ...defaultDirectVoice, baseUrl: server.baseUrl, apiKey: "mock-key-of-the-test" }
    const link = yield* openDirectLink(settings, { ...request, context: Effect.sync(context) })
    const reader = yield* Effect.forkScoped(
      Stream.runForEach(link.words, (word) => Effect.sync(() => void heard.push(word))),
    )
    const kinds = () =>
      heard.flatMap(({ payload, type }) =>
        type === "realtime.error"
          ? [type]
          : Object.entries(Object(payload)).flatMap(([k, v]) => (k === "kind" ? [String(v)] : [])),
      )
    return { server, link, heard, kinds, reader, first: yield* server.socket(1) }
  })

const refusedTimes = ({ refused }: RealtimeServer, times: number) => until(Effect.sync(() => refused() === times))
const outcomes = (socket: RealtimeSocket) => socket.texts.filter((text) => text === "it is done")

describe("a direct conversation whose connection is lost", () => {
  it.scoped("is tried at once, then after 0.25, 0.5, 1, 2 and 4 seconds, and no more", () =>
    Effect.gen(function* () {
      const { first, heard, kinds, link, reader, server } = yield* opened()
      server.behaviour.refuses = 503
      first.cut()
      yield* refusedTimes(server, 1)
      for (const [index, pause] of [250, 500, 1_000, 2_000, 4_000].entries()) {
        yield* sleeps(pause)
        yield* TestClock.adjust(pause - 1)
        expect(server.refused()).toBe(index + 1)
        yield* TestClock.adjust(1)
        yield* refusedTimes(server, index + 2)
      }
      yield* Fiber.join(reader)
      expect(server.refused()).toBe(6)
      expect(kinds()).toEqual(["connection.lost", "realtime.error"])
      expect(heard.at(-1)?.payload).toEqual({ message: expect.stringContaining("503") })
      expect(yield* Effect.flip(link.appendText("late"))).toMatchObject({ _tag: "VoiceFailed" })
    }),
  )

  it.scoped("goes on after some tries, with what was said so far before what waited meanwhile", () =>
    Effect.gen(function* () {
      const context: VoiceContext[] = []
      const { first, kinds, link, server } = yield* opened(() => context)
      server.behaviour.refuses = 503
      first.cut()
      yield* refusedTimes(server, 1)
      context.push({ kind: "said", role: "user", text: "before" })
      const waits = yield* Effect.fork(link.appendText("meanwhile"))
      yield* passes(250)
      yield* refusedTimes(server, 2)
      server.behaviour.refuses = null
      yield* passes(500)
      const second = yield* server.socket(2)
      yield* Fiber.join(waits)
      yield* second.until(({ texts }) => texts.length === 2)
      expect(second.texts).toEqual(["before", "meanwhile"])
      expect(kinds()).toContain("connection.made")
    }),
  )

  it.scoped("gives the outcome of a handoff to each connection once, whether its context has it or not", () =>
    Effect.gen(function* () {
      const context: VoiceContext[] = []
      const { first, heard, link, server } = yield* opened(() => context)
      first.handsOff("call-1", "do it")
      first.handsOff("call-2", "and that")
      const handoffs = () => heard.filter(({ type }) => type === "realtime.handoff").length
      yield* until(Effect.sync(() => handoffs() === 2))
      server.behaviour.refuses = 503
      first.cut()
      yield* refusedTimes(server, 1)
      for (const handoffId of ["call-1", "call-2"]) context.push({ kind: "handoff", handoffId, text: "it" })
      // The log has the first one already when the connection comes up again, and not the second.
      context.push({ kind: "outcome", handoffId: "call-1", text: "it is done" })
      const reports = yield* Effect.forkAll([
        link.report("call-1", "it is done"),
        link.report("call-2", "that is done"),
      ])
      server.behaviour.refuses = null
      yield* passes(250)
      const second = yield* server.socket(2)
      yield* Fiber.join(reports)
      yield* second.until(({ texts }) => texts.includes("that is done"))
      yield* link.report("call-1", "it is done")
      // A model that tells a call of the earlier connection again.
      second.handsOff("call-1", "do it")
      second.speaks("mark")
      yield* until(Effect.sync(() => heard.some(({ type }) => type === "realtime.transcript.done")))
      expect(outcomes(second)).toHaveLength(1)
      expect(second.texts.filter((text) => text === "that is done")).toHaveLength(1)
      expect(handoffs()).toBe(2)
      expect(second.of("response.create").length).toBeGreaterThan(0)
    }),
  )

  it.scoped("ends where each new connection is lost at once, and counts anew after one that lasted", () =>
    Effect.gen(function* () {
      const { first, heard, kinds, link, reader, server } = yield* opened()
      first.cut()
      const lost = (ordinal: number) =>
        Effect.gen(function* () {
          const socket = yield* server.socket(ordinal)
          const made = () => kinds().filter((kind) => kind === "connection.made").length
          yield* until(Effect.sync(() => made() === ordinal - 1))
          socket.cut()
        })
      yield* lost(2)
      yield* passes(250)
      const third = yield* server.socket(3)
      yield* until(Effect.sync(() => kinds().filter((kind) => kind === "connection.made").length === 2))
      // It lasts: two pings are answered, then it is cut. What comes back for a text comes behind the answer to the ping before it.
      for (const mark of ["one", "two"]) {
        yield* link.appendText(mark)
        yield* until(Effect.sync(() => heard.some(({ payload }) => JSON.stringify(payload).includes(mark))))
        yield* passes(15_000)
      }
      third.cut()
      yield* lost(4)
      for (const [index, pause] of [250, 500, 1_000, 2_000, 4_000].entries()) {
        yield* passes(pause)
        yield* lost(5 + index)
      }
      yield* Fiber.join(reader)
      expect(server.sockets()).toHaveLength(9)
      expect(kinds().at(-1)).toBe("realtime.error")
    }),
  )

  it.scoped("is not tried again where it was refused for good", () =>
    Effect.gen(function* () {
      const { first, kinds, reader, server } = yield* opened()
      server.behaviour.refuses = 401
      first.cut()
      yield* Fiber.join(reader)
      expect([server.refused(), kinds()]).toEqual([1, ["connection.lost", "realtime.error"]])
    }),
  )
})

describe("a start of a direct conversation", () => {
  /** A server that takes connections, and says what it is told to, byte by byte or not at all. */
  const mute = (says: string) =>
    Effect.acquireRelease(
      Effect.async<Server>((resume) => {
        const server = createServer((socket) => {
          socket.on("error", () => {})
          socket.write(says)
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close()),
    )

  for (const [name, says] of [
    ["never answers its handshake", ""],
    ["answers it without an end", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: web"],
  ] as const) {
    it.scoped(`fails after 15 seconds with a model server that ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* mute(says)
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        const settings = { ...defaultDirectVoice, baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: "mock-key" }
        const scope = yield* Scope.make()
        const opening = yield* Effect.fork(
          Effect.flip(Scope.extend(openDirectLink(settings, { ...request, context: Effect.succeed([]) }), scope)),
        )
        yield* passes(15_000)
        // Its socket may take two seconds to close.
        yield* Effect.fork(Effect.forever(Effect.zipRight(Effect.yieldNow(), TestClock.adjust(100))))
        expect(yield* Fiber.join(opening)).toMatchObject({
          _tag: "VoiceFailed",
          message: expect.stringContaining("15000 ms"),
        })
        yield* Scope.close(scope, Exit.void)
      }),
    )
  }

  it.scoped("leaves no connection behind where it is given up before the model has answered", () =>
    Effect.gen(function* () {
      const server = yield* realtimeServer
      server.behaviour.isSilent = true
      const settings = { ...defaultDirectVoice, baseUrl: server.baseUrl, apiKey: "mock-key" }
      const opening = yield* Effect.fork(
        Effect.scoped(openDirectLink(settings, { ...request, context: Effect.succeed([]) })),
      )
      const socket = yield* server.socket(1)
      yield* socket.until(({ received }) => received.length === 1)
      yield* Fiber.interrupt(opening)
      yield* until(Effect.sync(() => !socket.isOpen))
      expect(socket.closeCode).toBe(1000)
    }),
  )
})
