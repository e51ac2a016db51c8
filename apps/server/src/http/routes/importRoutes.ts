/** Imports of recordings: the body is looked at only when the call is known to be sensible and there is a place. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Api, ImportFromRoot } from "@threadfold/contracts/api"
import { Engine } from "@threadfold/engine"
import { Ids } from "@threadfold/orchestrator"
import { Clock, Effect } from "effect"
import { bundleSource } from "../../imports/bundles.js"
import { ImportJobs } from "../../imports/ImportJobs.js"
import { ImportSettings } from "../../imports/ImportSettings.js"
import { rootedRecording } from "../../imports/rootedRecording.js"
import { uploadedRecording } from "../../imports/upload.js"
import { HttpLimits } from "../HttpLimits.js"
import { gzip, json, ndjson, readBody, requireMediaType } from "../node/body.js"
import { answer } from "./jsonAnswer.js"
import { decodeBody, readJsonBody } from "./requestBody.js"

export const importRoutes = HttpApiBuilder.group(Api, "imports", (handlers) =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const { requestMs, smallBodyBytes } = yield* HttpLimits
    const { directory, root, uploadBytes } = yield* ImportSettings
    const jobs = yield* ImportJobs
    const ids = yield* Ids

    /** The recording that is the body. */
    const uploaded = (request: HttpServerRequest.HttpServerRequest, name = "upload") => ({
      name,
      recording: Effect.flatMap(engine.storage, ({ space }) =>
        uploadedRecording(NodeHttpServerRequest.toIncomingMessage(request), name, directory, {
          bytes: uploadBytes,
          silentMs: requestMs,
          minFreeBytes: space?.minFreeBytes ?? 0,
        }),
      ),
    })

    /** The recording that the body names. */
    const named = (request: HttpServerRequest.HttpServerRequest, givenName: string | undefined) =>
      Effect.gen(function* () {
        const body = yield* readJsonBody((yield* readBody(request, smallBodyBytes)).toString("utf8"))
        const { path } = yield* decodeBody(ImportFromRoot, body)
        const name = givenName ?? path
        return { name, recording: rootedRecording(root, path, name) }
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
          const from = type === json ? yield* named(request, name) : uploaded(request, name)
          const report = yield* jobs.run({ importId, name: from.name, source, leaveOpen, asCopy }, from.recording)
          return answer(report, engine.log.published(), { location: `/v1/imports/${importId}` })
        }),
      )
      .handle("list", () => Effect.map(jobs.list, (items) => ({ items })))
      .handle("get", ({ path }) => jobs.get(path.importId))
  }),
)
