/** What the client asks of all threads, and how it consumes a subscription, against a real server. */
import { describe, expect, it } from "@effect/vitest"
import { type ConsumerOptions, connect, makeThreadfold, Problem } from "@threadfold/client"
import { Effect, Fiber, Queue, Stream } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { attachThread, notices, push, says, sessionId, testServer } from "./support/TestServer.js"

/** A thread with failed turns of this number. */
const thread = (n: number, turns: number) =>
  Effect.gen(function* () {
    const say = says()
    yield* attachThread(n)
    const lines = Array.from({ length: turns }, (_, index) => [
      say("turn.started", { turnId: `t${index}` }),
      say(
        "turn.completed",
        { turnId: `t${index}` },
        { outcome: "failed", error: { message: "no credit" }, usage: { inputTokens: 10, outputTokens: 1 } },
      ),
    ]).flat()
    const { body } = yield* push(sessionId(n), lines)
    return body.results.length
  })

const all = <A>(iterable: AsyncIterable<A>) =>
  Effect.promise(async () => {
    const found: A[] = []
    for await (const one of iterable) found.push(one)
    return found
  })

describe("the client", () => {
  it.live("walks lists of all threads to their end, and asks for sums, words and the inbox", () =>
    Effect.gen(function* () {
      yield* thread(1, 3)
      yield* thread(2, 4)
      const { token, url } = yield* HttpServer
      const client = connect({ url, token })
      const turns = yield* all(client.each.turns({ outcome: "failed", limit: 2 }))
      expect(turns).toHaveLength(7)
      expect(new Set(turns.map(({ turnId }) => turnId)).size).toBe(7)
      expect(yield* all(client.each.threads({ limit: 1 }))).toHaveLength(2)
      expect(yield* all(client.each.items())).toEqual([])
      expect((yield* Effect.promise(() => client.usage({ by: ["agent"] }))).total.turns).toBe(7)
      expect((yield* Effect.promise(() => client.readInbox({ limit: 1 }))).counts["failed-turn"]).toBe(2)
      const found = yield* Effect.promise(() => client.search({ q: "credit", limit: 1 }))
      expect(found.items.length).toBeLessThanOrEqual(1)
      // A page is asked for only when the one before was taken.
      const server = yield* makeThreadfold({ url, token })
      expect(yield* Stream.runCount(Stream.take(server.each.turns({ limit: 3 }), 4))).toBe(4)
      const refused = yield* Effect.flip(server.sql({ sql: "SELECT 1" }))
      expect(refused).toMatchObject({ _tag: "Problem", slug: "sql-off" })
      expect(
        yield* Effect.promise(() => client.sql({ sql: "SELECT 1" }).catch((error: unknown) => error)),
      ).toBeInstanceOf(Problem)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("consumes a subscription: acknowledges what is done, and has again what failed", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* makeThreadfold(yield* HttpServer, { patienceMs: 0 })
        const { subscriptions } = server
        yield* subscriptions.put("tickets", { types: ["runtime.warning"], after: 0 })
        yield* attachThread(1)
        yield* push(sessionId(1), notices(1, 4))
        const done: number[] = []
        const failing = subscriptions.consume("tickets", ({ seq: number }) => {
          if (number === 3) return Effect.fail("the third is too much" as const)
          done.push(number ?? 0)
          return Effect.void
        })
        expect(yield* Effect.flip(failing)).toBe("the third is too much")
        expect(done).toEqual([1, 2])
        expect((yield* subscriptions.get("tickets")).lag.events).toBe(2)

        const seen = yield* Queue.unbounded<number | null>()
        const consume = (consumer: string, tries: ConsumerOptions = { maxFailures: 0 }) =>
          subscriptions.consume("tickets", (event) => Queue.offer(seen, event.seq), { ...tries, consumer })
        const first = yield* Effect.forkScoped(consume("first"))
        expect([yield* Queue.take(seen), yield* Queue.take(seen)]).toEqual([3, 4])
        expect(yield* Effect.flip(consume("second"))).toMatchObject({
          _tag: "Unavailable",
          problem: { slug: "subscription-taken" },
        })
        const waiting = yield* Effect.forkScoped(consume("second", { backoffMs: [5, 20] }))
        yield* push(sessionId(1), notices(5, 5))
        expect(yield* Queue.take(seen)).toBe(5)
        const { sequence } = yield* Effect.repeat(Effect.delay(subscriptions.get("tickets"), "5 millis"), {
          until: ({ lag }) => lag.places === 0,
        })
        yield* Fiber.interrupt(first)
        expect((yield* subscriptions.list()).items.map(({ checkpoint }) => checkpoint)).toEqual([sequence])
        // The one that waited goes on where the first one ended.
        yield* push(sessionId(1), notices(6, 6))
        expect(yield* Queue.take(seen)).toBe(6)
        yield* Fiber.interrupt(waiting)
        yield* subscriptions.delete("tickets")
        expect(yield* Effect.flip(consume("third"))).toMatchObject({ slug: "subscription-not-found" })
      }),
    ).pipe(Effect.provide(testServer())),
  )
})
