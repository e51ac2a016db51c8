/**
 * Scenarios 15 and 16 at full size: twenty readers of one server while `EVENTS` events arrive. One reads slowly and is
 * cut when it falls behind too far, one loses its connection all the time, one never reads at all; every other one just reads. All
 * that read see every event once and in order, and the server's memory stays what it was.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { openSocket, requestText } from "../http/support/RawSocket.js"
import { openStream, sequencesOf } from "../http/support/Sse.js"
import { attach, notices, push, sessionId, testServer } from "../http/support/TestServer.js"

/** 12,000 merged events are ten minutes of a model at 500 pieces a second. */
const events = Number(process.env.EVENTS ?? 12_000)
const perPush = 20
const session = sessionId(1)
const text = "a piece of an answer that somebody waits for ".repeat(20)
/** Sequences 1 and 2 are the thread and its session. */
const last = events + 2
const mebibyte = 1024 * 1024

interface Habit {
  /** Ends its connection after so many events. */
  readonly flapsAfter?: number
  /** Waits so long after each of them, ms. */
  readonly restsFor?: number
}

/** Reads everything, over as many connections as it takes; tells how many that were. */
const follow = ({ flapsAfter = Number.POSITIVE_INFINITY, restsFor = 0 }: Habit) =>
  Effect.gen(function* () {
    let seen = 0
    let id: string | null = null
    let connections = 0
    while (seen < last) {
      connections += 1
      yield* Effect.scoped(
        Effect.gen(function* () {
          const stream =
            id === null
              ? yield* openStream("/v1/events?after=0")
              : yield* openStream("/v1/events", { "last-event-id": id })
          for (let taken = 0; taken < flapsAfter && seen < last; ) {
            const block = yield* stream.next
            if (block === null || block.event === "overflow") return
            if (block.event === "synced") continue
            expect(sequencesOf([block])).toEqual([seen + 1])
            seen += 1
            taken += 1
            id = block.id
            if (restsFor > 0) yield* Effect.sleep(restsFor)
          }
        }),
      )
    }
    return connections
  })

const limits = { stream: { pendingEvents: 500, pendingBytes: mebibyte, ringEvents: 1_000, overflowGraceMs: 50 } }

describe("many readers of a fast model", () => {
  it.live("each see everything once and in order, and nobody's slowness is anybody else's", () =>
    Effect.gen(function* () {
      yield* attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 86_400_000 })
      const server = yield* HttpServer
      const stalled = yield* openSocket
      stalled.pause()
      stalled.write(requestText(server, "GET", "/v1/events", { accept: "text/event-stream" }))
      const steady = yield* Effect.forEach(Array.from({ length: 17 }), () => Effect.fork(follow({})))
      const flapping = yield* Effect.fork(follow({ flapsAfter: 137 }))
      const slow = yield* Effect.fork(follow({ restsFor: 25 }))
      const rss: number[] = []
      for (let from = 1; from <= events; from += perPush) {
        yield* push(session, notices(from, Math.min(events, from + perPush - 1), text))
        if (from % (perPush * 50) === 1) rss.push(process.memoryUsage().rss / mebibyte)
      }
      for (const reader of steady) expect(yield* Fiber.join(reader)).toBeGreaterThan(0)
      expect(yield* Fiber.join(flapping)).toBeGreaterThanOrEqual(Math.floor(last / 137))
      const times = yield* Fiber.join(slow)
      // What memory was when all had come, against what it is at the end.
      const settled = rss[Math.floor(rss.length / 4)] ?? 0
      console.log(`slow reader: ${times} connections; RSS MiB: ${rss.map(Math.round).join(" ")}`)
      expect((rss.at(-1) ?? 0) - settled).toBeLessThan(200)
    }).pipe(Effect.provide(testServer({ limits })), Effect.scoped),
  )
})
