/** The socket to a realtime model: a peer that goes silent is noticed by our clock, and one that answers is left alone. */
import { createServer } from "node:http"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Queue, TestClock } from "effect"
import { WebSocketServer } from "ws"
import { openSocket } from "./RealtimeSocket.js"

/** A peer that answers pings, or does not; each ping is told. */
const peer = (autoPong: boolean) =>
  Effect.gen(function* () {
    const server = createServer()
    const sockets = new WebSocketServer({ server, autoPong })
    sockets.on("connection", (socket) => {
      socket.on("ping", () => {
        // Behind the answer to the ping: who has this has that.
        socket.send("pinged")
      })
    })
    const close = Effect.async<void>((resume) => {
      for (const socket of sockets.clients) socket.terminate()
      server.close(() => resume(Effect.void))
    })
    const listening = Effect.async<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(typeof address === "object" && address !== null ? Effect.succeed(address.port) : Effect.die("no port"))
      })
    })
    const port = yield* Effect.acquireRelease(listening, () => close)
    return `ws://127.0.0.1:${port}/`
  })

const opened = (autoPong: boolean) =>
  Effect.gen(function* () {
    const url = yield* peer(autoPong)
    const pings = yield* Queue.unbounded<string>()
    const pinged = Queue.take(pings)
    const isOver = yield* Deferred.make<void>()
    const socket = yield* openSocket({
      url,
      headers: {},
      onText: (text) => void pings.unsafeOffer(text),
      onOver: () => Deferred.unsafeDone(isOver, Effect.void),
    })
    return { socket, pinged, isOver }
  })

/** Lets answers that are on their way come in. */
const settled = Effect.promise(async () => {
  for (let turns = 0; turns < 8; turns += 1) await new Promise<void>((resolve) => setImmediate(resolve))
})

describe("a socket to a realtime model", () => {
  it.scoped("is broken when its peer has not answered for 15 seconds", () =>
    Effect.gen(function* () {
      const { isOver, pinged, socket } = yield* opened(false)
      yield* pinged
      yield* TestClock.adjust(14_999)
      yield* settled
      expect(yield* Deferred.isDone(isOver)).toBe(false)
      yield* TestClock.adjust(1)
      expect(yield* socket.over).toEqual({ kind: "broken", message: expect.stringContaining("15000 ms") })
      yield* Deferred.await(isOver)
      expect(socket.send("late")).toBe("gone")
    }),
  )

  it.scoped("goes on as long as its peer answers, and while it is not read", () =>
    Effect.gen(function* () {
      const { isOver, pinged, socket } = yield* opened(true)
      for (let round = 0; round < 4; round += 1) {
        yield* pinged
        yield* TestClock.adjust(15_000)
      }
      yield* pinged
      socket.read(false)
      yield* TestClock.adjust(60_000)
      yield* settled
      expect(yield* Deferred.isDone(isOver)).toBe(false)
      expect(socket.send("still")).toBe("sent")
      // Its close is read, too.
      socket.read(true)
    }),
  )
})
