/** Scenario 19: hostile input of every kind gets the right problem, changes nothing, and leaves the server alive. */
import { describe, expect } from "@effect/vitest"
import { Effect } from "effect"
import { type BoundServer, HttpServer } from "../../src/http/index.js"
import { requestText, say, verdictOf } from "./support/RawSocket.js"
import { sharing } from "./support/sharing.js"
import { attach, call, published, sessionId, testServer } from "./support/TestServer.js"

const session = sessionId(1)
const threads = "/v1/threads"
const pushPath = `/v1/sessions/${session}/events`
const ndjson = { "content-type": "application/x-ndjson" }
const json = { "content-type": "application/json" }
const event = JSON.stringify({
  type: "runtime.warning",
  channel: "adapter:x",
  seq: 9,
  at: 1,
  payload: { message: "x" },
})

interface Case {
  readonly name: string
  readonly bytes: (server: BoundServer) => string
  readonly end?: boolean
  readonly expected: readonly [number, string]
}

const cases: readonly Case[] = [
  { name: "bytes that are no HTTP", bytes: () => "\u0000\u0001garbage\r\n\r\n", expected: [400, "invalid-request"] },
  {
    name: "a TLS greeting",
    bytes: () => "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001",
    expected: [400, "invalid-request"],
  },
  {
    name: "a head that is too long",
    bytes: (server) => requestText(server, "GET", threads, { "x-long": "a".repeat(64 * 1024) }),
    expected: [413, "payload-too-large"],
  },
  {
    name: "a body that breaks off",
    bytes: (server) => requestText(server, "POST", pushPath, { ...ndjson, "content-length": "1000" }, event),
    end: true,
    expected: [400, "invalid-request"],
  },
  {
    name: "two lengths that differ",
    bytes: (server) =>
      requestText(
        server,
        "POST",
        pushPath,
        { ...ndjson, "transfer-encoding": "chunked", "content-length": "4" },
        event,
      ),
    expected: [400, "invalid-request"],
  },
  {
    name: "a body announced as too long",
    bytes: (server) => requestText(server, "POST", pushPath, { ...ndjson, "content-length": "99999999999" }),
    expected: [413, "payload-too-large"],
  },
  {
    name: "more lines than a body may have",
    bytes: (server) => requestText(server, "POST", pushPath, ndjson, "\n".repeat(20_001)),
    expected: [413, "payload-too-large"],
  },
  {
    name: "a chunked body that grows too long",
    bytes: (server) =>
      `${requestText(server, "POST", pushPath, { ...ndjson, "transfer-encoding": "chunked" })}${"4000\r\n".concat("y".repeat(0x4000), "\r\n").repeat(20)}0\r\n\r\n`,
    expected: [413, "payload-too-large"],
  },
  {
    name: "no token",
    bytes: (server) => requestText(server, "GET", threads, { authorization: null }),
    expected: [401, "unauthorized"],
  },
  {
    name: "a wrong token",
    bytes: (server) => requestText(server, "GET", threads, { authorization: "Bearer nonsense" }),
    expected: [401, "unauthorized"],
  },
  {
    name: "the token in the query",
    bytes: (server) => requestText(server, "GET", `${threads}?token=${server.token}`, { authorization: null }),
    expected: [401, "unauthorized"],
  },
  {
    name: "the token in a cookie",
    bytes: (server) => requestText(server, "GET", threads, { authorization: null, cookie: `token=${server.token}` }),
    expected: [401, "unauthorized"],
  },
  {
    name: "a stream without a token",
    bytes: (server) => requestText(server, "GET", "/v1/events", { authorization: null, accept: "text/event-stream" }),
    expected: [401, "unauthorized"],
  },
  {
    name: "an upgrade without a token",
    bytes: (server) =>
      requestText(server, "GET", "/v1/events", { authorization: null, connection: "upgrade", upgrade: "websocket" }),
    end: true,
    expected: [401, "unauthorized"],
  },
  {
    name: "an expectation that nobody knows",
    bytes: (server) => requestText(server, "GET", threads, { authorization: null, expect: "tea" }),
    expected: [401, "unauthorized"],
  },
  {
    name: "a long body for a session that is not there",
    bytes: (server) =>
      requestText(server, "POST", "/v1/sessions/nope/events", { ...ndjson, "content-length": "200000" }),
    expected: [404, "session-not-found"],
  },
  {
    name: "metrics without a token",
    bytes: (server) => requestText(server, "GET", "/metrics", { authorization: null }),
    expected: [401, "unauthorized"],
  },
  {
    name: "a path that only looks public",
    bytes: (server) => requestText(server, "GET", "/assets/../v1/threads", { authorization: null }),
    expected: [404, "not-found"],
  },
  {
    name: "another Host",
    bytes: (server) => requestText(server, "GET", threads, { host: `evil.example:${server.port}` }),
    expected: [403, "forbidden-host"],
  },
  {
    name: "another Host on a public page",
    bytes: (server) => requestText(server, "GET", "/livez", { host: `evil.example:${server.port}` }),
    expected: [403, "forbidden-host"],
  },
  {
    name: "no Host",
    bytes: (server) => requestText(server, "GET", threads, { host: null }),
    expected: [403, "forbidden-host"],
  },
  {
    name: "a second Host",
    bytes: (server) => requestText(server, "GET", threads, { Host: "evil.example" }),
    expected: [403, "forbidden-host"],
  },
  {
    name: "a Host with another port",
    bytes: (server) => requestText(server, "GET", threads, { host: "127.0.0.1:1" }),
    expected: [403, "forbidden-host"],
  },
  {
    name: "a foreign Origin with a cookie",
    bytes: (server) => requestText(server, "GET", threads, { origin: "https://evil.example", cookie: "a=b" }),
    expected: [403, "forbidden-origin"],
  },
  {
    name: "another page of the loopback",
    bytes: (server) => requestText(server, "GET", threads, { origin: "http://127.0.0.1:9999", cookie: "a=b" }),
    expected: [403, "forbidden-origin"],
  },
  {
    name: "an opaque Origin",
    bytes: (server) => requestText(server, "GET", threads, { origin: "null" }),
    expected: [403, "forbidden-origin"],
  },
  {
    name: "a preflight of a foreign Origin",
    bytes: (server) =>
      requestText(server, "OPTIONS", pushPath, {
        authorization: null,
        origin: "https://evil.example",
        "access-control-request-method": "POST",
      }),
    expected: [403, "forbidden-origin"],
  },
  {
    name: "a body of another type",
    bytes: (server) => requestText(server, "POST", pushPath, { "content-type": "text/plain" }, event),
    expected: [415, "unsupported-media-type"],
  },
  {
    name: "a push without a body or a type",
    bytes: (server) => requestText(server, "POST", pushPath),
    expected: [415, "unsupported-media-type"],
  },
  {
    name: "a body of another type for a session that is not there",
    bytes: (server) => requestText(server, "POST", "/v1/sessions/nope/events", { "content-type": "text/plain" }, event),
    expected: [415, "unsupported-media-type"],
  },
  {
    name: "a session that is not there",
    bytes: (server) => requestText(server, "POST", "/v1/sessions/nope/events", ndjson, event),
    expected: [404, "session-not-found"],
  },
  {
    name: "an array that is none",
    bytes: (server) => requestText(server, "POST", pushPath, { "content-type": "application/json" }, "[{"),
    expected: [400, "invalid-request"],
  },
  {
    name: "a registration that is no JSON",
    bytes: (server) =>
      requestText(server, "PUT", `/v1/sessions/${sessionId(5)}`, { "content-type": "application/json" }, "{"),
    expected: [400, "invalid-request"],
  },
  {
    name: "a command without a token",
    bytes: (server) =>
      requestText(server, "POST", threads, { ...json, authorization: null }, JSON.stringify({ agent: "tester" })),
    expected: [401, "unauthorized"],
  },
  {
    name: "a command of a foreign page",
    bytes: (server) =>
      requestText(
        server,
        "POST",
        threads,
        { ...json, origin: "https://evil.example" },
        JSON.stringify({ agent: "tester" }),
      ),
    expected: [403, "forbidden-origin"],
  },
  {
    name: "a command as a form would send it",
    bytes: (server) =>
      requestText(server, "POST", threads, { "content-type": "application/x-www-form-urlencoded" }, "agent=tester"),
    expected: [415, "unsupported-media-type"],
  },
  {
    name: "a command that breaks off",
    bytes: (server) => requestText(server, "POST", threads, { ...json, "content-length": "1000" }, '{"agent":"tester"'),
    end: true,
    expected: [400, "invalid-request"],
  },
  {
    name: "a command that is too long",
    bytes: (server) => requestText(server, "POST", threads, { ...json, "content-length": "99999999999" }),
    expected: [413, "payload-too-large"],
  },
  {
    name: "a command with a key that no header may hold",
    bytes: (server) =>
      requestText(
        server,
        "POST",
        threads,
        { ...json, "idempotency-key": "\u00e9".repeat(4) },
        JSON.stringify({ agent: "tester" }),
      ),
    expected: [400, "invalid-request"],
  },
  {
    name: "a command whose body says what a prototype has",
    bytes: (server) => requestText(server, "POST", threads, json, '{"agent":"tester","__proto__":{"title":"x"}}'),
    expected: [400, "invalid-request"],
  },
  {
    name: "a path that cannot be decoded",
    bytes: (server) => requestText(server, "GET", "/v1/threads/%E0%A4%A"),
    expected: [400, "invalid-request"],
  },
  {
    name: "a proxy's request",
    bytes: (server) => requestText(server, "GET", "http://evil.example/v1/threads"),
    expected: [400, "invalid-request"],
  },
  {
    name: "a wrong method",
    bytes: (server) => requestText(server, "DELETE", threads),
    expected: [405, "method-not-allowed"],
  },
  {
    name: "a wrong path",
    bytes: (server) => requestText(server, "GET", "/v1/nothing"),
    expected: [404, "not-found"],
  },
]

const small = testServer({ maxLineBytes: 64 * 1024, limits: { smallBodyBytes: 64 * 1024, bodyBytes: 256 * 1024 } })

const opened = attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 })

describe("hostile input", () => {
  sharing(small, (test) => {
    for (const { name, bytes, end, expected } of cases) {
      test(name, () =>
        Effect.gen(function* () {
          yield* opened
          const server = yield* HttpServer
          const before = yield* published
          const answer = yield* say(bytes(server), end)
          expect([verdictOf(answer).status, verdictOf(answer).slug]).toEqual(expected)
          const head = answer.split("\r\n\r\n", 1)[0]?.toLowerCase() ?? ""
          expect(head).toContain("content-type: application/problem+json")
          expect(head).toContain("x-content-type-options: nosniff")
          expect(head).toContain("content-security-policy: default-src 'none'; frame-ancestors 'none'")
          expect(head).toContain("cache-control: no-store")
          expect(head).not.toContain("access-control-allow-origin")
          expect((yield* call("/readyz")).status).toBe(200)
          expect(yield* published).toBe(before)
        }),
      )
    }

    test("calls of the server's own names and pages are served", () =>
      Effect.gen(function* () {
        const server = yield* HttpServer
        for (const host of ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"]) {
          const own = { host: `${host}:${server.port}`, origin: `http://${host}:${server.port}` }
          expect(verdictOf(yield* say(requestText(server, "GET", threads, own))).status).toBe(200)
        }
        for (const path of ["/", "/docs", "/openapi.json", "/livez"]) {
          const answer = yield* say(requestText(server, "GET", path, { authorization: null }))
          expect(verdictOf(answer).status).toBe(200)
        }
      }))
  })
})
