/** `export`: threads of a log, or all of it, in a bundle; or in a page that holds one. */
import { randomUUID } from "node:crypto"
import { existsSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import type { ExportReport } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { blobsOfFile } from "@threadfold/engine"
import { BodyReader, sqliteDriver } from "@threadfold/event-log"
import { bundleLines, ExportFailed, type ExportOutcome, Redaction } from "@threadfold/imports"
import Sqlite from "better-sqlite3"
import { Effect, Schema } from "effect"
import { writeProblem } from "../databaseProblem.js"
import { exists, exportedPage, fileTarget, nowhere, PageBounds, type Target } from "./exportTarget.js"
import { makeJob } from "./Job.js"

const options = Schema.Struct({
  /** Path of the bundle; null: only look. */
  to: Schema.NullOr(Schema.String),
  redaction: Redaction,
  /** Whether it carries images and files; absent: where nothing is taken out. */
  withBlobs: Schema.optional(Schema.Boolean),
  /** Whether it is written into a page that opens it; absent: not. */
  html: Schema.optional(Schema.Boolean),
  /** Ids of the threads; null: everything. */
  threads: Schema.NullOr(Schema.Array(Schema.String)),
})

/** Bytes of lines that are given to the coder at once. */
const pieceBytes = 64 * 1024

const writeTo = async (
  lines: Generator<string, ExportOutcome>,
  target: Target,
  bounds: PageBounds | null,
): Promise<[ExportOutcome, number]> => {
  let piece = ""
  for (;;) {
    const next = lines.next()
    if (next.done === true) {
      bounds?.end(next.value)
      await target.write(piece)
      return [next.value, await target.end()]
    }
    bounds?.line(next.value)
    piece += `${next.value}\n`
    if (piece.length < pieceBytes) continue
    await target.write(piece)
    piece = ""
  }
}

const reportOf = (file: string | null, [outcome, fileBytes]: [ExportOutcome, number]): ExportReport => {
  const { blobBytesLeftOut, blobs, blobsLeftOut, named, samples, threads: _threads, ...rest } = outcome
  return {
    file,
    fileBytes,
    ...rest,
    blobs: { ...blobs, leftOutBytes: blobBytesLeftOut, named: blobsLeftOut },
    threads: named,
    places: file === null ? samples : [],
  }
}

const failed = (file: string | null, error: unknown): ExportFailed | Problem => {
  if (error instanceof ExportFailed) return error
  if (error instanceof Error && "code" in error && !String(error.code).startsWith("SQLITE")) {
    return writeProblem(file ?? "The export", error)
  }
  const message = `${file ?? "The export"}: ${error instanceof Error ? error.message : String(error)}.`
  return new ExportFailed({ kind: "damaged", message })
}

export const exportJob = makeJob(
  options,
  ({ file, options: { html = false, redaction, threads, to, withBlobs }, progress }) =>
    Effect.tryPromise({
      try: async (): Promise<ExportReport> => {
        if (to !== null && existsSync(to)) throw exists(to)
        const page = html ? exportedPage() : null
        const handle = new Sqlite(file, { readonly: true, fileMustExist: true })
        let target = nowhere
        const partial = to === null ? null : join(dirname(to), `.threadfold-${randomUUID()}.partial`)
        try {
          // One state of the log for the whole of the bundle; a reader never makes the writer wait.
          handle.exec("BEGIN")
          const bodies = new BodyReader(handle)
          const source = {
            driver: sqliteDriver(handle),
            body: (sequence: number) => bodies.textOf(sequence),
            blobs: blobsOfFile(handle),
          }
          const lines = bundleLines(source, {
            redaction,
            ...(withBlobs === undefined ? {} : { withBlobs }),
            ...(threads === null ? {} : { streams: threads }),
            onProgress: progress,
          })
          if (to !== null && partial !== null) target = fileTarget(to, partial, page)
          return reportOf(to, await writeTo(lines, target, html ? new PageBounds() : null))
        } finally {
          handle.close()
          await target.close()
          if (partial !== null) rmSync(partial, { force: true })
        }
      },
      catch: (error) => failed(to, error),
    }),
)
