/** One recording through the API of a running server: the upload of a file, and the report that answers it. */
import { createReadStream } from "node:fs"
import { type IncomingMessage, request } from "node:http"
import { basename } from "node:path"
import { Readable } from "node:stream"
import { ImportReport } from "@threadfold/contracts"
import { slugOf } from "@threadfold/contracts/api"
import { Problem, ProblemDetails } from "@threadfold/contracts/problem"
import { Effect, Schema } from "effect"
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
}

interface Answer {
  readonly status: number
  readonly body: string
}

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

/** Sends a file that is not read before the server asks for it: one that refuses the call is heard at once. */
const send = (server: Server, upload: FileUpload, size: number): Effect.Effect<Answer, Problem> =>
  Effect.async<Answer, Problem>((resume) => {
    const { asCopy, file, importId, leaveOpen, source } = upload
    const url = new URL("/v1/imports", server.url)
    for (const [name, value] of Object.entries({
      source,
      importId,
      name: basename(file),
      leaveOpen: String(leaveOpen),
      ...(asCopy === undefined ? {} : { asCopy }),
    })) {
      url.searchParams.set(name, value)
    }
    const call = request(url, {
      method: "POST",
      agent: false,
      headers: {
        authorization: `Bearer ${server.token}`,
        "content-type": "application/x-ndjson",
        "content-length": size,
        expect: "100-continue",
      },
    })
    call.once("continue", () => {
      // A recording that is still being written grows meanwhile: what was announced is sent.
      const bytes =
        size === 0 ? Readable.from([]) : createReadStream(file, { end: size - 1, highWaterMark: 256 * 1024 })
      bytes.once("error", (error: Error) => {
        resume(unreadable(file, error.message))
        call.destroy()
      })
      call.once("close", () => bytes.destroy())
      bytes.pipe(call)
    })
    call.once("response", (response) => {
      const { statusCode = 0 } = response
      response.once("error", (error) => resume(noAnswer(server, error.message)))
      wholeBody(response, (body) => resume(Effect.succeed({ status: statusCode, body })))
    })
    call.once("error", (error) => resume(noAnswer(server, error.message)))
    call.flushHeaders()
    return Effect.sync(() => call.destroy())
  })

/**
 * Uploads a file and waits for the end of its import, however long that takes. Interruption stops the import. Fails with the
 * server's problem, `recording-not-found` or `unavailable`.
 */
export const uploadFile = (server: Server, upload: FileUpload): Effect.Effect<ImportReport, Problem> =>
  Effect.gen(function* () {
    const { file } = upload
    const { size } = yield* Effect.mapError(regularFile(file), toProblem)
    const { body, status } = yield* send(server, upload, size)
    if (status !== 200) {
      const { detail, type } = yield* Effect.mapError(decodeProblem(body), () => noAnswer(server, `status ${status}`))
      return yield* new Problem({ slug: slugOf(type) ?? "unavailable", detail })
    }
    const report = yield* Effect.mapError(decodeReport(body), ({ message }) => noAnswer(server, message))
    // The server has the name alone; the message names the path that was given.
    return { ...report, unreadableLines: report.unreadableLines.map((line) => ({ ...line, file })) }
  })
