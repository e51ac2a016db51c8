/** Blobs over HTTP: what is stored of which bytes, and how it is served. */
import { describe, expect, it } from "@effect/vitest"
import { connect } from "@threadfold/client"
import { BlobView } from "@threadfold/contracts/api"
import { MessageLimits } from "@threadfold/orchestrator"
import { Effect, Layer } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { hashOf, png, post } from "./support/images.js"
import { requestText, say, verdictOf } from "./support/RawSocket.js"
import { call, callAs, callText, problemOfCall, testServer } from "./support/TestServer.js"

const store = (body: Uint8Array, query = "") => callAs(BlobView, `/v1/blobs${query}`, post(body))

const bytesOf = (hash: string) =>
  Effect.flatMap(call(`/v1/blobs/${hash}`), (response) =>
    Effect.map(
      Effect.promise(() => response.arrayBuffer()),
      (bytes) => ({ bytes: Buffer.from(bytes), headers: response.headers, status: response.status }),
    ),
  )

const withServer = <A, E>(body: Effect.Effect<A, E, HttpServer>, limits: Partial<typeof MessageLimits.Service> = {}) =>
  Effect.gen(function* () {
    const given = { ...(yield* MessageLimits), ...limits }
    return yield* Effect.scoped(
      Effect.provide(body, testServer().pipe(Layer.provideMerge(Layer.succeed(MessageLimits, given)))),
    )
  })

describe("blobs over HTTP", () => {
  it.live("keep the very bytes once, under their hash, also where two calls bring them at a time", () =>
    withServer(
      Effect.gen(function* () {
        const [one, two] = yield* Effect.all([store(png), store(png, `?sha256=${hashOf(png)}`)], {
          concurrency: "unbounded",
        })
        expect([one.status, two.status]).toEqual([201, 201])
        expect(one.body).toMatchObject({ hash: hashOf(png), mediaType: "image/png", size: png.length })
        expect(two.body).toEqual(one.body)
        expect(one.headers.get("location")).toBe(`/v1/blobs/${hashOf(png)}`)
        const got = yield* bytesOf(hashOf(png))
        expect(got.bytes.equals(png)).toBe(true)
        expect(got.headers.get("content-type")).toBe("image/png")
        const etag = got.headers.get("etag") ?? ""
        const again = yield* callText(`/v1/blobs/${hashOf(png)}`, { headers: { "if-none-match": etag } })
        expect([again.status, again.text]).toEqual([304, ""])
      }),
    ),
  )

  it.live("are stored and read by the client", () =>
    withServer(
      Effect.gen(function* () {
        const client = connect(yield* HttpServer)
        const { hash } = yield* Effect.promise(() => client.storeBlob(png))
        expect(hash).toBe(hashOf(png))
        expect(Buffer.from(yield* Effect.promise(() => client.readBlob(hash))).equals(png)).toBe(true)
        const missing = yield* Effect.promise(() => client.readBlob("0".repeat(64)).catch((error: unknown) => error))
        expect(missing).toMatchObject({ slug: "blob-not-found" })
      }),
    ),
  )

  it.live("are served as what their bytes are, whatever their sender calls them", () =>
    withServer(
      Effect.gen(function* () {
        const hostile = [
          '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
          "<!doctype html><script>alert(1)</script>",
          "GIF89a/*<html><script>alert(1)</script>*/=1;alert(1)",
        ]
        for (const text of hostile) {
          const bytes = Buffer.from(text)
          yield* store(bytes)
          const { headers } = yield* bytesOf(hashOf(bytes))
          const isGif = text.startsWith("GIF")
          expect(headers.get("content-type")).toBe(isGif ? "image/gif" : "application/octet-stream")
          expect(headers.get("content-disposition")).toBe(isGif ? null : "attachment")
          expect(headers.get("x-content-type-options")).toBe("nosniff")
          expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*sandbox/)
        }
      }),
    ),
  )

  it.live("keep nothing of a body that is not what its caller says, is empty, too long, packed or cut off", () =>
    withServer(
      Effect.gen(function* () {
        const problems = [
          yield* problemOfCall(`/v1/blobs?sha256=${"0".repeat(64)}`, post(png)),
          yield* problemOfCall("/v1/blobs?sha256=abc", post(png)),
          yield* problemOfCall("/v1/blobs", { method: "POST" }),
          yield* problemOfCall("/v1/blobs", post(Buffer.alloc(1_025))),
          yield* problemOfCall("/v1/blobs", post(png, { "content-encoding": "gzip" })),
        ]
        expect(problems.map(({ slug, status }) => [status, slug])).toEqual([
          [400, "blob-mismatch"],
          [400, "invalid-request"],
          [400, "invalid-request"],
          [413, "payload-too-large"],
          [415, "unsupported-media-type"],
        ])
        const limit = "The image or file has 1025 bytes; at most 1024 are taken (`messages.blobBytes`)."
        expect(problems[3]?.detail).toBe(limit)
        const server = yield* HttpServer
        const half = png.subarray(0, 40).toString("latin1")
        const cut = yield* say(
          requestText(server, "POST", "/v1/blobs", { "content-length": String(png.length) }, half),
          true,
        )
        expect(verdictOf(cut)).toEqual({ status: 400, slug: "invalid-request" })
        for (const bytes of [png, Buffer.alloc(1_025), png.subarray(0, 40), Buffer.alloc(0)]) {
          expect((yield* problemOfCall(`/v1/blobs/${hashOf(bytes)}`)).slug).toBe("blob-not-found")
        }
        expect((yield* problemOfCall("/v1/blobs/..%2f..%2fetc%2fpasswd")).slug).toBe("blob-not-found")
      }),
      { blobBytes: 1_024 },
    ),
  )

  it.live("are refused while too many wait for a message, but for those that are there", () =>
    withServer(
      Effect.gen(function* () {
        yield* store(Buffer.from("first"))
        yield* store(Buffer.from("other"))
        expect((yield* problemOfCall("/v1/blobs", post(Buffer.from("third")))).slug).toBe("blobs-full")
        expect((yield* store(Buffer.from("first"))).status).toBe(201)
        expect((yield* problemOfCall(`/v1/blobs/${hashOf(Buffer.from("third"))}`)).slug).toBe("blob-not-found")
      }),
      { unusedBytes: 10 },
    ),
  )
})
