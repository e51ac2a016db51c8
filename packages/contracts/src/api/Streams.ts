/** Bodies that are a stream of lines: what a generated client gets as a text. */
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import { Schema } from "effect"
import { namedJson } from "../fields.js"

/** `text/event-stream`. */
export const EventStream = Schema.String.annotations({
  identifier: "EventStream",
  title: "Event stream",
  description:
    "Server-sent events (`id`, `event`, `data`). `event` is the type of an event, whose `data` is an `Event`; or `changes` (`RowChanges`), `inbox` (`Inbox`), `synced` (`StreamSynced`), `reset` (`StreamReset`), `overflow` (`StreamOverflow`), `audio` (`StreamAudio`).",
})

/** `text/event-stream` of work over the projections. */
export const JobStream = Schema.String.annotations({
  identifier: "JobStream",
  title: "Progress stream",
  description:
    "Server-sent events `progress`, at least four a second, whose `data` is what the call without a stream answers. The stream ends after the one in which `state` is not `running`.",
})

/** `application/x-ndjson` of a push. */
export const ProviderEventLines = Schema.String.annotations({
  identifier: "ProviderEventLines",
  title: "Provider events, a line each",
  description: "NDJSON: each line is one `ProviderEvent`.",
})

/** `application/x-ndjson` of the answer to a push. */
export const LineResultLines = Schema.String.annotations({
  identifier: "LineResultLines",
  title: "Line results, a line each",
  description: "NDJSON: each line is one `LineResult`.",
})

/** `application/x-ndjson` of an import. */
export const RecordingLines = Schema.String.annotations({
  identifier: "RecordingLines",
  title: "Lines of a recording",
  description: "The recording itself: one JSON object a line, as its source wrote it.",
})

/** `application/x-ndjson` of a list. */
export const EntryLines = Schema.String.annotations({
  identifier: "EntryLines",
  title: "Entries, a line each",
  description:
    "NDJSON: each line is one entry of the list. `Link` has the next page, `Sequence` what the page is true for.",
})

/** `text/csv` of a list. */
export const EntryTable = Schema.String.annotations({
  identifier: "EntryTable",
  title: "Entries as a table",
  description:
    "CSV (RFC 4180) with the names of the fields in the first row: null is empty, a value with parts is JSON. `Link` has the next page.",
})

/** A bundle. */
export const Bundle = Schema.String.annotations({
  identifier: "Bundle",
  title: "Bundle",
  description:
    "What `threadfold export` writes: lines of JSON, compressed with gzip. docs/adr/0012-bundles.md has the format.",
})

/** Bytes of a blob. */
export const BlobBytes = HttpApiSchema.Uint8Array().annotations(
  namedJson("BlobBytes", "The bytes of an image or a file, as they are.", { type: "string", format: "binary" }),
)
