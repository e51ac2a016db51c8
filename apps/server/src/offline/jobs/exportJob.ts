/** `export`: threads of a log, or all of it, in a bundle. */
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { closeSync, createWriteStream, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { finished } from "node:stream/promises"
import { createGzip } from "node:zlib"
import type { ExportReport } from "@threadfold/contracts"
import { BodyReader, sqliteDriver } from "@threadfold/event-log"
import { bundleLines, ExportFailed, type ExportOutcome, Redaction } from "@threadfold/imports"
import Sqlite from "better-sqlite3"
import { Effect, Schema } from "effect"
import { makeJob } from "./Job.js"

const options = Schema.Struct({
  /** Path of the bundle; null: only look. */
  to: Schema.NullOr(Schema.String),
  redaction: Redaction,
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
}

const nowhere: Target = { write: () => Promise.resolve(), end: () => Promise.resolve(0) }

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
      const descriptor = openSync(partial, "r")
      fsyncSync(descriptor)
      closeSync(descriptor)
      // Another process may have made it meanwhile.
      if (existsSync(file)) throw exists(file)
      renameSync(partial, file)
      return statSync(file).size
    },
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
  const { named, samples, threads: _threads, ...rest } = outcome
  return { file, fileBytes, ...rest, threads: named, places: file === null ? samples : [] }
}

const failed = (file: string | null, error: unknown): ExportFailed =>
  error instanceof ExportFailed
    ? error
    : new ExportFailed({
        kind:
          error instanceof Error && "code" in error && !String(error.code).startsWith("SQLITE")
            ? "not-written"
            : "damaged",
        message: `${file ?? "The export"}: ${error instanceof Error ? error.message : String(error)}.`,
      })

export const exportJob = makeJob(options, ({ file, options: { redaction, threads, to }, progress }) =>
  Effect.tryPromise({
    try: async (): Promise<ExportReport> => {
      if (to !== null && existsSync(to)) throw exists(to)
      const handle = new Sqlite(file, { readonly: true, fileMustExist: true })
      const partial = to === null ? null : join(dirname(to), `.threadfold-${randomUUID()}.partial`)
      try {
        // One state of the log for the whole of the bundle; a reader never makes the writer wait.
        handle.exec("BEGIN")
        const bodies = new BodyReader(handle)
        const source = { driver: sqliteDriver(handle), body: (sequence: number) => bodies.textOf(sequence) }
        const lines = bundleLines(source, {
          redaction,
          ...(threads === null ? {} : { streams: threads }),
          onProgress: progress,
        })
        return reportOf(to, await writeTo(lines, to === null || partial === null ? nowhere : fileTarget(to, partial)))
      } finally {
        handle.close()
        if (partial !== null) rmSync(partial, { force: true })
      }
    },
    catch: (error) => failed(to, error),
  }),
)
