/** The gate before every route, over real sockets: tokens, rates, addresses, and what is noted of calls. */
import { statSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { toProblem } from "../../src/problems/toProblem.js"
import { openSocket, readAll, requestText, say } from "./support/RawSocket.js"
import {
  AccessLines,
  attach,
  call,
  published,
  push,
  serverOn,
  sessionId,
  temporaryDirectory,
  testServer,
} from "./support/TestServer.js"

const session = sessionId(1)
const threads = "/v1/threads"
const pushPath = `/v1/sessions/${session}/events`

const opened = attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 })

describe("the gate", () => {
  it.live("a token that is right is served however many wrong ones came", () =>
    Effect.gen(function* () {
      const server = yield* HttpServer
      const socket = yield* openSocket
      const attempts = 10_000
      const wrong = (n: number) =>
        requestText(server, "GET", threads, {
          authorization: `Bearer ${"x".repeat(40)}${n}`,
          connection: n === attempts ? "close" : "keep-alive",
        })
      const answered = readAll(socket)
      for (let n = 1; n <= attempts; n++) socket.write(wrong(n))
      const statuses = [...(yield* answered).matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status)
      expect(statuses.length).toBe(attempts)
      expect(new Set(statuses)).toEqual(new Set(["401", "429"]))
      // A few are refilled while they come.
      expect(statuses.filter((status) => status === "401").length).toBeLessThan(200)
      expect((yield* call(threads)).status).toBe(200)
      expect(yield* published).toBe(0)
      const lines = yield* AccessLines
      expect(lines.length).toBeGreaterThan(0)
      expect(lines.length).toBeLessThan(1_000)
      expect(lines.join("\n")).not.toContain("xxxx")
    }).pipe(Effect.scoped, Effect.provide(testServer())),
  )

  it.live("the access log tells what was changed and refused, without query or token", () =>
    Effect.gen(function* () {
      const server = yield* HttpServer
      yield* opened
      yield* push(session, [])
      yield* call(`${threads}?secret=1`)
      yield* say(requestText(server, "GET", `${threads}?token=${server.token}`, { authorization: null }))
      const lines = (yield* AccessLines).map((line) => JSON.parse(line))
      expect(lines.map(({ method, path, status }) => [method, path, status])).toEqual([
        ["PUT", `/v1/sessions/${session}`, 201],
        ["POST", pushPath, 200],
        ["GET", threads, 401],
      ])
      expect(JSON.stringify(lines)).not.toContain(server.token)
      expect(JSON.stringify(lines)).not.toContain("secret")
    }).pipe(Effect.provide(testServer())),
  )

  it.live("too many calls at once are told to wait", () =>
    Effect.gen(function* () {
      const statuses = yield* Effect.forEach([1, 2, 3, 4], () => call("/livez"))
      expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429, 429])
      expect(Number(statuses[3]?.headers.get("retry-after"))).toBeGreaterThan(0)
    }).pipe(Effect.provide(testServer({ limits: { callBurst: 2, callsPerSecond: 0.001 } }))),
  )

  it.live("an address that others can reach is refused unless it is allowed", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const open = (host: string, allowRemote: boolean) =>
          Effect.either(Effect.provide(HttpServer, serverOn(directory, { host, allowRemote })))
        for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.org"]) {
          const refused = yield* open(host, false)
          expect(Either.isLeft(refused) && toProblem(refused.left).slug).toBe("invalid-request")
        }
        expect(Either.isRight(yield* open("0.0.0.0", true))).toBe(true)
      }),
    ),
  )

  it.live("the token and the discovery file are the owner's alone, and the latter goes with the server", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const look = Effect.gen(function* () {
          const server = yield* HttpServer
          const file = `${directory}/server.json`
          expect(statSync(server.tokenFile).mode & 0o777).toBe(0o600)
          expect(statSync(file).mode & 0o777).toBe(0o600)
          return server.token
        })
        const first = yield* Effect.provide(look, serverOn(directory))
        expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/)
        expect(statSync(`${directory}/server.json`, { throwIfNoEntry: false })).toBeUndefined()
        expect(yield* Effect.provide(look, serverOn(directory))).toBe(first)
      }),
    ),
  )
})
