/** The proxy of an adapter check before a server of the test: what reaches that server, whatever the target of a call is. */
import { createServer, type Server } from "node:http"
import { connect } from "node:net"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type AdapterProxy, openAdapterProxy } from "./adapterProxy.js"

let server: Server
let reached: string[] = []

const portOf = (listening: Server): number => {
  const address = listening.address()
  if (address === null || typeof address === "string") throw new Error("it listens on no port")
  return address.port
}

const listening = (made: Server): Promise<Server> =>
  new Promise((resolve) => {
    made.listen(0, "127.0.0.1", () => resolve(made))
  })

beforeEach(async () => {
  reached = []
  server = await listening(
    createServer(({ method, url }, response) => {
      reached.push(`${method} ${url}`)
      response.end("answer")
    }),
  )
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** What a call without a library between is answered with; empty: its connection was cut. */
const call = (port: number, requestLine: string): Promise<string> =>
  new Promise((resolve) => {
    let answer = ""
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(
        `${requestLine} HTTP/1.1\r\nHost: proxy\r\nAuthorization: Bearer secret\r\nConnection: close\r\n\r\n`,
      )
    })
    socket
      .on("data", (piece) => {
        answer += piece.toString()
      })
      .on("error", () => undefined)
      .on("close", () => resolve(answer))
  })

const withProxy = <A>(upstream: string, use: (proxy: AdapterProxy, port: number) => Promise<A>): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(openAdapterProxy(new URL(upstream), { faults: false, port: 0 }), (proxy) =>
        Effect.promise(() => use(proxy, Number(new URL(proxy.url).port))),
      ),
    ),
  )

describe("the proxy of an adapter check", () => {
  it("passes every target on as it is, and outlives each", async () => {
    const targets = ["//", "http://", "//[", "//[::1", "http://[/", "*", "/%", "/\u00e9", "//v1//threads/"]
    await withProxy(`http://127.0.0.1:${portOf(server)}`, async (_, port) => {
      for (const target of targets) await call(port, `GET ${target}`)
      expect(await call(port, "GET /last")).toContain("answer")
    })
    expect(reached).toContain("GET //")
    expect(reached).toContain("GET //[")
    expect(reached.at(-1)).toBe("GET /last")
  })

  it("calls no other host, whatever host a target names", async () => {
    let strangers = 0
    const stranger = await listening(
      createServer((_, response) => {
        strangers += 1
        response.end()
      }),
    )
    const other = `127.0.0.1:${portOf(stranger)}`
    await withProxy(`http://127.0.0.1:${portOf(server)}`, async (_, port) => {
      const lines = [`GET //${other}/x`, `GET http://${other}/x`, `PUT //${other}/v1/sessions/s`, `GET /\\${other}/x`]
      for (const line of lines) await call(port, line)
    })
    stranger.close()
    expect([strangers, reached.includes(`GET //${other}/x`)]).toEqual([0, true])
  })

  it("sees the calls of an adapter as the server reads their paths", async () => {
    const lines = [
      "PUT //v1/sessions/s",
      "POST //v1//sessions/s/events?x=1",
      "POST /v1/sessions/s/heartbeat/",
      "POST /V1/Sessions/s/close",
      "DELETE ///v1/sessions/s/",
      "GET //v1/sessions/s",
    ]
    const trace = await withProxy(`http://127.0.0.1:${portOf(server)}/`, async (proxy, port) => {
      for (const line of lines) await call(port, line)
      return Effect.runPromise(proxy.trace)
    })
    expect(reached).toEqual(lines)
    expect(trace.calls.map(({ operation, sessionId }) => [operation, sessionId])).toEqual([
      ["open", "s"],
      ["push", "s"],
      ["heartbeat", "s"],
      ["close", "s"],
      ["close", "s"],
    ])
  })

  it("notices that the server went away", async () => {
    const lostAt = await withProxy(`http://127.0.0.1:${portOf(server)}`, async ({ trace }, port) => {
      await call(port, "PUT /v1/sessions/s")
      const before = (await Effect.runPromise(trace)).lostAt
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await call(port, "PUT /v1/sessions/s")
      return [before, (await Effect.runPromise(trace)).lostAt]
    })
    expect(lostAt).toEqual([null, expect.any(Number)])
  })

  it("keeps the path of the server's address", async () => {
    await withProxy(`http://127.0.0.1:${portOf(server)}/base/`, async (_, port) => {
      await call(port, "GET /v1/threads?x=1")
      await call(port, "PUT /v1/sessions/s")
    })
    expect(reached).toEqual(["GET /base/v1/threads?x=1", "PUT /base/v1/sessions/s"])
  })
})
