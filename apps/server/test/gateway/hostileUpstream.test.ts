/** Models and agents that do not keep to HTTP, or only just: what passes then, and how each call ends, once. */
import * as http from "node:http"
import * as net from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { bodyOf, callModel, completedFrame, frame, itemFrame, proxyFixture, sse, upstream } from "./ProxyFixture.js"

const promise = <A>(run: () => Promise<A>) => Effect.promise(run)

/** A model that writes these bytes as its answer to any call, and then closes the connection or not. */
const rawModel = (says: string | readonly string[], closes = true) =>
  Effect.map(
    Effect.acquireRelease(
      promise(
        () =>
          new Promise<net.Server>((resolve) => {
            const server = net.createServer((socket) => {
              socket.on("error", () => undefined)
              socket.once("data", () => {
                for (const piece of typeof says === "string" ? [says] : says) socket.write(piece, "latin1")
                if (closes) socket.end()
              })
            })
            server.listen(0, "127.0.0.1", () => resolve(server))
          }),
      ),
      (server) => Effect.sync(() => server.close()),
    ),
    (server) => {
      const address = server.address()
      return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/v1`
    },
  )

/** The answer to a call, its body, and whether it came to its end; null: the connection broke before. */
const asked = (baseUrl: string, path = "/responses") =>
  promise(async () => {
    const answer = await callModel(baseUrl, { path }).catch(() => null)
    return answer === null ? null : { status: answer.statusCode, ...(await bodyOf(answer)) }
  })

const head = (more: readonly string[] = []): string =>
  ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", ...more, "", ""].join("\r\n")

describe("a model that does not keep to HTTP", () => {
  const cases: readonly (readonly [string, string | readonly string[], object, object])[] = [
    ["half of a status line", "HTTP/1.", { status: 502 }, { status: "failed" }],
    ["half of its headers", "HTTP/1.1 200 OK\r\nContent-Ty", { status: 502 }, { status: "failed" }],
    ["no HTTP at all", "hello\n\n", { status: 502 }, { status: "failed" }],
    [
      "fewer bytes than its content-length",
      `${head(["Content-Length: 100000"])}${itemFrame(0)}`,
      { status: 200, whole: false },
      { status: "failed", outputItems: 1 },
    ],
    [
      "a content-length that cuts its last event",
      `${head(["Content-Length: 10"])}${itemFrame(0)}${completedFrame}`,
      { status: 200, whole: true },
      { status: "failed", outputItems: 0 },
    ],
    [
      "a size of a chunk that is none",
      `${head(["Transfer-Encoding: chunked"])}zzz\r\n${itemFrame(0)}`,
      { status: 200, whole: false },
      { status: "failed" },
    ],
    ["two lengths", `${head(["Content-Length: 3", "Content-Length: 4"])}abcd`, { status: 502 }, { status: "failed" }],
    [
      "comments alone",
      `${head()}: one\n\n: two\n\n`,
      { status: 200, whole: true },
      { status: "failed", outputItems: 0 },
    ],
    [
      "an error as an answer that is fine",
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"error":{"message":"no more of it"}}`,
      { status: 200, whole: true },
      { status: "failed", error: expect.stringContaining("no more of it") },
    ],
    [
      "an error in its stream",
      `${head()}${frame("error", { code: "server_error", message: "no more of it" })}`,
      { status: 200, whole: true },
      { status: "failed", error: expect.stringContaining("no more of it") },
    ],
    [
      "more behind its end",
      `${head()}${itemFrame(0)}${completedFrame}${itemFrame(1)}${completedFrame}`,
      { status: 200, whole: true },
      { status: "completed" },
    ],
  ]
  for (const [name, says, agent, attempt] of cases) {
    it.scopedLive(`that sends ${name}`, () =>
      Effect.gen(function* () {
        const of = yield* proxyFixture(yield* rawModel(says))
        expect(yield* asked(of.baseUrl)).toMatchObject(agent)
        expect(yield* of.ended()).toMatchObject([attempt])
        const ends = (yield* of.log).filter(({ type }) => /^inference\.(completed|failed|cancelled)$/.test(type))
        expect(ends).toHaveLength(1)
        expect(yield* of.violations).toEqual([])
      }),
    )
  }

  it.scopedLive("that answers before the answer", () =>
    Effect.gen(function* () {
      const early = "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nX-Own: 1\r\n\r\n"
      const says = `HTTP/1.1 102 Processing\r\n\r\n${early}HTTP/1.1 104 Upload Resumption\r\n\r\n${head()}${completedFrame}`
      const of = yield* proxyFixture(yield* rawModel(says))
      const seen: unknown[] = []
      const answer = yield* promise(
        () =>
          new Promise<http.IncomingMessage>((resolve, reject) => {
            const request = http.request(`${of.baseUrl}/responses`, { method: "POST", agent: false })
            request.on("information", ({ headers, statusCode }) => seen.push([statusCode, headers]))
            request.once("response", resolve)
            request.once("error", reject)
            request.end("{}")
          }),
      )
      expect((yield* promise(() => bodyOf(answer))).body.toString()).toBe(completedFrame)
      expect(seen).toEqual([
        [102, {}],
        [103, { link: "</a>; rel=preload", "x-own": "1" }],
        [104, {}],
      ])
      expect(yield* of.ended()).toMatchObject([{ status: "completed" }])
    }),
  )
})

describe("an agent that calls otherwise", () => {
  const method = (baseUrl: string, name: string) =>
    promise(
      () =>
        new Promise<http.IncomingMessage>((resolve, reject) => {
          const request = http.request(`${baseUrl}/responses`, { method: name, agent: false })
          request.once("response", resolve)
          request.once("error", reject)
          request.end()
        }),
    )

  for (const name of ["HEAD", "OPTIONS", "GET", "DELETE"]) {
    it.scopedLive(`with ${name}: the call passes without a trace`, () =>
      Effect.gen(function* () {
        const model = yield* upstream
        const of = yield* proxyFixture(model.url)
        model.next((request, response) =>
          response.writeHead(200, { "x-method": request.method ?? "", "content-length": "3" }).end("abc"),
        )
        const answer = yield* method(of.baseUrl, name)
        expect([answer.headers["x-method"], answer.headers["content-length"]]).toEqual([name, "3"])
        expect((yield* promise(() => bodyOf(answer))).body.toString()).toBe(name === "HEAD" ? "" : "abc")
        expect(yield* of.attempts).toEqual([])
      }),
    )
  }

  it.scopedLive("with a request of 48 MiB", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      let bytes = 0
      model.next((request, response) => {
        request.on("data", (chunk: Buffer) => {
          bytes += chunk.length
        })
        request.on("end", () => response.writeHead(200, sse).end(completedFrame))
      })
      const body = `{"input":"${"a".repeat(48 * 1024 * 1024)}","model":"m"}`
      const answer = yield* promise(() => callModel(of.baseUrl, { body }))
      yield* promise(() => bodyOf(answer))
      expect(bytes).toBe(body.length)
      expect(yield* of.ended()).toMatchObject([{ status: "completed" }])
    }),
  )

  it.scopedLive("that the model refuses before it was sent as a whole", () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      model.next((request, response) => {
        response.writeHead(413, { "content-type": "application/json" }).end('{"error":"too long"}')
        request.resume()
      })
      const body = "a".repeat(8 * 1024 * 1024)
      const answer = yield* promise(() => callModel(of.baseUrl, { body }))
      expect([answer.statusCode, String((yield* promise(() => bodyOf(answer))).body)]).toEqual([
        413,
        '{"error":"too long"}',
      ])
      expect(yield* of.ended()).toMatchObject([{ status: "failed", error: expect.stringContaining("too long") }])
    }),
  )

  it.scopedLive(
    "that closes its side of the connection once the request is sent, which is how an agent looks that has gone",
    () =>
      Effect.gen(function* () {
        const model = yield* upstream
        const of = yield* proxyFixture(model.url)
        model.next((request, response) => {
          request.resume()
          response.writeHead(200, sse)
          response.write(itemFrame(0))
        })
        const { hostname, pathname, port } = new URL(of.baseUrl)
        const said = yield* promise(
          () =>
            new Promise<string>((resolve) => {
              let text = ""
              const socket = net.connect({ host: hostname, port: Number(port), allowHalfOpen: true })
              socket.on("data", (chunk: Buffer) => {
                text += chunk.toString()
              })
              socket.on("end", () => socket.end())
              socket.on("error", () => undefined)
              socket.on("close", () => resolve(text))
              socket.end(`POST ${pathname}/responses HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`)
            }),
        )
        expect(said).not.toContain("response.completed")
        expect(yield* of.ended()).toMatchObject([{ status: "cancelled" }])
        expect(yield* of.violations).toEqual([])
      }),
  )
})
