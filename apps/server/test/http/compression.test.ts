/** Large answers are compressed where their caller asks for it. */
import { request } from "node:http"
import { brotliDecompressSync, gunzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { attach, notices, push, sessionId, testServer } from "./support/TestServer.js"

const session = sessionId(1)

interface Answer {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

/** A call whose answer is left in its coding; fetch would take it away. */
const ask = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(HttpServer, ({ token, url }) =>
    Effect.async<Answer>((resume) => {
      request(`${url}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } }, (response) => {
        const pieces: Buffer[] = []
        response.on("data", (piece: Buffer) => pieces.push(piece))
        response.on("end", () => resume(Effect.succeed({ headers: response.headers, body: Buffer.concat(pieces) })))
      }).end()
    }),
  )

describe("a large answer", () => {
  it.live("comes compressed where that is asked for, and is the same", () =>
    Effect.gen(function* () {
      const { threadId } = (yield* attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 }))
        .body
      yield* push(session, notices(1, 150))
      // A page of a thread's events is answered without the router, the description of the API through it.
      for (const path of [`/v1/threads/${threadId}/events?limit=150`, "/openapi.json"]) {
        const plain = yield* ask(path)
        expect(plain.headers["content-encoding"]).toBeUndefined()
        expect(plain.body.length).toBeGreaterThan(16 * 1024)
        for (const [coding, decoded] of [
          ["gzip", gunzipSync],
          ["br", brotliDecompressSync],
        ] as const) {
          const coded = yield* ask(path, { "accept-encoding": coding })
          expect([coded.headers["content-encoding"], coded.headers.vary]).toEqual([coding, "Accept-Encoding"])
          expect(coded.headers.etag).toBe(plain.headers.etag)
          expect(coded.body.length).toBeLessThan(plain.body.length / 3)
          expect(decoded(coded.body).equals(plain.body)).toBe(true)
        }
        expect((yield* ask(path, { "accept-encoding": "identity" })).headers["content-encoding"]).toBeUndefined()
      }
    }).pipe(Effect.provide(testServer())),
  )

  it.live("is the only one that does", () =>
    Effect.gen(function* () {
      yield* attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 })
      const small = yield* ask("/v1/threads", { "accept-encoding": "gzip" })
      expect(small.headers["content-encoding"]).toBeUndefined()
    }).pipe(Effect.provide(testServer())),
  )
})
