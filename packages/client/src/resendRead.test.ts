/** A call whose connection is closed while it is on its way, by a server that counts what it gets. */
import { createServer, type Server } from "node:http"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { makeClient } from "./index.js"

/** Answers every second call, and closes the connection of each before. */
const losesEverySecond = Effect.acquireRelease(
  Effect.async<{ readonly server: Server; readonly calls: string[]; readonly url: string }>((resume) => {
    const calls: string[] = []
    const server = createServer((request, response) => {
      calls.push(`${request.method} ${request.url}`)
      if (calls.length % 2 === 1) request.socket.destroy()
      else response.setHeader("content-type", "application/json").end('{"status":"ok","version":"1"}')
    })
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" ? address?.port : undefined
      resume(Effect.succeed({ server, calls, url: `http://127.0.0.1:${port}` }))
    })
  }),
  ({ server }) =>
    Effect.async<void>((resume) => {
      server.closeAllConnections()
      server.close(() => resume(Effect.void))
    }),
)

describe("a call whose connection is lost", () => {
  it.scoped("is sent once more where it reads", () =>
    Effect.gen(function* () {
      const { calls, url } = yield* losesEverySecond
      const client = yield* makeClient({ url, token: "t" })
      const answer = yield* Effect.either(client.livez())
      expect(calls).toEqual(["GET /livez", "GET /livez"])
      expect(Either.isRight(answer)).toBe(true)
    }),
  )

  it.scoped("fails where it may change something", () =>
    Effect.gen(function* () {
      const { calls, url } = yield* losesEverySecond
      const client = yield* makeClient({ url, token: "t" })
      const failure = yield* Effect.flip(client.reaper.sweep())
      expect(calls).toHaveLength(1)
      expect(failure).toMatchObject({ _tag: "RequestError", reason: "Transport" })
    }),
  )
})
