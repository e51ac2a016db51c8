/** Durable subscriptions over HTTP: their checkpoint, who reads them, and what they survive. */
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { longestPageBytes, SubscriptionView } from "@threadfold/contracts"
import { SubscriptionList, SubscriptionPage } from "@threadfold/contracts/api"
import { databaseFile } from "@threadfold/event-log"
import Sqlite from "better-sqlite3"
import { Effect, Layer } from "effect"
import { openStream, sequencesOf } from "./support/Sse.js"
import {
  attachThread,
  call,
  callAs,
  callSession,
  callText,
  notice,
  notices,
  problemOfCall,
  published,
  push,
  serverOn,
  sessionId,
  temporaryDirectory,
  testServer,
} from "./support/TestServer.js"

const path = "/v1/subscriptions/reviewer"
const sent = (method: string, body: object): RequestInit => ({
  method,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
})
const put = (body: object, at = path) => Effect.map(callAs(SubscriptionView, at, sent("PUT", body)), ({ body }) => body)
const view = Effect.map(callAs(SubscriptionView, path), ({ body }) => body)
const page = (query = "") =>
  Effect.map(callAs(SubscriptionPage, `${path}/events?consumer=a${query}`), ({ body }) => body)
const ack = (sequence: number, consumer = "a") =>
  Effect.map(callAs(SubscriptionView, `${path}/ack`, sent("POST", { consumer, sequence })), ({ body }) => body)
const refusedAck = (body: object) => Effect.map(problemOfCall(`${path}/ack`, sent("POST", body)), ({ slug }) => slug)
const open = (consumer: string, headers: Readonly<Record<string, string>> = {}) =>
  openStream(`${path}/events?consumer=${consumer}`, headers)

/** A thread with notices, the first events of the log. */
const thread = (n: number, count = 6) =>
  Effect.gen(function* () {
    const { body } = yield* attachThread(n)
    yield* push(sessionId(n), notices(1, count))
    return String(body.threadId)
  })

/** What a test sees of events. */
const seen = (items: SubscriptionPage["items"]) => items.map(({ sequence, type }) => [sequence, type])

describe("a subscription", () => {
  it.live("reads from its checkpoint, page by page, and moves only forward", () =>
    Effect.gen(function* () {
      const threadId = yield* thread(1)
      expect((yield* problemOfCall(path)).slug).toBe("subscription-not-found")
      expect((yield* problemOfCall(`${path}/events?consumer=a`)).slug).toBe("subscription-not-found")
      const made = yield* put({ types: ["runtime.warning"], threadId, after: 0 })
      const head = yield* published
      expect(made).toMatchObject({ name: "reviewer", checkpoint: 0, consumer: null, sequence: head, threadId })
      expect(made.lag).toMatchObject({ places: head, events: 6, more: false, oldestAt: expect.any(Number) })
      expect(yield* put({ types: ["runtime.warning"], threadId, after: 4 })).toEqual(made)

      const first = yield* page("&limit=4")
      expect(first.items).toHaveLength(4)
      expect([first.checkpoint, first.until]).toEqual([0, first.items.at(-1)?.sequence])
      expect(yield* page("&limit=4")).toEqual(first)
      expect((yield* ack(first.until)).checkpoint).toBe(first.until)
      expect((yield* ack(1)).checkpoint).toBe(first.until)
      expect((yield* ack(first.until)).lag.events).toBe(2)
      const rest = yield* page()
      expect([rest.items.length, rest.until]).toEqual([2, head])
      expect((yield* ack(rest.until)).lag).toEqual({ places: 0, events: 0, more: false, oldestAt: null })
      expect(yield* page()).toMatchObject({ items: [], until: head })

      expect(yield* refusedAck({ consumer: "a", sequence: head + 1 })).toBe("invalid-request")
      expect(yield* refusedAck({ consumer: "a", sequence: 1, logId: "another" })).toBe("invalid-cursor")
      expect((yield* problemOfCall(`${path}/events`)).slug).toBe("invalid-request")
      expect((yield* problemOfCall(path, sent("PUT", { types: ["no.such"] }))).detail).toContain("types")
      expect((yield* problemOfCall("/v1/subscriptions/a%20b")).slug).toBe("invalid-request")
      // Another filter keeps the checkpoint.
      expect(yield* put({ except: ["runtime.warning"] })).toMatchObject({
        checkpoint: head,
        types: null,
        threadId: null,
      })
      yield* put({}, "/v1/subscriptions/other")
      const { body } = yield* callAs(SubscriptionList, "/v1/subscriptions")
      expect(body.items.map(({ checkpoint, name }) => [name, checkpoint])).toEqual([
        ["other", head],
        ["reviewer", head],
      ])
      expect((yield* callAs(SubscriptionView, path, { method: "DELETE" })).body.name).toBe("reviewer")
      expect((yield* problemOfCall(path, { method: "DELETE" })).slug).toBe("subscription-not-found")
    }).pipe(Effect.provide(testServer())),
  )

  it.live("has no page over 256 KiB, and leaves no event out for that", () =>
    Effect.gen(function* () {
      yield* thread(1, 0)
      yield* put({ types: ["runtime.warning"], after: 0 })
      const long = "x".repeat(20_000)
      yield* push(sessionId(1), [...notices(1, 30, long), notice(31)])
      const pages: number[] = []
      for (;;) {
        const { text } = yield* callText(`${path}/events?consumer=a&limit=500`)
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(longestPageBytes)
        const { items, sequence, until } = yield* page("&limit=500")
        yield* ack(until)
        pages.push(items.length)
        if (until === sequence) break
      }
      expect(pages.length).toBeGreaterThan(2)
      expect(pages.reduce((sum, events) => sum + events, 0)).toBe(31)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("is read by one consumer: another is refused, the same one takes it over, and its end lets go", () =>
    Effect.scoped(
      Effect.gen(function* () {
        yield* thread(1)
        yield* put({ types: ["runtime.warning"], after: 0 })
        const one = yield* open("a")
        const events = yield* one.take(3)
        expect((yield* view).consumer).toBe("a")
        const refused = yield* problemOfCall(`${path}/events?consumer=b`)
        expect([refused.status, refused.slug]).toEqual([409, "subscription-taken"])
        expect(refused.detail).toContain("Consumer a")
        expect(
          (yield* problemOfCall(`${path}/events?consumer=b`, { headers: { accept: "text/event-stream" } })).slug,
        ).toBe("subscription-taken")
        expect(yield* refusedAck({ consumer: "b", sequence: 1 })).toBe("subscription-taken")
        yield* ack(sequencesOf(events).at(-1) ?? 0)

        // Not after what its own stream was sent: after what it acknowledged.
        const again = yield* open("a", { "last-event-id": "1" })
        expect(sequencesOf(yield* again.take(1))[0]).toBeGreaterThan(sequencesOf(events).at(-1) ?? 0)
        yield* one.until("never")
        expect(yield* one.next).toBeNull()
        expect((yield* view).consumer).toBe("a")

        // Another filter: the stream ends, and its reader comes again.
        yield* put({})
        yield* again.until("never")
        expect((yield* view).consumer).toBeNull()
        const other = yield* open("b")
        yield* other.until("synced")
        yield* callAs(SubscriptionView, path, { method: "DELETE" })
        yield* other.until("never")
        expect((yield* problemOfCall(`${path}/events?consumer=b`)).slug).toBe("subscription-not-found")
      }),
    ).pipe(Effect.provide(testServer())),
  )

  it.live("lets go of a consumer whose connection ended", () =>
    Effect.scoped(
      Effect.gen(function* () {
        yield* thread(1)
        yield* put({ after: 0 })
        const one = yield* open("a")
        yield* one.until("synced")
        yield* one.close
        const free = Effect.repeat(Effect.delay(view, "5 millis"), { until: ({ consumer }) => consumer === null })
        yield* free
        expect((yield* (yield* open("b")).take(1)).length).toBe(1)
      }),
    ).pipe(Effect.provide(testServer())),
  )

  it.live("brings what comes while it is read, and of a purged thread what is left, without a gap for the others", () =>
    Effect.scoped(
      Effect.gen(function* () {
        yield* put({ after: 0 })
        const purged = yield* thread(1)
        yield* thread(2)
        yield* ack((yield* page("&limit=2")).until)
        yield* callSession(sessionId(1), "", "DELETE")
        expect((yield* call(`/v1/threads/${purged}/purge`, { method: "POST" })).status).toBe(202)
        const log = yield* Effect.flatMap(published, (head) =>
          Effect.map(
            callAs(SubscriptionPage, `${path}/events?consumer=a&limit=500&min-sequence=${head}`),
            (found) => found.body,
          ),
        )
        expect(log.checkpoint).toBe(2)
        expect(seen(log.items).filter(([, type]) => type === "thread.purged")).toHaveLength(1)
        expect(
          log.items.filter(({ streamId, type }) => streamId !== purged && type === "runtime.warning"),
        ).toHaveLength(6)
        // A stream says the same, and no `reset`, though its checkpoint is among what was purged.
        const stream = yield* open("a")
        const blocks = yield* stream.until("synced")
        expect(blocks.filter(({ event }) => event === "reset")).toEqual([])
        expect(sequencesOf(blocks.slice(0, -1))).toEqual(log.items.map(({ sequence }) => sequence))
        yield* push(sessionId(2), notices(7, 8))
        expect((yield* stream.take(2)).map(({ event }) => event)).toEqual(["runtime.warning", "runtime.warning"])
      }),
    ).pipe(Effect.provide(testServer())),
  )

  it.live("is there after a restart and in a copy of the database, with its checkpoint", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const [here, copied] = [yield* temporaryDirectory, yield* temporaryDirectory]
        const last = yield* Effect.scoped(
          Effect.gen(function* () {
            yield* thread(1)
            yield* put({ types: ["runtime.warning"], after: 0 })
            return yield* ack((yield* page("&limit=3")).until)
          }).pipe(Effect.provide(Layer.fresh(serverOn(here)))),
        )
        yield* Effect.promise(async () => {
          const database = new Sqlite(databaseFile(here))
          await database.backup(join(copied, "threadfold.db"))
          database.close()
        })
        for (const directory of [here, copied]) {
          yield* Effect.gen(function* () {
            const found = yield* view
            expect(found).toMatchObject({ checkpoint: last.checkpoint, types: ["runtime.warning"], consumer: null })
            expect((yield* page()).items.filter(({ type }) => type === "runtime.warning")).toHaveLength(3)
          }).pipe(Effect.provide(Layer.fresh(serverOn(directory))))
        }
      }),
    ),
  )
})
