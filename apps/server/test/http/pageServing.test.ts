/** The web page as it is served: its files, addresses, headers, codings, and what is said where none was built. */
import { createHash } from "node:crypto"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { brotliCompressSync, brotliDecompressSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { openSocket, readAll, requestText } from "./support/RawSocket.js"
import { AccessLines, temporaryDirectory, testServer } from "./support/TestServer.js"

const html = "<!doctype html><title>A page</title>"
const script = `console.log(${JSON.stringify("x".repeat(20_000))})`
const style = ":root { color-scheme: light dark }"

/** A build of a page, as the inspector makes it. */
const writeBuild = (folder: string): void => {
  mkdirSync(join(folder, "assets"), { recursive: true })
  const files = [
    ["page-A1.js", script, "text/javascript; charset=utf-8", true],
    ["page-B2.css", style, "text/css; charset=utf-8", false],
  ] as const
  for (const [name, text, , isCoded] of files) {
    const path = join(folder, "assets", name)
    writeFileSync(path, text)
    if (!isCoded) continue
    writeFileSync(`${path}.br`, brotliCompressSync(text))
  }
  // There, and not in the list.
  writeFileSync(join(folder, "assets", "secret.js"), "secret")
  writeFileSync(join(folder, "index.html"), html)
  const assets = files.map(([name, text, type]) => [
    `/assets/${name}`,
    { type, bytes: text.length, sha256: createHash("sha256").update(text).digest("hex") },
  ])
  const list = { entry: "index.html", assets: Object.fromEntries(assets), worker: "/assets/page-A1.js" }
  writeFileSync(join(folder, "page.json"), JSON.stringify(list))
}

/** A server with a built page, and the folder of the build. */
const serverWith = (prepare: (folder: string) => void) =>
  Layer.unwrapScoped(
    Effect.map(temporaryDirectory, (folder) => {
      prepare(folder)
      return testServer({ pageFolder: folder, allowedOrigins: ["http://localhost:5173"] })
    }),
  )

/** A call without a token: status, headers by their names, lower case, and bytes as they came. */
const visit = (target: string, headers: Readonly<Record<string, string>> = {}, method = "GET") =>
  Effect.gen(function* () {
    const server = yield* HttpServer
    const socket = yield* openSocket
    const pieces: Buffer[] = []
    socket.on("data", (piece: Buffer) => pieces.push(piece))
    const all = readAll(socket)
    socket.write(requestText(server, method, target, { authorization: null, ...headers }))
    yield* all
    const bytes = Buffer.concat(pieces)
    const end = bytes.indexOf("\r\n\r\n")
    const [first = "", ...lines] = bytes.subarray(0, end).toString().split("\r\n")
    const fields = lines.map((line) => [line.split(":", 1)[0]?.toLowerCase(), line.replace(/^[^:]*: ?/, "")])
    const head: Readonly<Record<string, string>> = Object.fromEntries(fields)
    return { status: Number(first.split(" ")[1]), head, body: bytes.subarray(end + 4) }
  }).pipe(Effect.scoped)

const browser = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" }

describe("the web page", () => {
  it.live("is one document at all of its addresses, with a policy under which only its own files run", () =>
    Effect.gen(function* () {
      for (const target of [
        "/",
        "/threads",
        "/threads/01a1f87e?at=5",
        "/inbox",
        "/log",
        "/system",
        "/not/yet/a/view",
      ]) {
        const { body, head, status } = yield* visit(target, browser)
        expect([target, status, body.toString()]).toEqual([target, 200, html])
        expect(head).toMatchObject({
          "content-type": "text/html; charset=utf-8",
          "content-length": String(html.length),
          "cache-control": "no-store",
          "x-content-type-options": "nosniff",
          "referrer-policy": "no-referrer",
          "cross-origin-opener-policy": "same-origin",
          "cross-origin-resource-policy": "same-origin",
        })
        const policy = head["content-security-policy"] ?? ""
        expect(policy).toContain("default-src 'none'; script-src 'self'")
        expect(policy).toContain("require-trusted-types-for 'script'; trusted-types threadfold")
        expect(policy).not.toContain("unsafe")
      }
      expect((yield* visit("/")).body.toString()).toBe(html)
      const seen = yield* visit("/inbox", { ...browser, "if-none-match": (yield* visit("/")).head.etag ?? "" })
      expect([seen.status, seen.body.length]).toEqual([304, 0])
      expect((yield* visit("/", { "if-none-match": '"another"' })).status).toBe(200)
      const asked = yield* visit("/", browser, "HEAD")
      expect([asked.status, asked.head["content-length"], asked.body.length]).toEqual([200, String(html.length), 0])
    }).pipe(Effect.provide(serverWith(writeBuild))),
  )

  it.live("shadows no route, and is nothing for programs but at /", () =>
    Effect.gen(function* () {
      const statuses = yield* Effect.forEach(
        ["/v1/threads", "/v1/nothing", "/v1", "/readyz", "/metrics", "/metrics/more", "/assets"],
        (target) => Effect.map(visit(target, browser), ({ status }) => [target, status]),
      )
      for (const [target, status] of statuses) expect([target, status]).toEqual([target, 401])
      expect((yield* visit("/docs", browser)).body.toString()).toContain("swagger")
      expect((yield* visit("/openapi.json", browser)).head["content-type"]).toContain("application/json")
      expect((yield* visit("/livez", browser)).body.toString()).toContain('"ok"')
      expect((yield* visit("/threads", { accept: "application/json" })).status).toBe(401)
      expect((yield* visit("/threads", browser, "POST")).status).toBe(401)
      expect((yield* visit("/", browser, "POST")).status).toBe(405)
      expect((yield* visit("/threads", { ...browser, host: "evil.example" })).status).toBe(403)
      // A stranger's look leaves no line: nothing was refused.
      expect((yield* AccessLines).filter((line) => line.includes('"path":"/inbox"'))).toEqual([])
    }).pipe(Effect.provide(serverWith(writeBuild))),
  )

  it.live("has files that are kept for good, in the coding that the browser takes", () =>
    Effect.gen(function* () {
      const asked = (coding: string, method = "GET") =>
        visit("/assets/page-A1.js", { "accept-encoding": coding }, method)
      for (const [coding, expected] of [
        ["gzip, deflate, br, zstd", "br"],
        ["br;q=0.0, gzip;q=0", undefined],
        ["identity", undefined],
        ["", undefined],
      ] as const) {
        const { body, head, status } = yield* asked(coding)
        expect([coding, status, head["content-encoding"]]).toEqual([coding, 200, expected])
        const text = expected === "br" ? brotliDecompressSync(body) : body
        expect(text.toString()).toBe(script)
        expect(head).toMatchObject({
          "content-type": "text/javascript; charset=utf-8",
          "content-length": String(body.length),
          "cache-control": "public, max-age=31536000, immutable",
          "x-content-type-options": "nosniff",
        })
        expect(head["content-security-policy"]).toContain("script-src 'self'")
        expect(head.vary?.toLowerCase()).toContain("accept-encoding")
      }
      // In another coding it goes out as every large answer does.
      for (const coding of ["gzip", "br;q=0, *"]) {
        expect([coding, (yield* asked(coding)).head["content-encoding"]]).toEqual([coding, "gzip"])
      }
      const [whole, head] = [yield* asked("br"), yield* asked("br", "HEAD")]
      expect([head.status, head.body.length, head.head["content-length"]]).toEqual([200, 0, String(whole.body.length)])
      const sheet = yield* visit("/assets/page-B2.css", { "accept-encoding": "br" })
      expect([sheet.body.toString(), sheet.head["content-type"]]).toEqual([style, "text/css; charset=utf-8"])
      const other = yield* visit("/assets/page-B2.css", { origin: "http://localhost:5173" })
      expect(other.head["access-control-allow-origin"]).toBe("http://localhost:5173")
    }).pipe(Effect.provide(serverWith(writeBuild))),
  )

  it.live("gives out what its list names and nothing else", () =>
    Effect.gen(function* () {
      for (const name of [
        "secret.js",
        "page-A1.js.br",
        "../index.html",
        "../page.json",
        "..%2fpage.json",
        "%2e%2e/page.json",
        "page-A1.js/",
        "",
        "__proto__",
        "constructor",
      ]) {
        const { body, status } = yield* visit(`/assets/${name}`, browser)
        expect([name, status]).toEqual([name, 404])
        expect(body.toString()).toContain("urn:threadfold:problem:not-found")
      }
    }).pipe(Effect.provide(serverWith(writeBuild))),
  )

  it.live("stays what it was when it is built again under a running server", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const folder = yield* temporaryDirectory
        writeBuild(folder)
        yield* Effect.gen(function* () {
          expect((yield* visit("/")).body.toString()).toBe(html)
          rmSync(folder, { recursive: true })
          expect((yield* visit("/assets/page-A1.js")).body.toString()).toBe(script)
        }).pipe(Effect.provide(testServer({ pageFolder: folder })))
      }),
    ),
  )

  for (const [what, prepare] of [
    ["was not built", () => undefined],
    [
      "was copied by half",
      (folder: string) => {
        writeBuild(folder)
        writeFileSync(join(folder, "assets", "page-A1.js"), script.slice(1))
      },
    ],
    [
      "lists files outside of it",
      (folder: string) => {
        writeBuild(folder)
        const file = { type: "text/plain", bytes: 0, sha256: "" }
        writeFileSync(
          join(folder, "page.json"),
          JSON.stringify({ entry: "index.html", assets: { "/assets/../../token": file } }),
        )
      },
    ],
  ] as const) {
    it.live(`that ${what} is replaced by how to build it`, () =>
      Effect.gen(function* () {
        const { body, head, status } = yield* visit("/", browser)
        expect(status).toBe(200)
        expect(body.toString()).toContain("npm run setup")
        expect(head["content-security-policy"]).toContain("default-src 'none'; frame-ancestors 'none'")
        const deep = yield* visit("/threads/1", browser)
        expect([deep.status, deep.body.toString()]).toEqual([404, body.toString()])
        expect((yield* visit("/assets/page-A1.js", browser)).status).toBe(404)
      }).pipe(Effect.provide(serverWith(prepare))),
    )
  }
})
