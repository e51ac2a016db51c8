/** Standard output and standard error, with backpressure, and without complaints when the reader goes away. */
import { fstatSync, writeSync } from "node:fs"
import { wellFormedJson } from "@threadfold/core/model"
import { Clock, Effect, Option, Stream } from "effect"
import { readVariable, variables } from "../config/Environment.js"
import { type OutputClosed, outputClosed } from "./failures.js"
import { type Look, lookOf, takesColour } from "./text/Look.js"

// The callback of a write gets the error of a closed pipe; without a listener the error would end the process as well.
process.stdout.on("error", () => undefined)
process.stderr.on("error", () => undefined)

/** Descriptor of standard output. */
const descriptor = 1

/** Whether output goes to a file or a device. */
const toFile = ((): boolean => {
  const stats = fstatSync(descriptor)
  return stats.isFile() || (stats.isCharacterDevice() && process.stdout.isTTY !== true)
})()

/** A file may take a part of a write, as on a disk that fills up; the stream of Node would lose the rest without an error. */
const writeWhole = (text: string): Effect.Effect<void, OutputClosed> =>
  Effect.try({
    try: () => {
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
    },
    catch: (error) => outputClosed(error instanceof Error ? error : new Error(String(error))),
  })

/** Writes text as it is; resumes when the stream has taken it. */
export const write = (text: string): Effect.Effect<void, OutputClosed> =>
  text === ""
    ? Effect.void
    : toFile
      ? writeWhole(text)
      : Effect.async((resume) => {
          process.stdout.write(text, (error) =>
            resume(error === null || error === undefined ? Effect.void : outputClosed(error)),
          )
        })

/** One JSON document. */
export const writeJson = (document: unknown): Effect.Effect<void, OutputClosed> =>
  write(`${wellFormedJson(JSON.stringify(document))}\n`)

/** Characters that are gathered before they are written. */
const chunk = 32 * 1024

/** Lines, several to a write; `live` ones as they come. */
export const writeLines = <E>(
  lines: Stream.Stream<string, E>,
  { live = false } = {},
): Effect.Effect<void, E | OutputClosed> =>
  Effect.gen(function* () {
    let waiting = ""
    yield* Stream.runForEachChunk(lines, (some) => {
      for (const line of some) waiting += `${line}\n`
      if (!live && waiting.length < chunk) return Effect.void
      const text = waiting
      waiting = ""
      return write(text)
    })
    yield* write(waiting)
  })

/** A note for people on standard error; tools read standard output only. */
export const note = (text: string): Effect.Effect<void> => Effect.sync(() => process.stderr.write(`${text}\n`))

/** Whether standard output takes colours. Either variable takes any text: reading them cannot fail. */
export const outputTakesColour: Effect.Effect<boolean> = Effect.gen(function* () {
  return takesColour(process.stdout, {
    NO_COLOR: Option.getOrUndefined(yield* readVariable(variables.noColour)),
    TERM: Option.getOrUndefined(yield* readVariable(variables.terminal)),
  })
}).pipe(Effect.orDie)

/** How a page on standard output looks now. */
export const currentLook: Effect.Effect<Look> = Effect.gen(function* () {
  return lookOf(yield* outputTakesColour, process.stdout.columns ?? 100, yield* Clock.currentTimeMillis)
})

/** Least time between two lines of progress that no person watches, ms. */
const lineEvery = 10_000

/**
 * Progress on standard error: one line that is written over where a person watches, elsewhere a line every ten seconds, the first one
 * after ten.
 */
export const progressLine = (): ((text: string) => void) => {
  let toldAt = performance.now()
  return (text) => {
    if (process.stderr.isTTY === true) {
      process.stderr.write(`\r\u001B[K${text}`)
      return
    }
    const now = performance.now()
    if (now - toldAt < lineEvery) return
    toldAt = now
    process.stderr.write(`${text}\n`)
  }
}

/** Ends a line of {@link progressLine}. */
export const progressEnd = (): void => {
  if (process.stderr.isTTY === true) process.stderr.write("\r\u001B[K")
}
