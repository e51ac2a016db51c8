/** Uploads as they arrive: what is imported is the whole of a body. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, IncomingMessage, type ServerResponse } from "node:http"
import { Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import type { ImportReport } from "@threadfold/contracts"
import { Deferred, Effect, Fiber } from "effect"
import { type BodyFile, receiveBody } from "./upload.js"
import { uploadFile } from "./uploadFile.js"

const limits = { bytes: 1000, silentMs: 60_000, minFreeBytes: 0 }

/** A file whose disk takes the first piece at once and holds the second one back. */
const slowFile = Effect.gen(function* () {
  const isReached = yield* Deferred.make<void>()
  const mayGoOn = yield* Deferred.make<void>()
  const written: string[] = []
  let writes = 0
  const file: BodyFile = {
    write: async (piece: Buffer, from: number) => {
      if (++writes === 2) {
        Deferred.unsafeDone(isReached, Effect.void)
        await Effect.runPromise(Deferred.await(mayGoOn))
      }
      written.push(piece.toString("utf8", from))
      return { bytesWritten: piece.length - from }
    },
  }
  return { file, isReached, mayGoOn, written }
})

it.effect("a body whose end arrives before its last piece is written is whole all the same", () =>
  Effect.gen(function* () {
    const { file, isReached, mayGoOn, written } = yield* slowFile
    const message = new IncomingMessage(new Socket())
    for (const piece of ["one ", "two", null]) message.push(piece)
    const hasEnded = yield* Deferred.make<void>()
    message.on("end", () => Deferred.unsafeDone(hasEnded, Effect.void))
    const receiving = yield* Effect.fork(receiveBody(message, file, tmpdir(), limits))
    yield* Deferred.await(isReached)
    yield* Deferred.await(hasEnded)
    message.emit("close")
    yield* Effect.yieldNow()
    expect(receiving.unsafePoll()).toBe(null)
    yield* Deferred.succeed(mayGoOn, undefined)
    yield* Fiber.join(receiving)
    expect(written.join("")).toBe("one two")
  }),
)

describe("an upload to a server that has no room for it", () => {
  const busy = { type: "urn:threadfold:problem:too-many-requests", title: "x", status: 429, detail: "Full.", next: "x" }
  const report: ImportReport = {
    threads: [],
    events: 0,
    lines: 1,
    mapped: 1,
    kept: 0,
    unreadable: 0,
    unreadableLines: [],
  }

  /** A server that refuses so many calls, with the file that is sent to it. */
  const refusing = (times: number, status: number) =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-upload-"))),
        (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
      )
      const file = join(folder, "a.jsonl")
      writeFileSync(file, "{}\n")
      const bodies: string[] = []
      const server = createServer()
      const answer = (request: IncomingMessage, response: ServerResponse): void => {
        let body = ""
        request.setEncoding("utf8").on("data", (piece: string) => {
          body += piece
        })
        request.on("end", () => {
          bodies.push(body)
          response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(report))
        })
      }
      let refused = 0
      server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
        if (refused < times) {
          refused += 1
          response
            .writeHead(status, { "retry-after": "0", connection: "close" })
            .end(JSON.stringify({ ...busy, status }))
          return
        }
        response.writeContinue()
        answer(request, response)
      })
      yield* Effect.acquireRelease(
        Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
        () => Effect.async<void>((resume) => void server.close(() => resume(Effect.void))),
      )
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const to = { url: `http://127.0.0.1:${port}`, token: "t" }
      const upload = uploadFile(to, { file, source: "codex-rollout", leaveOpen: false, importId: "i" })
      return { upload, bodies, refusals: () => refused }
    })

  it.scopedLive("is made again, whole, as the server's Retry-After says", () =>
    Effect.gen(function* () {
      const { bodies, refusals, upload } = yield* refusing(3, 429)
      expect(yield* upload).toEqual(report)
      expect([refusals(), bodies]).toEqual([3, ["{}\n"]])
    }),
  )

  it.scopedLive("ends where the server refuses it for another reason", () =>
    Effect.gen(function* () {
      const { refusals, upload } = yield* refusing(3, 409)
      expect((yield* Effect.flip(upload)).detail).toBe("Full.")
      expect(refusals()).toBe(1)
    }),
  )
})
