/** Scenario 16: a reader that does not read harms nobody, is told why it is cut, and resumes without loss. */
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { openSocket, requestText } from "./support/RawSocket.js"
import { openStream, parseBlock, range, sequencesOf } from "./support/Sse.js"
import {
  attach,
  callText,
  notices,
  published,
  push,
  serverOn,
  sessionId,
  temporaryDirectory,
  testServer,
} from "./support/TestServer.js"

const session = sessionId(1)
const opened = attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 })
const long = "x".repeat(4_000)

const metric = (name: string) =>
  Effect.map(callText("/metrics"), ({ text }) => Number(new RegExp(`^threadfold_${name} (\\d+)$`, "m").exec(text)?.[1]))

/** Pushes until a figure of the server is what is waited for; the test's own time limit bounds it. */
const pushUntil = (name: string, wanted: number, from: number): Effect.Effect<number, never, HttpServer> =>
  Effect.gen(function* () {
    yield* push(session, notices(from, from + 99, long))
    return (yield* metric(name)) === wanted ? from + 99 : yield* pushUntil(name, wanted, from + 100)
  })

const stalled = Effect.gen(function* () {
  const server = yield* HttpServer
  const socket = yield* openSocket
  socket.pause()
  socket.write(requestText(server, "GET", "/v1/events", { accept: "text/event-stream" }))
  return socket
})

const limits = { stream: { pendingEvents: 1_000, pendingBytes: 1024 * 1024, ringEvents: 256, overflowGraceMs: 10 } }

describe("a reader that is too slow", () => {
  it.live("is cut at its bound, alone; the others get every event in order", () =>
    Effect.gen(function* () {
      yield* opened
      yield* stalled
      const others = yield* Effect.forEach(range(1, 5), () => openStream("/v1/events?after=0"))
      const reading = yield* Effect.forEach(others, (stream) =>
        Effect.fork(
          Effect.gen(function* () {
            const seen: number[] = []
            for (;;) {
              const block = yield* stream.next
              if (block === null || block.data.includes("the last one")) return seen
              if (block.event !== "synced") seen.push(...sequencesOf([block]))
            }
          }),
        ),
      )
      const last = yield* pushUntil("stream_overflows_total", 1, 1)
      yield* push(session, notices(last + 1, last + 1, "the last one"))
      for (const fiber of reading) expect(yield* Fiber.join(fiber)).toEqual(range(1, last + 2))
      // The stalled one is gone for good once its grace is over.
      yield* Effect.iterate(6, { while: (open) => open !== 5, body: () => metric("stream_connections") })
      expect(yield* metric("stream_overflows_total")).toBe(1)
    }).pipe(Effect.scoped, Effect.provide(testServer({ limits }))),
  )

  it.live("is told why when it reads on in time, and resumes where it was", () =>
    Effect.gen(function* () {
      yield* opened
      const socket = yield* stalled
      const last = yield* pushUntil("stream_overflows_total", 1, 1)
      const text = yield* Effect.async<string>((resume) => {
        const pieces: Buffer[] = []
        socket.on("data", (piece: Buffer) => pieces.push(piece))
        socket.on("close", () => resume(Effect.succeed(Buffer.concat(pieces).toString())))
        socket.on("end", () => socket.destroy())
        socket.resume()
      })
      expect(text).toContain('event: overflow\ndata: {"events":')
      // Chunk borders of HTTP lie between events, never inside one.
      const got = text
        .split("\n\n")
        .map((piece) => parseBlock(piece.replace(/^\r\n[0-9a-f]+\r\n/, "")))
        .filter(({ event }) => event === "thread.created" || event === "session.started" || event === "runtime.warning")
      const seen = sequencesOf(got)
      expect(seen).toEqual(range(1, seen.length))
      expect(seen.length).toBeLessThan(last)
      const again = yield* openStream("/v1/events", { "last-event-id": got[got.length - 1]?.id ?? "" })
      const rest = yield* again.until("synced")
      expect(sequencesOf(rest.slice(0, -1))).toEqual(range(seen.length + 1, last + 2))
    }).pipe(
      Effect.scoped,
      Effect.provide(testServer({ limits: { stream: { ...limits.stream, overflowGraceMs: 20_000 } } })),
    ),
  )

  it.live("behind the ring reads the log itself, and is not cut while it reads", () =>
    Effect.gen(function* () {
      yield* opened
      yield* push(session, notices(1, 2_000))
      const stream = yield* openStream("/v1/events?after=0")
      const first = yield* stream.take(10)
      yield* push(session, notices(2_001, 4_000))
      const rest = yield* stream.take(3_992)
      expect(sequencesOf([...first, ...rest])).toEqual(range(1, 4_002))
      expect(yield* metric("stream_overflows_total")).toBe(0)
    }).pipe(
      Effect.scoped,
      Effect.provide(testServer({ limits: { stream: { ringEvents: 16, pieceEvents: 7, pendingEvents: 100_000 } } })),
    ),
  )

  it.live("more streams than allowed are told to wait", () =>
    Effect.gen(function* () {
      const first = yield* openStream("/v1/events")
      yield* first.until("synced")
      expect((yield* openStream("/v1/events")).status).toBe(429)
    }).pipe(Effect.scoped, Effect.provide(testServer({ limits: { streams: 1 } }))),
  )
})

describe("a shutdown", () => {
  it.live("ends open streams properly, does not wait for a reader that stalls, and is over in time", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const outcome = yield* Deferred.make<null | object>()
        const began = yield* Effect.gen(function* () {
          yield* opened
          yield* stalled
          yield* push(session, notices(1, 1_000, long))
          const stream = yield* openStream(`/v1/events?after=1002`)
          yield* stream.until("synced")
          yield* Effect.forkDaemon(Effect.flatMap(stream.next, (block) => Deferred.succeed(outcome, block)))
          return yield* Effect.sync(() => performance.now())
        }).pipe(Effect.provide(serverOn(directory, { limits: { shutdownMs: 200 } })))
        expect(yield* Effect.sync(() => performance.now() - began)).toBeLessThan(2_000)
        expect(yield* Deferred.await(outcome)).toBeNull()
      }),
    ),
  )
})

describe("how far readers are behind", () => {
  it.live("is told of the slowest stream, of each subscription and of the search index", () =>
    Effect.gen(function* () {
      yield* opened
      const put = { method: "PUT", headers: { "content-type": "application/json" }, body: '{"after":0}' }
      expect((yield* callText("/v1/subscriptions/one", put)).status).toBe(200)
      const socket = yield* stalled
      const fast = yield* openStream("/v1/events?after=0")
      const reading = yield* Effect.fork(Effect.forever(fast.next))
      // What the socket's buffers hold is sent; what is pushed behind that is what the stream lags.
      let next = 1
      while ((yield* metric("stream_lag")) < 50) {
        yield* push(session, notices(next, next + 99, long))
        next += 100
      }
      const head = yield* published
      expect(yield* metric('subscription_lag\\{name="one"\\}')).toBe(head)
      socket.destroy()
      while ((yield* metric("stream_lag")) > 0) yield* Effect.yieldNow()
      yield* callText("/v1/search?q=x")
      expect(yield* metric("search_lag")).toBe(0)
      yield* push(session, notices(next, next + 9))
      expect(yield* metric("search_lag")).toBe(10)
      const ack = { method: "POST", headers: put.headers, body: JSON.stringify({ consumer: "c", sequence: head }) }
      expect((yield* callText("/v1/subscriptions/one/ack", ack)).status).toBe(200)
      expect(yield* metric('subscription_lag\\{name="one"\\}')).toBe(10)
      yield* Fiber.interrupt(reading)
    }).pipe(Effect.scoped, Effect.provide(testServer())),
  )
})
