/** Calls that are sent ahead on one connection: what they do happens in their order, and what they cost is bounded. */
import { describe, expect, it } from "@effect/vitest"
import { LineResult } from "@threadfold/contracts/api"
import { Effect, Schema } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { openSocket, readAll, requestText } from "./support/RawSocket.js"
import { attach, callText, notices, sessionId, testServer } from "./support/TestServer.js"

const session = sessionId(1)
const events = `/v1/sessions/${session}/events`
const registration = { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 }
const kept = { connection: "keep-alive" }

const bodyOf = (first: number, last: number, text = "") =>
  notices(first, last)
    .map((notice) => `${JSON.stringify({ ...notice, raw: text })}\n`)
    .join("")

const results = Schema.decodeUnknownSync(Schema.parseJson(Schema.Struct({ results: Schema.Array(LineResult) })))

/** The answers that are whole, in order: their status and body. */
const answersOf = (text: string) =>
  text.split(/(?=HTTP\/1\.1 \d{3} )/).map((one) => ({
    status: Number(one.slice(9, 12)),
    body: one.slice(one.indexOf("\r\n\r\n") + 4),
  }))

/** Says all of these calls at once; the last one closes the connection. */
const ahead = (...calls: readonly ((server: { readonly port: number; readonly token: string }) => string)[]) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* HttpServer
      const socket = yield* openSocket
      socket.write(calls.map((call) => call(server)).join(""))
      return answersOf(yield* readAll(socket))
    }),
  )

describe("calls that are sent ahead on one connection", () => {
  it.live("happen in order: a short push waits for the long one before it, and for the opening of its session", () =>
    Effect.gen(function* () {
      const ndjson = { "content-type": "application/x-ndjson" }
      const json = { "content-type": "application/json" }
      const [opened, long, short, closed] = yield* ahead(
        (server) =>
          requestText(server, "PUT", `/v1/sessions/${session}`, { ...kept, ...json }, JSON.stringify(registration)),
        (server) => requestText(server, "POST", events, { ...kept, ...ndjson }, bodyOf(1, 150, "x".repeat(1_000))),
        (server) => requestText(server, "POST", events, { ...kept, ...ndjson }, bodyOf(151, 151)),
        (server) => requestText(server, "DELETE", `/v1/sessions/${session}`),
      )
      expect([opened?.status, long?.status, short?.status, closed?.status]).toEqual([201, 200, 200, 200])
      const stored = [...results(long?.body ?? "").results, ...results(short?.body ?? "").results]
      expect(stored.map(({ status }) => status)).toEqual(Array.from({ length: 151 }, () => "appended"))
      const sequences = stored.map(({ sequence }) => sequence ?? 0)
      expect(sequences).toEqual([...sequences].sort((a, b) => a - b))
    }).pipe(Effect.provide(testServer())),
  )

  it.live("beyond a few hundred that wait are refused", () =>
    Effect.gen(function* () {
      const calls = Array.from(
        { length: 400 },
        (_, index) => (server: { readonly port: number; readonly token: string }) =>
          requestText(server, "GET", "/v1/threads", index === 399 ? {} : kept),
      )
      const statuses = (yield* ahead(...calls)).map(({ status }) => status)
      expect(statuses).toHaveLength(400)
      expect(statuses.slice(0, 257)).toEqual(Array.from({ length: 257 }, () => 200))
      expect(statuses.at(-1)).toBe(429)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("and whose compressed answers are not read lose the connection", () =>
    Effect.gen(function* () {
      yield* attach(session, registration)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const server = yield* HttpServer
          const socket = yield* openSocket
          socket.pause()
          const call = requestText(server, "GET", "/openapi.json", { ...kept, "accept-encoding": "gzip" })
          socket.write(call.repeat(200))
          yield* Effect.async<void>((resume) => {
            socket.once("close", () => resume(Effect.void))
            // A paused socket does not notice that the other side is gone; a write does.
            const poke = setInterval(() => socket.write(call), 20)
            socket.once("close", () => clearInterval(poke))
          })
        }),
      )
      expect((yield* callText("/livez")).status).toBe(200)
    }).pipe(Effect.provide(testServer({ limits: { answerMs: 100 } }))),
  )
})

describe("a body that its caller has compressed", () => {
  it.live("is refused before anything is stored", () =>
    Effect.gen(function* () {
      yield* attach(session, registration)
      const { status, text } = yield* callText(events, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson", "content-encoding": "gzip" },
        body: bodyOf(1, 1),
      })
      expect([status, text]).toEqual([415, expect.stringContaining("unsupported-media-type")])
    }).pipe(Effect.provide(testServer())),
  )
})
