/** Imports of recordings into a log whose server runs. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { uuidV7Pattern } from "../Ids.js"
import { ProblemDetails } from "../Problem.js"
import { ImportReport } from "../Reports.js"
import { described } from "./Endpoint.js"
import { Flag } from "./Query.js"

/** Body of `POST /v1/imports` for a recording that is on the server's machine already. */
export const ImportFromRoot = Schema.Struct({
  /** Path of the recording below the folder that the configuration names as `imports.root`. */
  path: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(4_096)),
})
export type ImportFromRoot = typeof ImportFromRoot.Type

/** An import of this run of the server. */
export const ImportView = Schema.Struct({
  importId: Schema.String,
  /** How the recording is named: `name=` of the call, or its path below the root. */
  name: Schema.String,
  /** Kind of the recording; null until it is known. */
  source: Schema.NullOr(Schema.String),
  /** `running` from the first byte of the upload to the last commit. */
  state: Schema.Literal("running", "completed", "failed"),
  /** Number of the last line whose events are durable. */
  lines: Schema.Number,
  /** Events that it has added to the log so far. */
  events: Schema.Number,
  /** When it began, ms since the epoch. */
  startedAt: Schema.Number,
  /** When it ended, ms since the epoch; null while it runs. */
  endedAt: Schema.NullOr(Schema.Number),
  /** What it led to; null unless it has completed. */
  report: Schema.NullOr(ImportReport),
  /** Why it failed; null unless it has. */
  problem: Schema.NullOr(ProblemDetails),
})
export type ImportView = typeof ImportView.Type

/** Imports of this run of the server. */
export const ImportList = Schema.Struct({
  /** The latest first, at most 100. */
  items: Schema.Array(ImportView),
})
export type ImportList = typeof ImportList.Type

/** Longest name of a recording, characters. */
const longestName = 255

/** How an import is asked for. */
const importParams = Schema.Struct({
  /** Kind of the recording. */
  source: Schema.optional(
    Schema.String.annotations({
      description: "Kind of the recording, such as codex-app-server. Found out from its lines unless told.",
    }),
  ),
  name: Schema.optional(
    Schema.String.pipe(
      Schema.minLength(1),
      Schema.maxLength(longestName),
      Schema.annotations({
        description: "How the recording is named in the report and in thread.imported; upload unless told.",
        jsonSchema: { type: "string", minLength: 1, maxLength: longestName },
      }),
    ),
  ),
  leaveOpen: Schema.optional(
    Flag.annotations({
      description: "true: leave sessions open whose process the recording has not seen exit: it may grow.",
    }),
  ),
  importId: Schema.optional(
    Schema.String.pipe(
      Schema.pattern(uuidV7Pattern, { message: () => "expected a lower-case UUIDv7" }),
      Schema.annotations({
        description:
          "Id under which GET /v1/imports/{importId} tells of it, a lower-case UUIDv7; a new one unless told.",
        jsonSchema: { type: "string" },
      }),
    ),
  ),
})

/** Imports. */
export class ImportsGroup extends HttpApiGroup.make("imports")
  .add(
    HttpApiEndpoint.post("create", "/v1/imports")
      .setUrlParams(importParams)
      .setPayload(ImportFromRoot)
      .addSuccess(ImportReport)
      .annotateContext(
        described(
          "Imports one recording and answers when all of it is durable, with what it led to. The body is the recording itself " +
            "(`application/x-ndjson`), or names one below `imports.root` (`application/json`). The same recording again adds " +
            "nothing. A call that ends early stops the import; what was committed stays, and the same call again adds what is " +
            "missing. 409 `thread-busy` where a session of one of its threads lives, 413 beyond the configured size, 429 " +
            "while too many imports run. `Location` leads to the import.",
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("list", "/v1/imports")
      .addSuccess(ImportList)
      .annotateContext(described("Imports that run, and the last ones that ended since the server started.")),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/imports/:importId")
      .setPath(Schema.Struct({ importId: Schema.String.annotations({ description: "`importId` of the call." }) }))
      .addSuccess(ImportView)
      .annotateContext(described("One import: how far it is, or what came of it.")),
  )
  .annotateContext(OpenApi.annotations({ title: "Imports" })) {}
