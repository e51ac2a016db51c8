/** One recording through the API of a running server: the upload of a file, and the report that answers it. */
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { type IncomingMessage, request } from "node:http"
import { basename } from "node:path"
import { Readable } from "node:stream"
import { ImportReport } from "@threadfold/contracts"
import { Problem, ProblemDetails, slugOf } from "@threadfold/contracts/problem"
import type { Recording } from "@threadfold/imports"
import { Clock, Data, Effect, Schema, Stream } from "effect"
import type { Server } from "../offline/Place.js"
import { toProblem } from "../problems/toProblem.js"
import { regularFile } from "./fileRecording.js"

/** How a file is imported. */
export interface FileUpload {
  readonly file: string
  readonly source: string
  readonly leaveOpen: boolean
  readonly importId: string
  /** Of a bundle: the text that the ids of copies follow from. */
  readonly asCopy?: string
  /** The upload that the server keeps, and which bytes of the file are sent: those that it does not have. */
  readonly part?: { readonly uploadId: string; readonly from: number; readonly until: number }
  /** What to send where it is not the file itself. */
  readonly bytes?: Recording["bytes"]
}

interface Answer {
  readonly status: number
  readonly body: string
  /** When the server wants to be asked again, s; null: it does not say. */
  readonly retryAfterS: number | null
}

/** The server has no room for the import now. */
class Busy extends Data.TaggedError("Busy")<{ readonly problem: Problem; readonly afterMs: number }> {}

/** A server without room is asked again for so long, ms, each time after as long as it says and at most this. */
const patienceMs = 30 * 60_000
const longestPauseMs = 60_000

const decodeReport = Schema.decodeUnknown(Schema.parseJson(ImportReport))
const decodeProblem = Schema.decodeUnknown(Schema.parseJson(ProblemDetails))

const noAnswer = ({ url }: Server, why: string) =>
  new Problem({ slug: "unavailable", detail: `${url} does not answer as it should: ${why}.` })

const unreadable = (file: string, why: string) =>
  new Problem({ slug: "recording-not-found", detail: `${file}: ${why}.` })

const wholeBody = (response: IncomingMessage, done: (body: string) => void): void => {
  let body = ""
  response.setEncoding("utf8").on("data", (piece: string) => {
    body += piece
  })
  response.on("end", () => done(body))
}

/** What is sent. */
interface Sent {
  readonly open: () => Readable
  /** Its length, bytes; null: not known before it is sent. */
  readonly size: number | null
  /** What the call says of the part of an upload that it is. */
  readonly part: Readonly<Record<string, string>>
}

const pieceBytes = 256 * 1024

/** SHA-256 of the first bytes of a file, hex: as they are now, so that a file that was written anew is found. */
const prefixOf = (file: string, bytes: number): Effect.Effect<string, Problem> =>
  Effect.tryPromise({
    try: async () => {
      const hash = createHash("sha256")
      for await (const piece of createReadStream(file, { end: bytes - 1, highWaterMark: pieceBytes }))
        hash.update(piece)
      return hash.digest("hex")
    },
    catch: (error) => unreadable(file, error instanceof Error ? error.message : String(error)),
  })

const sentOf = ({ bytes, file, part }: FileUpload): Effect.Effect<Sent, Problem> => {
  if (bytes !== undefined) {
    return Effect.succeed({ open: () => Readable.from(Stream.toAsyncIterable(bytes)), size: null, part: {} })
  }
  return Effect.gen(function* () {
    const found = yield* Effect.mapError(regularFile(file), toProblem)
    const size = Math.min(part?.until ?? found.size, found.size)
    const from = Math.min(part?.from ?? 0, size)
    const prefix: Readonly<Record<string, string>> =
      from === 0 ? {} : { from: String(from), prefix: yield* prefixOf(file, from) }
    return {
      // A recording that is still being written grows meanwhile: what was announced is sent.
      open: () =>
        size === from
          ? Readable.from([])
          : createReadStream(file, { start: from, end: size - 1, highWaterMark: pieceBytes }),
      size: size - from,
      part: part === undefined ? {} : { upload: part.uploadId, ...prefix },
    }
  })
}

/** Sends a file that is not read before the server asks for it: one that refuses the call is heard at once. */
const send = (server: Server, upload: FileUpload, { open, part, size }: Sent): Effect.Effect<Answer, Problem> =>
  Effect.async<Answer, Problem>((resume) => {
    const { asCopy, file, importId, leaveOpen, source } = upload
    const url = new URL("/v1/imports", server.url)
    for (const [name, value] of Object.entries({
      source,
      importId,
      name: basename(file),
      leaveOpen: String(leaveOpen),
      ...(asCopy === undefined ? {} : { asCopy }),
      ...part,
    })) {
      url.searchParams.set(name, value)
    }
    const call = request(url, {
      method: "POST",
      agent: false,
      headers: {
        authorization: `Bearer ${server.token}`,
        "content-type": "application/x-ndjson",
        ...(size === null ? {} : { "content-length": size }),
        expect: "100-continue",
      },
    })
    call.once("continue", () => {
      const bytes = open()
      bytes.once("error", (error: Error) => {
        resume(unreadable(file, error.message))
        call.destroy()
      })
      call.once("close", () => bytes.destroy())
      bytes.pipe(call)
    })
    call.once("response", (response) => {
      const { headers, statusCode = 0 } = response
      const seconds = Number(headers["retry-after"] ?? Number.NaN)
      const retryAfterS = Number.isFinite(seconds) && seconds >= 0 ? seconds : null
      response.once("error", (error) => resume(noAnswer(server, error.message)))
      wholeBody(response, (body) => resume(Effect.succeed({ status: statusCode, body, retryAfterS })))
    })
    call.once("error", (error) => resume(noAnswer(server, error.message)))
    call.flushHeaders()
    return Effect.sync(() => call.destroy())
  })

const uploadOnce = (server: Server, upload: FileUpload): Effect.Effect<ImportReport, Problem | Busy> =>
  Effect.gen(function* () {
    const { file } = upload
    const { body, retryAfterS, status } = yield* send(server, upload, yield* sentOf(upload))
    if (status !== 200) {
      const { detail, type } = yield* Effect.mapError(decodeProblem(body), () => noAnswer(server, `status ${status}`))
      const problem = new Problem({ slug: slugOf(type) ?? "unavailable", detail })
      return yield* status === 429
        ? new Busy({ problem, afterMs: Math.min((retryAfterS ?? 1) * 1_000, longestPauseMs) })
        : problem
    }
    const report = yield* Effect.mapError(decodeReport(body), ({ message }) => noAnswer(server, message))
    // The server has the name alone; the message names the path that was given.
    return { ...report, unreadableLines: report.unreadableLines.map((line) => ({ ...line, file })) }
  })

/**
 * Uploads a file and waits for the end of its import, however long that takes. A server that has no room for it now is asked again, as
 * its `Retry-After` says, for half an hour. Interruption stops the import. Fails with the server's problem, `recording-not-found` or
 * `unavailable`.
 */
export const uploadFile = (server: Server, upload: FileUpload): Effect.Effect<ImportReport, Problem> =>
  Effect.gen(function* () {
    const until = (yield* Clock.currentTimeMillis) + patienceMs
    const again = (): Effect.Effect<ImportReport, Problem> =>
      Effect.catchTag(uploadOnce(server, upload), "Busy", ({ afterMs, problem }) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          now + afterMs > until ? problem : Effect.delay(Effect.suspend(again), afterMs),
        ),
      )
    return yield* again()
  })
