/** Callers that take a connection and do not use it: they lose it, and they keep nobody out meanwhile. */
import { connect, type Socket } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { requestText } from "./support/RawSocket.js"
import { callText, testServer } from "./support/TestServer.js"

/** A socket that keeps its side open whatever the server does; closed with the scope. */
const stubborn = Effect.gen(function* () {
  const { host, port } = yield* HttpServer
  return yield* Effect.acquireRelease(
    Effect.async<Socket>((resume) => {
      const socket = connect({ host, port, allowHalfOpen: true })
      socket.on("error", () => undefined)
      socket.once("connect", () => resume(Effect.succeed(socket)))
    }),
    (socket) => Effect.sync(() => socket.destroy()),
  )
})

/** Connections open now; a busy machine may have let the call come too late. */
const connections = Effect.map(callText("/metrics"), ({ status, text }) =>
  status === 200 ? Number(/^threadfold_http_connections (\d+)$/m.exec(text)?.[1]) : Number.POSITIVE_INFINITY,
)

/** Until the caller's own connection is the only one; the test's own time limit bounds it. */
const untilAlone: Effect.Effect<number, never, HttpServer> = Effect.iterate(2, {
  while: (open) => open > 1,
  body: () => connections,
})

/** What is said on a connection that is then held, by the server's address and token. */
type Opening = (server: { readonly port: number; readonly token: string }) => string

const neverEnding: readonly (readonly [string, Opening])[] = [
  ["says nothing", () => ""],
  ["begins a head", () => "GET /v1/threads HTTP/1.1\r\nhost: "],
  ["says no HTTP", () => "\0\0\0\0\r\n\r\n"],
  [
    "sends half of a body",
    (server) =>
      requestText(server, "POST", "/v1/threads", { "content-type": "application/json", "content-length": "1000" }, "{"),
  ],
  [
    "sends half of a body without the token",
    (server) => requestText(server, "POST", "/v1/threads", { authorization: null, "content-length": "1000" }, "{"),
  ],
  [
    "sends a body in pieces that never end",
    (server) => `${requestText(server, "POST", "/v1/threads", { "transfer-encoding": "chunked" })}5\r\nhello\r\n`,
  ],
  [
    "expects something unknown and sends half of a body",
    (server) =>
      requestText(
        server,
        "POST",
        "/v1/threads",
        { expect: "something", "content-type": "application/json", "content-length": "1000" },
        "{",
      ),
  ],
  ["asks to close and never closes", (server) => requestText(server, "GET", "/livez", { authorization: null })],
]

const limits = { requestMs: 1_000, answerMs: 100, idleMs: 100, connections: 24, reservedConnections: 8 }

describe("a caller that holds a connection", () => {
  for (const [name, opening] of neverEnding) {
    it.live(`and ${name} loses it, and keeps nobody out`, () =>
      Effect.gen(function* () {
        const server = yield* HttpServer
        for (let n = 0; n < 60; n++) {
          const socket = yield* stubborn
          const text = opening(server)
          if (text !== "") socket.write(text)
        }
        expect(yield* connections).toBeLessThanOrEqual(limits.connections)
        expect(yield* untilAlone).toBe(1)
      }).pipe(Effect.scoped, Effect.provide(testServer({ limits }))),
    )
  }

  it.live("and never reads the answers loses it", () =>
    Effect.gen(function* () {
      const server = yield* HttpServer
      const socket = yield* stubborn
      socket.pause()
      // More than the buffers of two sockets take.
      for (let n = 0; n < 400; n++)
        socket.write(requestText(server, "GET", "/openapi.json", { connection: "keep-alive" }))
      expect(yield* untilAlone).toBe(1)
    }).pipe(Effect.scoped, Effect.provide(testServer({ limits }))),
  )

  it.live("and is idle on it loses it after the time that each answer names", () =>
    Effect.gen(function* () {
      const server = yield* HttpServer
      const socket = yield* stubborn
      const answer = Effect.async<string>((resume) => {
        socket.once("data", (piece: Buffer) => resume(Effect.succeed(piece.toString())))
      })
      socket.write(requestText(server, "GET", "/livez", { connection: "keep-alive" }))
      expect((yield* answer).toLowerCase()).toContain("\r\nkeep-alive: timeout=1\r\n")
      expect(yield* untilAlone).toBe(1)
    }).pipe(Effect.scoped, Effect.provide(testServer({ limits: { ...limits, idleMs: 1_000 } }))),
  )

  it.live("and uses it is not disturbed by a call that was sent ahead and waits", () =>
    Effect.gen(function* () {
      const server = yield* HttpServer
      const socket = yield* stubborn
      const answers = Effect.async<string>((resume) => {
        let text = ""
        socket.on("data", (piece: Buffer) => {
          text += piece.toString()
        })
        socket.once("end", () => resume(Effect.succeed(text)))
      })
      socket.write(requestText(server, "GET", "/livez", { connection: "keep-alive" }))
      socket.write(requestText(server, "GET", "/v1/threads?min-sequence=1000"))
      expect([...(yield* answers).matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status)).toEqual(["200", "503"])
    }).pipe(Effect.scoped, Effect.provide(testServer({ limits: { ...limits, waitMs: 500 } }))),
  )
})
