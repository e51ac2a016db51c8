/** Imports of recordings: the body is looked at only when the call is known to be sensible and there is a place. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Api, ImportFromRoot, type ImportParams, type ImportView } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { beginningOf, fitting } from "@threadfold/core/model"
import { Engine } from "@threadfold/engine"
import { Ids } from "@threadfold/orchestrator"
import { Clock, Effect } from "effect"
import { bundleSource } from "../../imports/bundles.js"
import { ImportJobs } from "../../imports/ImportJobs.js"
import { ImportSettings } from "../../imports/ImportSettings.js"
import { KeptUploads, type UploadPart } from "../../imports/KeptUploads.js"
import { rootedRecording } from "../../imports/rootedRecording.js"
import { uploadedRecording } from "../../imports/upload.js"
import { HttpLimits } from "../HttpLimits.js"
import { gzip, json, ndjson, readBody, requireMediaType } from "../node/body.js"
import { answer } from "./jsonAnswer.js"
import { decodeBody, readJsonBody } from "./requestBody.js"

/** Entries of each list of a report that the list of imports shows. */
const shownEntries = 5
/** Longest name of a line's fault that it shows, bytes. */
const problemBytes = 256

/** An import as the list of imports shows it. */
const shortened = ({ report, ...view }: ImportView): ImportView => ({
  ...view,
  report: report && {
    ...report,
    threads: report.threads.slice(0, shownEntries),
    unreadableLines: report.unreadableLines
      .slice(0, shownEntries)
      .map((one) => ({ ...one, problem: beginningOf(one.problem, problemBytes) })),
    ...(report.unreadableFiles === undefined ? {} : { unreadableFiles: report.unreadableFiles.slice(0, shownEntries) }),
    ...(report.bodies === undefined
      ? {}
      : { bodies: { ...report.bodies, problems: report.bodies.problems.slice(0, shownEntries) } }),
  },
})

export const importRoutes = HttpApiBuilder.group(Api, "imports", (handlers) =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const { requestMs, smallBodyBytes } = yield* HttpLimits
    const { directory, root, uploadBytes } = yield* ImportSettings
    const jobs = yield* ImportJobs
    const ids = yield* Ids
    const kept = yield* KeptUploads

    /** The recording that is the body. */
    const uploaded = (
      request: HttpServerRequest.HttpServerRequest,
      name = "upload",
      part: UploadPart | null = null,
    ) => ({
      name,
      recording: Effect.flatMap(engine.storage, ({ space }) => {
        const message = NodeHttpServerRequest.toIncomingMessage(request)
        const limits = { bytes: uploadBytes, silentMs: requestMs, minFreeBytes: space?.minFreeBytes ?? 0 }
        return part === null
          ? uploadedRecording(message, name, directory, limits)
          : kept.recording(message, name, part, limits)
      }),
    })

    /** The upload that the body is a part of, or null. */
    const partOf = (
      { from = 0, prefix, upload }: typeof ImportParams.Type,
      type: string,
    ): Effect.Effect<UploadPart | null, Problem> => {
      const refused = (detail: string) => new Problem({ slug: "invalid-request", detail })
      if (upload === undefined) {
        return from > 0 || prefix !== undefined
          ? refused("from and prefix are not taken here: they go with upload.")
          : Effect.succeed(null)
      }
      if (type !== ndjson) return refused(`upload is not taken here: the body is not ${ndjson}.`)
      if (from > 0 !== (prefix !== undefined)) return refused("from and prefix go together.")
      return Effect.succeed({ uploadId: upload, from, prefix: prefix ?? null })
    }

    /** The recording that the body names. */
    const named = (request: HttpServerRequest.HttpServerRequest, givenName: string | undefined) =>
      Effect.gen(function* () {
        const body = yield* readJsonBody((yield* readBody(request, smallBodyBytes)).toString("utf8"))
        const { path } = yield* decodeBody(ImportFromRoot, body)
        const name = givenName ?? path
        const recording = Effect.flatMap(engine.storage, ({ space }) =>
          rootedRecording(root, path, name, { directory, minFreeBytes: space?.minFreeBytes ?? 0 }),
        )
        return { name, recording }
      })

    return handlers
      .handleRaw("create", ({ request, urlParams }) =>
        Effect.gen(function* () {
          const type = yield* requireMediaType(request, [ndjson, json, gzip])
          const {
            importId = ids.next(yield* Clock.currentTimeMillis),
            asCopy = null,
            leaveOpen = false,
            name,
            source = type === gzip ? bundleSource : null,
          } = urlParams
          const part = yield* partOf(urlParams, type)
          const from = type === json ? yield* named(request, name) : uploaded(request, name, part)
          const report = yield* jobs.run({ importId, name: from.name, source, leaveOpen, asCopy }, from.recording)
          return answer(report, engine.log.published(), { location: `/v1/imports/${importId}` })
        }),
      )
      .handle("list", () =>
        Effect.map(jobs.list, (all) => {
          const items = all.map(shortened)
          const shown = items.slice(0, fitting(items))
          return { items: shown, more: shown.length < items.length }
        }),
      )
      .handle("get", ({ path }) => jobs.get(path.importId))
  }),
)
