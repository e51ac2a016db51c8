/** Messages with images and files over HTTP: what they lead to, what is read for them, and what is refused before anything is stored. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { TurnDetail } from "@threadfold/contracts"
import { BlobView, PurgeView } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { hashOf, png, post } from "./support/images.js"
import { command, retireAll } from "./support/Managed.js"
import { testAgent } from "./support/TestOrchestration.js"
import {
  call,
  callAs,
  callText,
  problemOfCall,
  published,
  temporaryDirectory,
  testServer,
} from "./support/TestServer.js"

const json = (body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "content-type": "application/json", ...headers },
})

/** A thread in a folder with an image, a text, a directory and links, and a secret beside the folder. */
const threadInFolder = Effect.gen(function* () {
  const place = yield* temporaryDirectory
  const folder = join(place, "project")
  mkdirSync(join(folder, "src"), { recursive: true })
  writeFileSync(join(folder, "shot.png"), png)
  writeFileSync(join(folder, "src", "a.txt"), "some words")
  writeFileSync(join(folder, "fake.png"), '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
  writeFileSync(join(place, "secret.png"), png)
  symlinkSync(join(place, "secret.png"), join(folder, "link.png"))
  symlinkSync(place, join(folder, "out"))
  symlinkSync(join(folder, "shot.png"), join(folder, "inside.png"))
  const { body } = yield* command("POST", "/v1/threads", { agent: testAgent.name, cwd: folder })
  return { place, folder, threadId: body.threadId, path: `/v1/threads/${body.threadId}/messages` }
})

const turnOf = (turnId: string | null) => Effect.map(callAs(TurnDetail, `/v1/turns/${turnId}`), ({ body }) => body)
const isStored = (bytes: Uint8Array) => Effect.map(call(`/v1/blobs/${hashOf(bytes)}`), ({ status }) => status === 200)

const withServer = <A, E>(
  body: Effect.Effect<A, E, Effect.Effect.Context<typeof threadInFolder | ReturnType<typeof retireAll>>>,
) => Effect.scoped(Effect.provide(body, testServer()))

const image = { type: "image", hash: hashOf(png), mediaType: "image/png", size: png.length }

describe("a message with parts over HTTP", () => {
  it.live("brings images and files to its turn, and keeps what it read", () =>
    withServer(
      Effect.gen(function* () {
        const { folder, path } = yield* threadInFolder
        yield* callAs(BlobView, "/v1/blobs", post(png))
        const parts = [
          { type: "image", hash: hashOf(png) },
          { type: "image", path: "inside.png" },
          { type: "file", path: join(folder, "src/a.txt") },
          { type: "directory", path: "src" },
        ]
        const { body } = yield* command("POST", path, { text: "look", parts })
        const words = Buffer.from("some words")
        expect(yield* turnOf(body.turnId)).toMatchObject({
          text: "look",
          parts: [
            { type: "text", text: "look" },
            image,
            { ...image, path: "shot.png" },
            { type: "file", path: "src/a.txt", size: words.length, hash: hashOf(words) },
            { type: "directory", path: "src" },
          ],
        })
        expect(yield* isStored(words)).toBe(true)
      }),
    ),
  )

  it.live("gives a retry the first answer, also where its file is gone", () =>
    withServer(
      Effect.gen(function* () {
        const { folder, path } = yield* threadInFolder
        const body = { parts: [{ type: "image", path: "shot.png" }] }
        const first = yield* callText(path, json(body, { "idempotency-key": "one" }))
        rmSync(join(folder, "shot.png"))
        const again = yield* callText(path, json(body, { "idempotency-key": "one" }))
        expect([again.status, again.text]).toEqual([202, first.text])
      }),
    ),
  )

  it.live("is the same as its text where it is one text", () =>
    withServer(
      Effect.gen(function* () {
        const { path } = yield* threadInFolder
        const { body } = yield* command("POST", path, { parts: [{ type: "text", text: "hello" }] })
        expect(yield* turnOf(body.turnId)).toMatchObject({ text: "hello", parts: null })
      }),
    ),
  )

  it.live("is refused before anything is stored where a part is not what it must be", () =>
    withServer(
      Effect.gen(function* () {
        const { folder, path, place } = yield* threadInFolder
        const before = yield* published
        const cases: readonly (readonly [parts: unknown, slug: string])[] = [
          [[], "invalid-request"],
          [Array.from({ length: 10_000 }, () => ({ type: "text", text: "a" })), "invalid-request"],
          [Array.from({ length: 21 }, () => ({ type: "image", path: "shot.png" })), "invalid-request"],
          [[{ type: "text", text: "" }], "invalid-request"],
          [[{ type: "video", path: "a" }], "invalid-request"],
          [[{ type: "image" }], "invalid-request"],
          [[{ type: "image", hash: hashOf(png), path: "shot.png" }], "invalid-request"],
          [[{ type: "image", hash: "a" }], "invalid-request"],
          [[{ type: "image", hash: hashOf(png) }], "blob-not-found"],
          [[{ type: "image", path: "fake.png" }], "invalid-request"],
          [[{ type: "image", path: "none.png" }], "invalid-request"],
          [[{ type: "image", path: "src" }], "invalid-request"],
          [[{ type: "directory", path: "shot.png" }], "invalid-request"],
          [[{ type: "image", path: "../secret.png" }], "path-not-allowed"],
          [[{ type: "image", path: "src/../shot.png" }], "path-not-allowed"],
          [[{ type: "image", path: "link.png" }], "path-not-allowed"],
          [[{ type: "image", path: "out/secret.png" }], "path-not-allowed"],
          [[{ type: "file", path: join(place, "secret.png") }], "path-not-allowed"],
          [[{ type: "file", path: "/etc/passwd" }], "path-not-allowed"],
          [[{ type: "image", path: "shot.png\0.txt" }], "path-not-allowed"],
          [[{ type: "directory", path: "out" }], "path-not-allowed"],
          [[{ type: "skill", name: "pdf" }], "unsupported"],
          [
            [
              { type: "text", text: "a" },
              { type: "command", name: "review" },
            ],
            "invalid-request",
          ],
          [[{ type: "command", name: "/review" }], "invalid-request"],
          [
            [
              { type: "image", path: "shot.png" },
              { type: "skill", name: "pdf" },
            ],
            "unsupported",
          ],
        ]
        for (const [parts, slug] of cases) {
          const problem = yield* problemOfCall(path, json({ parts }))
          expect([JSON.stringify(parts).slice(0, 80), problem.slug]).toEqual([JSON.stringify(parts).slice(0, 80), slug])
        }
        expect((yield* problemOfCall(path, json({}))).slug).toBe("invalid-request")
        expect(yield* published).toBe(before)
        expect(yield* isStored(png)).toBe(false)
        writeFileSync(join(folder, "long.png"), Buffer.concat([png, Buffer.alloc(9 * 1024 * 1024)]))
        const long = yield* problemOfCall(path, json({ parts: [{ type: "image", path: "long.png" }] }))
        expect(long.slug).toBe("payload-too-large")
        expect(long.detail).toContain(
          `has ${png.length + 9 * 1024 * 1024} bytes; at most 8388608 are taken (\`messages.blobBytes\`)`,
        )
      }),
    ),
  )

  it.live("stores nothing of a message that its thread does not take", () =>
    withServer(
      Effect.gen(function* () {
        const { path } = yield* threadInFolder
        yield* command("POST", path, { text: "first" })
        const refused = json({ parts: [{ type: "image", path: "shot.png" }], mode: "start" })
        expect((yield* problemOfCall(path, refused)).slug).toBe("turn-active")
        expect(yield* isStored(png)).toBe(false)
      }),
    ),
  )

  it.live("goes with its thread: a purge removes the blob that no other thread has", () =>
    withServer(
      Effect.gen(function* () {
        const one = yield* threadInFolder
        const two = yield* threadInFolder
        const words = Buffer.from("some words")
        for (const { path } of [one, two]) {
          yield* command("POST", path, { parts: [{ type: "image", path: "shot.png" }] })
        }
        yield* command("POST", one.path, { parts: [{ type: "file", path: "src/a.txt" }] })
        const purged = (threadId: string) =>
          Effect.gen(function* () {
            const { body } = yield* command("POST", `/v1/threads/${threadId}/session/stop`)
            yield* retireAll(body.threadId)
            yield* callAs(PurgeView, `/v1/threads/${threadId}/purge`, { method: "POST" })
            for (;;) {
              const { body } = yield* callAs(PurgeView, `/v1/threads/${threadId}/purge`)
              if (body.status === "finished") return
              yield* Effect.sleep("10 millis")
            }
          })
        yield* purged(one.threadId)
        expect([yield* isStored(png), yield* isStored(words)]).toEqual([true, false])
        yield* purged(two.threadId)
        expect(yield* isStored(png)).toBe(false)
      }),
    ),
  )
})
