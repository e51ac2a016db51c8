/** Images and files of messages: stored by their bytes, read by their hash. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { isImageType } from "@threadfold/core"
import { Engine } from "@threadfold/engine"
import { Blobs, MessageLimits } from "@threadfold/orchestrator"
import { Effect } from "effect"
import { orProblem } from "../../problems/toProblem.js"
import { readBody, requireNoCoding } from "../node/body.js"
import { holds, plainAnswer } from "./jsonAnswer.js"

/** Nothing in a blob may run, also where it is opened as a page: some images are a page, too. */
const policy = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/** What an answer with a blob says of it. A purge must show at once: a copy is asked for again each time. */
const headersOf = (etag: string, mediaType: string): Readonly<Record<string, string>> => ({
  etag,
  "cache-control": "private, no-cache",
  "content-security-policy": policy,
  ...(isImageType(mediaType) ? {} : { "content-disposition": "attachment" }),
})

const imageOrFile = { what: "The image or file", setting: "messages.blobBytes" }

export const blobRoutes = HttpApiBuilder.group(Api, "blobs", (handlers) =>
  Effect.gen(function* () {
    const blobs = yield* Blobs
    const { blobBytes } = yield* MessageLimits
    const withProblems = orProblem(yield* Engine)
    return handlers
      .handleRaw("store", ({ request, urlParams: { sha256 = null } }) =>
        Effect.gen(function* () {
          yield* requireNoCoding(request)
          const bytes = yield* readBody(request, blobBytes, imageOrFile)
          if (bytes.length === 0) {
            return yield* new Problem({
              slug: "invalid-request",
              detail: "The body is empty: a blob has at least one byte.",
            })
          }
          const blob = yield* blobs.store(bytes, sha256)
          return HttpServerResponse.setStatus(plainAnswer(blob, { location: `/v1/blobs/${blob.hash}` }), 201)
        }).pipe(withProblems),
      )
      .handleRaw("get", ({ path: { hash }, request }) =>
        Effect.gen(function* () {
          const etag = `"${hash}"`
          const { bytes, mediaType } = yield* blobs.read(hash)
          if (holds(request, etag)) {
            return HttpServerResponse.empty({ status: 304, headers: headersOf(etag, mediaType) })
          }
          return HttpServerResponse.uint8Array(bytes, { contentType: mediaType, headers: headersOf(etag, mediaType) })
        }).pipe(withProblems),
      )
  }),
)
