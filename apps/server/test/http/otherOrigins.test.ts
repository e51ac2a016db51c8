/** UIs of other origins, as browsers call for them: preflights, calls with the token, streams, refusals. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { openSocket, requestText } from "./support/RawSocket.js"
import { attachThread, sessionId, testServer } from "./support/TestServer.js"

const ui = "http://localhost:5173"
const desk = "app://desk"
const server = testServer({ allowedOrigins: [ui, desk] })

/** The head of an answer by its names, lower case, and its status. */
const said = (
  method: string,
  target: string,
  headers: Readonly<Record<string, string | null>>,
  body?: string,
): Effect.Effect<{ readonly status: number; readonly head: Readonly<Record<string, string>> }, never, HttpServer> =>
  Effect.gen(function* () {
    const socket = yield* openSocket
    // A stream does not end: the head is what counts.
    const answer = Effect.async<string>((resume) => {
      let text = ""
      socket.on("data", (piece: Buffer) => {
        text += piece.toString()
        if (text.includes("\r\n\r\n")) resume(Effect.succeed(text))
      })
    })
    socket.write(requestText(yield* HttpServer, method, target, { connection: "close", ...headers }, body))
    const [head = ""] = (yield* answer).split("\r\n\r\n")
    const [first = "", ...lines] = head.split("\r\n")
    const fields = lines.map((line) => [line.split(":", 1)[0]?.toLowerCase(), line.replace(/^[^:]*: ?/, "")])
    return { status: Number(first.split(" ")[1]), head: Object.fromEntries(fields) }
  }).pipe(Effect.scoped)

const asking = (origin: string, more: Readonly<Record<string, string>> = {}) =>
  said("OPTIONS", "/v1/threads", {
    authorization: null,
    origin,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
    ...more,
  })

const opened = (id: number, origin: string) =>
  said(
    "PUT",
    `/v1/sessions/${sessionId(id)}`,
    { origin, "content-type": "application/json" },
    JSON.stringify({ provider: "test", nativeThreadId: `native-${id}`, leaseMs: 600_000 }),
  )

const line = JSON.stringify({ type: "turn.started", channel: "c", seq: 1, at: 1, payload: {}, native: { turnId: "t" } })

describe("a UI of another origin", () => {
  for (const origin of [ui, desk]) {
    it.live(`that is let in may ask, call, push and follow: ${origin}`, () =>
      Effect.gen(function* () {
        const allowed = yield* asking(origin)
        expect(allowed.status).toBe(204)
        expect(allowed.head).toMatchObject({
          "access-control-allow-origin": origin,
          vary: "Origin",
          "access-control-max-age": "600",
        })
        expect(allowed.head["access-control-allow-methods"]).toContain("PUT")
        expect(allowed.head["access-control-allow-headers"]?.toLowerCase()).toContain("idempotency-key")
        expect(allowed.head).not.toHaveProperty("access-control-allow-credentials")
        expect(allowed.head).not.toHaveProperty("access-control-allow-private-network")
        const near = yield* asking(origin, { "access-control-request-private-network": "true" })
        expect(near.head["access-control-allow-private-network"]).toBe("true")

        const push = `/v1/sessions/${sessionId(1)}/events`
        const answers = [
          yield* opened(1, origin),
          yield* said("POST", push, { origin, "content-type": "application/x-ndjson" }, line),
          yield* said("GET", "/v1/threads", { origin }),
          yield* said("GET", "/v1/threads", { origin, "accept-encoding": "gzip" }),
          yield* said("GET", "/v1/threads/nothing", { origin }),
          yield* said("GET", "/v1/threads", { origin, authorization: null }),
          yield* said("GET", "/v1/events", { origin, accept: "text/event-stream" }),
        ]
        expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 200, 404, 401, 200])
        for (const { head } of answers) {
          expect(head["access-control-allow-origin"]).toBe(origin)
          expect(head["access-control-expose-headers"]).toContain("ETag")
          expect(head.vary).toContain("Origin")
        }
      }).pipe(Effect.provide(server)),
    )
  }

  it.live("that is not let in gets nothing, not even the answer to its question", () =>
    Effect.gen(function* () {
      for (const origin of [
        "null",
        "http://localhost:5174",
        "http://localhost",
        "https://localhost:5173",
        "app://desks",
      ]) {
        const answers = [yield* asking(origin), yield* said("GET", "/v1/threads", { origin }), yield* opened(2, origin)]
        for (const { head, status } of answers) {
          expect([origin, status]).toEqual([origin, 403])
          expect(head).not.toHaveProperty("access-control-allow-origin")
        }
      }
      const both = yield* said("GET", "/v1/threads", { origin: `${ui}\r\norigin: http://evil` })
      expect(both.status).toBe(403)
    }).pipe(Effect.provide(server)),
  )

  it.live("is no way around the token or the name of the server", () =>
    Effect.gen(function* () {
      const withoutToken = { origin: ui, authorization: null }
      expect((yield* said("OPTIONS", "/v1/threads", withoutToken)).status).toBe(401)
      const posing = { ...withoutToken, "access-control-request-method": "GET" }
      expect((yield* said("GET", "/v1/threads", posing)).status).toBe(401)
      expect((yield* asking(ui, { host: "evil.example" })).status).toBe(403)
    }).pipe(Effect.provide(server)),
  )

  it.live("is refused where no origin was let in, and the server's own page needs no leave", () =>
    Effect.gen(function* () {
      expect((yield* asking(ui)).status).toBe(403)
      const { host, port } = yield* HttpServer
      const own = yield* said("GET", "/v1/threads", { origin: `http://${host}:${port}` })
      expect(own.status).toBe(200)
      expect(own.head).not.toHaveProperty("access-control-allow-origin")
      yield* attachThread(3)
    }).pipe(Effect.provide(testServer())),
  )
})
