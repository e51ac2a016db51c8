/** Imports of recordings into a log whose server runs. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { field, int, listed, optional, optText, optTime, shape, text, time } from "../fields.js"
import { uuidV7Pattern } from "../Ids.js"
import { ImportReport } from "../Reports.js"
import { described } from "./operation.js"
import { ProblemDetails } from "./Problem.js"
import { bodyCall, memoryCall } from "./problemSets.js"
import { Flag, OffsetParam } from "./Query.js"

/** Body of `POST /v1/imports` for a recording that is on the server's machine already. */
export const ImportFromRoot = shape("ImportFromRoot", "A recording that is on the server's machine already.", {
  path: field(
    Schema.String.pipe(Schema.minLength(1), Schema.maxLength(4_096)),
    "Path of the recording below the folder that the configuration names as `imports.root`.",
  ),
})
export type ImportFromRoot = typeof ImportFromRoot.Type

/** How far an import is. */
export const ImportState = listed(
  "ImportState",
  "How far an import is. `running` from the first byte of the upload to the last commit.",
  "running",
  "completed",
  "failed",
)

/** An import of this run of the server. */
export const ImportView = shape("Import", "An import of this run of the server.", {
  importId: text("Its id."),
  name: text("How the recording is named: `name=` of the call, or its path below the root."),
  source: optText("Kind of the recording; null until it is known."),
  state: field(ImportState, "`running` from the first byte of the upload to the last commit."),
  lines: int("Number of the last line whose events are durable."),
  events: int("Events that it has added to the log so far."),
  startedAt: time("When it began"),
  endedAt: optTime("When it ended", "it runs"),
  report: field(Schema.NullOr(ImportReport), "What it led to; null unless it has completed."),
  problem: field(Schema.NullOr(ProblemDetails), "Why it failed; null unless it has."),
})
export type ImportView = typeof ImportView.Type

/** Imports of this run of the server. */
export const ImportList = shape("ImportList", "Imports of this run of the server.", {
  items: field(
    Schema.Array(ImportView),
    "The latest first, at most 100. Of the lists of a report the first entries are here: `GET /v1/imports/{importId}` has all of them.",
  ),
  more: optional(Schema.Boolean, "True: there are earlier ones, for which the answer has no room."),
})
export type ImportList = typeof ImportList.Type

/** Longest name of a recording, characters. */
const longestName = 255

/** How an import is asked for. */
export const ImportParams = Schema.Struct({
  source: optional(
    Schema.String,
    "Kind of the recording, such as codex-app-server; `threadfold` for a bundle. By default it is recognised from the lines.",
  ),
  name: optional(
    Schema.String.pipe(
      Schema.minLength(1),
      Schema.maxLength(longestName),
      Schema.annotations({ jsonSchema: { type: "string", minLength: 1, maxLength: longestName } }),
    ),
    "How the recording is named in the report and in thread.imported; `upload` by default.",
  ),
  leaveOpen: optional(Flag, "`true`: leave sessions open whose process the recording has not seen exit: it may grow."),
  asCopy: optional(
    Schema.String.pipe(
      Schema.minLength(1),
      Schema.maxLength(longestName),
      Schema.annotations({ jsonSchema: { type: "string", minLength: 1, maxLength: longestName } }),
    ),
    "Of a bundle: take its threads under ids of their own, which follow from this text; the same text gives the same ids.",
  ),
  upload: optional(
    Schema.String.pipe(
      Schema.pattern(uuidV7Pattern, { message: () => "expected a lower-case UUIDv7" }),
      Schema.annotations({ jsonSchema: { type: "string" } }),
    ),
    "Keep what is sent for ten minutes under this id, a lower-case UUIDv7, so that a later call sends only what was added. Of a body " +
      "that is the recording itself.",
  ),
  from: optional(
    OffsetParam,
    "With `upload`: the body is what comes behind so many bytes, which earlier calls have sent. 0 by default: it is all of it.",
  ),
  prefix: optional(
    Schema.String.pipe(
      Schema.pattern(/^[0-9a-f]{64}$/, { message: () => "expected a SHA-256, 64 lower-case hex digits" }),
      Schema.annotations({ jsonSchema: { type: "string" } }),
    ),
    "With `from`: SHA-256 of those bytes, hex. 409 `upload-not-kept` where the server has others, or none.",
  ),
  importId: optional(
    Schema.String.pipe(
      Schema.pattern(uuidV7Pattern, { message: () => "expected a lower-case UUIDv7" }),
      Schema.annotations({ jsonSchema: { type: "string" } }),
    ),
    "Id under which GET /v1/imports/{importId} shows it, a lower-case UUIDv7; a new one by default.",
  ),
})

/** Imports. */
export class ImportsGroup extends HttpApiGroup.make("imports")
  .add(
    HttpApiEndpoint.post("create", "/v1/imports")
      .setUrlParams(ImportParams)
      .setPayload(ImportFromRoot)
      .addSuccess(ImportReport)
      .annotateContext(
        described(
          "Imports one recording and answers when all of it is durable, with what it led to. The body is the recording itself " +
            "(`application/x-ndjson`; a bundle of `threadfold export` as `application/gzip`), or names one below `imports.root` " +
            "(`application/json`). The same recording again adds " +
            "nothing. A call that ends early stops the import; what was committed stays, and the same call again adds what is " +
            "missing. 409 `thread-busy` where a session of one of its threads lives, 413 beyond the configured size, 429 " +
            "while too many imports run. `Location` leads to the import.",
          {
            problems: [
              ...bodyCall,
              "import-conflict",
              "upload-not-kept",
              "path-not-allowed",
              "thread-busy",
              "thread-purged",
              "not-a-recording",
              "not-a-bundle",
              "bundle-too-new",
              "bundle-damaged",
              "bundle-too-large",
              "bundle-conflict",
              "thread-conflict",
              "recording-changed",
              "recording-not-found",
            ],
            headers: ["Location"],
            alsoTakes: { "application/x-ndjson": "RecordingLines", "application/gzip": "Bundle" },
          },
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("list", "/v1/imports")
      .addSuccess(ImportList)
      .annotateContext(
        described("Imports that run, and the last ones that ended since the server started.", { problems: memoryCall }),
      ),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/imports/:importId")
      .setPath(Schema.Struct({ importId: field(Schema.String, "`importId` of the call.") }))
      .addSuccess(ImportView)
      .annotateContext(
        described("One import: how far it is, or what came of it, whole: its report has an entry for each thread.", {
          problems: [...memoryCall, "import-not-found"],
        }),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Imports" })) {}
