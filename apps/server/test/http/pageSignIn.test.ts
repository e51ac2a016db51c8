/** How a web page gets in: links, keys, tokens and their ends, over real sockets. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { PageChallenge, PageCode, PageGrant, PageKeyList, PageToken } from "@threadfold/contracts/api"
import { Effect, Fiber, Runtime } from "effect"
import fc from "fast-check"
import { HttpServer } from "../../src/http/index.js"
import { pageKeysFile } from "../../src/http/page/PageKeys.js"
import { browserKey } from "./support/browserKey.js"
import { openSocket, requestText } from "./support/RawSocket.js"
import {
  AccessLines,
  call,
  callAs,
  callText,
  problemOfCall,
  serverOn,
  temporaryDirectory,
  testServer,
} from "./support/TestServer.js"

/** A call of a page, which has no token yet: a browser names where it comes from. */
const fromPage = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  Effect.map(
    HttpServer,
    ({ url }): RequestInit => ({
      method: "POST",
      body: JSON.stringify(body),
      headers: { authorization: "", origin: url, "content-type": "application/json", ...headers },
    }),
  )

const withToken = (token: string, init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: { ...init.headers, authorization: `Bearer ${token}` },
})

const newCode = Effect.map(callAs(PageCode, "/v1/page/codes", { method: "POST" }), ({ body }) => body.code)

/** Opens a new link in a browser with a key of its own. */
const openLink = (label = "Firefox on a test") =>
  Effect.gen(function* () {
    const key = yield* browserKey
    const code = yield* newCode
    const asked = yield* fromPage({ code, publicKey: key.publicKey, label })
    const { body, status } = yield* callAs(PageGrant, "/v1/page/exchange", asked)
    expect(status).toBe(201)
    return { ...key, ...body, code }
  })

/** What a page does when it is loaded again. */
const reload = ({ keyId, sign }: Effect.Effect.Success<ReturnType<typeof openLink>>) =>
  Effect.gen(function* () {
    const given = yield* callAs(PageChallenge, "/v1/page/challenges", yield* fromPage({ keyId }))
    const { challenge } = given.body
    const proof = yield* fromPage({ keyId, challenge, signature: yield* sign(challenge) })
    const { body, status } = yield* callAs(PageToken, "/v1/page/tokens", proof)
    expect([given.status, status]).toEqual([201, 201])
    return body.token
  })

describe("a web page", () => {
  it.live("gets in by a link, and after a reload by its key, also when the server was started again", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const first = yield* Effect.gen(function* () {
          const page = yield* openLink()
          expect((yield* call("/v1/threads", withToken(page.token))).status).toBe(200)
          const again = yield* reload(page)
          expect([again === page.token, (yield* call("/v1/threads", withToken(again))).status]).toEqual([false, 200])
          const { body } = yield* callAs(PageKeyList, "/v1/page/keys", withToken(again))
          expect(body.items).toMatchObject([{ keyId: page.keyId, label: "Firefox on a test" }])
          return page
        }).pipe(Effect.provide(serverOn(directory)))
        yield* Effect.gen(function* () {
          expect((yield* problemOfCall("/v1/threads", withToken(first.token))).slug).toBe("unauthorized")
          expect((yield* call("/v1/threads", withToken(yield* reload(first)))).status).toBe(200)
        }).pipe(Effect.provide(serverOn(directory)))
      }),
    ),
  )

  it.live("uses a link up, also when it is opened twice at once", () =>
    Effect.gen(function* () {
      const code = yield* newCode
      const opened = Effect.gen(function* () {
        const { publicKey } = yield* browserKey
        const { status, text } = yield* callText(
          "/v1/page/exchange",
          yield* fromPage({ code, publicKey, label: "Twice" }),
        )
        return `${status} ${/problem:([a-z-]+)/.exec(text)?.[1] ?? "in"}`
      })
      const both = yield* Effect.all([opened, opened, opened], { concurrency: "unbounded" })
      expect([...both].sort()).toEqual(["201 in", "403 page-code-ended", "403 page-code-ended"])
    }).pipe(Effect.provide(testServer())),
  )

  it.live("signs in from the server's own origin alone, and by JSON that is short and known", () =>
    Effect.gen(function* () {
      const { publicKey } = yield* browserKey
      const body = { code: yield* newCode, publicKey, label: "A" }
      const { url } = yield* HttpServer
      const send = (more: Partial<RequestInit>, headers: Readonly<Record<string, string>> = {}) =>
        Effect.map(
          Effect.flatMap(fromPage(body, headers), (init) => problemOfCall("/v1/page/exchange", { ...init, ...more })),
          ({ slug }) => slug,
        )
      const { origin: _none, ...noOrigin } = Object.fromEntries(new Headers((yield* fromPage(body)).headers))
      expect((yield* problemOfCall("/v1/page/exchange", { ...(yield* fromPage(body)), headers: noOrigin })).slug).toBe(
        "forbidden-origin",
      )
      expect(yield* send({}, { origin: "http://evil.example" })).toBe("forbidden-origin")
      expect(yield* send({}, { origin: "http://localhost:5173" })).toBe("forbidden-origin")
      expect(yield* send({}, { "content-type": "text/plain" })).toBe("unsupported-media-type")
      expect(yield* send({ body: JSON.stringify({ ...body, more: 1 }) })).toBe("invalid-request")
      expect(yield* send({ body: JSON.stringify({ ...body, label: "" }) })).toBe("invalid-request")
      expect(yield* send({ body: JSON.stringify({ ...body, label: "x".repeat(5_000) }) })).toBe("payload-too-large")
      const { d: _d, ...shown } = { ...publicKey, d: publicKey.x }
      expect(yield* send({ body: JSON.stringify({ ...body, publicKey: { ...shown, d: shown.x } }) })).toBe(
        "invalid-request",
      )
      expect(yield* send({ body: JSON.stringify({ ...body, publicKey: { ...shown, x: shown.y } }) })).toBe(
        "invalid-request",
      )
      // None of these has used the link up.
      expect((yield* call("/v1/page/exchange", yield* fromPage(body, { origin: url }))).status).toBe(201)
    }).pipe(Effect.provide(testServer({ allowedOrigins: ["http://localhost:5173"] }))),
  )

  it.live("gets no code and no list of keys without a token, and with its own both, but never the server's", () =>
    Effect.gen(function* () {
      for (const [method, path] of [
        ["POST", "/v1/page/codes"],
        ["GET", "/v1/page/keys"],
        ["DELETE", "/v1/page/keys/x"],
      ] as const) {
        const asked = problemOfCall(path, { method, headers: { authorization: "" } })
        expect([path, (yield* asked).slug]).toEqual([path, "unauthorized"])
      }
      const { token } = yield* HttpServer
      const page = yield* openLink()
      const code = yield* callText("/v1/page/codes", withToken(page.token, { method: "POST" }))
      const keys = yield* callText("/v1/page/keys", withToken(page.token))
      expect([code.status, keys.status]).toEqual([201, 200])
      expect(`${code.text} ${keys.text}`).not.toContain(token)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("that guesses is slowed down, and one that is right still gets in", () =>
    Effect.gen(function* () {
      const page = yield* openLink()
      const { publicKey } = page
      const wrong = Effect.flatMap(fromPage({ code: "x".repeat(43), publicKey, label: "A" }), (init) =>
        problemOfCall("/v1/page/exchange", init),
      )
      const answers = yield* Effect.forEach(Array.from({ length: 10 }), () => wrong)
      expect(new Set(answers.map(({ slug }) => slug))).toEqual(new Set(["page-code-ended", "too-many-requests"]))
      const slowed = answers.find(({ slug }) => slug === "too-many-requests")
      expect(Number(slowed?.headers.get("retry-after"))).toBeGreaterThan(0)
      yield* openLink()
      yield* reload(page)
    }).pipe(Effect.provide(testServer({ limits: { wrongTokensPerMinute: 2 } }))),
  )

  it.live("that sends anything else is refused for what it sends, and lives on", () =>
    Effect.gen(function* () {
      const page = yield* openLink()
      const words = fc.oneof(
        fc.string(),
        fc.constantFrom(page.keyId, page.code, page.token, page.publicKey.x, "x".repeat(86), "x".repeat(43)),
        fc.jsonValue(),
        fc.constant(page.publicKey),
        fc.record({
          kty: fc.constant("EC"),
          crv: fc.constant("P-256"),
          x: fc.constant("x".repeat(43)),
          y: fc.string(),
        }),
      )
      const names = ["code", "publicKey", "label", "keyId", "challenge", "signature", "__proto__"]
      const bodies = fc.oneof(
        fc.dictionary(fc.constantFrom(...names), words).map((body) => JSON.stringify(body)),
        fc.record({ keyId: words, challenge: words, signature: words }).map((body) => JSON.stringify(body)),
        fc.record({ code: words, publicKey: words, label: words }).map((body) => JSON.stringify(body)),
        fc.json(),
        fc.string({ unit: "binary" }),
      )
      const run = Runtime.runPromise(yield* Effect.runtime<HttpServer>())
      const template = yield* fromPage({})
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(bodies, fc.constantFrom("exchange", "tokens"), async (body, route) => {
            const { status } = await run(call(`/v1/page/${route}`, { ...template, body }))
            expect([400, 403, 404, 413, 415, 429]).toContain(status)
          }),
          { numRuns: 100 },
        ),
      )
      expect((yield* callAs(PageKeyList, "/v1/page/keys", withToken(page.token))).body.items.length).toBe(1)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("whose key is revoked loses its streams and its tokens at once, and keeps others in peace", () =>
    Effect.gen(function* () {
      const server = yield* HttpServer
      const page = yield* openLink()
      const other = yield* openLink("Other")
      const second = yield* reload(page)

      /** A stream that is open: what ends when it does. */
      const follow = (token: string) =>
        Effect.gen(function* () {
          const socket = yield* openSocket
          const closed = yield* Effect.fork(
            Effect.async<void>((resume) => void socket.once("close", () => resume(Effect.void))),
          )
          socket.write(
            requestText(server, "GET", "/v1/events", { authorization: `Bearer ${token}`, accept: "text/event-stream" }),
          )
          yield* Effect.async<void>((resume) => {
            const onData = (piece: Buffer) => {
              if (!piece.toString().includes("synced")) return
              socket.off("data", onData)
              resume(Effect.void)
            }
            socket.on("data", onData)
          })
          socket.resume()
          return { closed, socket }
        })
      const streams = [yield* follow(page.token), yield* follow(second)]
      const spared = [yield* follow(other.token), yield* follow(server.token)]

      // A page may revoke its own key: it is told so.
      const revoked = yield* call(`/v1/page/keys/${page.keyId}`, withToken(second, { method: "DELETE" }))
      expect(revoked.status).toBe(204)
      for (const { closed } of streams) yield* Fiber.join(closed)
      expect(spared.map(({ socket }) => socket.destroyed)).toEqual([false, false])
      for (const token of [page.token, second]) {
        expect((yield* problemOfCall("/v1/threads", withToken(token))).slug).toBe("unauthorized")
      }
      const asked = yield* problemOfCall("/v1/page/challenges", yield* fromPage({ keyId: page.keyId }))
      expect([asked.status, asked.slug]).toEqual([404, "page-key-unknown"])
      const again = yield* problemOfCall(`/v1/page/keys/${page.keyId}`, { method: "DELETE" })
      expect([again.status, again.slug]).toEqual([404, "page-key-unknown"])
      expect((yield* call("/v1/threads", withToken(other.token))).status).toBe(200)
    }).pipe(Effect.scoped, Effect.provide(testServer())),
  )

  it.live("leaves no code, token or proof in the access log or in the data directory", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        yield* Effect.gen(function* () {
          const page = yield* openLink()
          const token = yield* reload(page)
          yield* call(`/v1/page/keys/${page.keyId}`, withToken(token, { method: "DELETE" }))
          const lines = (yield* AccessLines).join("\n")
          expect(lines).toContain("/v1/page/exchange")
          const kept = readFileSync(pageKeysFile(directory), "utf8")
          for (const secret of [page.code, page.token, token]) {
            expect(lines).not.toContain(secret)
            expect(kept).not.toContain(secret)
          }
        }).pipe(Effect.provide(serverOn(directory)))
      }),
    ),
  )
})
