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
})
