/** `export`: threads of a log, or all of it, in a bundle. */
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { createWriteStream, existsSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { finished } from "node:stream/promises"
import { createGzip } from "node:zlib"
import type { ExportReport } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { blobsOfFile } from "@threadfold/engine"
import { BodyReader, sqliteDriver } from "@threadfold/event-log"
import { bundleLines, ExportFailed, type ExportOutcome, Redaction } from "@threadfold/imports"
import Sqlite from "better-sqlite3"
import { Effect, Schema } from "effect"
import { writeProblem } from "../databaseProblem.js"
import { makeJob } from "./Job.js"
import { makeDurable } from "./wholeDatabase.js"

const options = Schema.Struct({
  /** Path of the bundle; null: only look. */
  to: Schema.NullOr(Schema.String),
  redaction: Redaction,
  /** Whether it carries images and files; absent: where nothing is taken out. */
  withBlobs: Schema.optional(Schema.Boolean),
  /** Ids of the threads; null: everything. */
  threads: Schema.NullOr(Schema.Array(Schema.String)),
})

/** Bytes of lines that are given to the coder at once. */
const pieceBytes = 64 * 1024

/** Takes pieces of a file, in order. */
interface Target {
  readonly write: (text: string) => Promise<void>
  /** Ends it, and gives its size in bytes. */
  readonly end: () => Promise<number>
  /** Lets go of it, whole or not. A file that is being opened is there a moment later: only then it can be removed. */
  readonly close: () => Promise<void>
}

const nowhere: Target = {
  write: () => Promise.resolve(),
  end: () => Promise.resolve(0),
  close: () => Promise.resolve(),
}

/** A file that is there under its name only when it is whole. */
const fileTarget = (file: string, partial: string): Target => {
  const gzip = createGzip({ level: 6 })
  const out = createWriteStream(partial, { flags: "wx", mode: 0o600 })
  gzip.pipe(out)
  // A full disk ends the file, which then takes nothing: the coder must not wait for it.
  out.once("error", (error) => gzip.destroy(error))
  return {
    write: async (text) => {
      if (gzip.errored !== null) throw gzip.errored
      if (!gzip.write(text)) await once(gzip, "drain")
    },
    end: async () => {
      gzip.end()
      await finished(out)
      makeDurable(partial)
      // Another process may have made it meanwhile.
      if (existsSync(file)) throw exists(file)
      renameSync(partial, file)
      makeDurable(dirname(file))
      return statSync(file).size
    },
    close: () =>
      new Promise((resolve) => {
        if (out.closed) return resolve()
        out.once("close", resolve)
        gzip.destroy()
        out.destroy()
      }),
  }
}

const exists = (file: string) =>
  new ExportFailed({ kind: "file-exists", message: `${file} exists already; name a file that does not.` })

const writeTo = async (lines: Generator<string, ExportOutcome>, target: Target): Promise<[ExportOutcome, number]> => {
  let piece = ""
  for (;;) {
    const next = lines.next()
    if (next.done === true) {
      await target.write(piece)
      return [next.value, await target.end()]
    }
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

export const exportJob = makeJob(options, ({ file, options: { redaction, threads, to, withBlobs }, progress }) =>
  Effect.tryPromise({
    try: async (): Promise<ExportReport> => {
      if (to !== null && existsSync(to)) throw exists(to)
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
        if (to !== null && partial !== null) target = fileTarget(to, partial)
        return reportOf(to, await writeTo(lines, target))
      } finally {
        handle.close()
        await target.close()
        if (partial !== null) rmSync(partial, { force: true })
      }
    },
    catch: (error) => failed(to, error),
  }),
)
