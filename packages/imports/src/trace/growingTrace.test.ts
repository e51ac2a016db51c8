/** Bundles that still grow: each look takes what is new, and in the end the log is what one import of the whole bundle makes. */
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { traceBundles } from "@threadfold/testkit"
import { Effect, Stream } from "effect"
import { MemoryLog } from "../../test/MemoryLog.js"
import { differences, traced, violations } from "../../test/traced.js"
import { Splitter } from "../lines.js"
import { Reading } from "../Reading.js"
import { codexTrace } from "../readers/codexTrace.js"
import { recognize } from "../recognize.js"
import { traceBundle } from "./traceBundle.js"

const [bundle] = traceBundles.filter(({ name }) => name === "trace-plain-shell")

const copied = Effect.acquireRelease(
  Effect.sync(() => {
    if (bundle === undefined) throw new Error("the bundle is not there")
    const folder = join(mkdtempSync(join(tmpdir(), "threadfold-trace-")), "trace")
    cpSync(bundle.path, folder, { recursive: true })
    return { bundle, folder, file: join(folder, "trace.jsonl") }
  }),
  ({ folder }) => Effect.sync(() => rmSync(join(folder, ".."), { recursive: true })),
)

describe("a trace that grows", () => {
  it.scoped("is taken line by line as it is written, bodies with the lines that name them", () =>
    Effect.gen(function* () {
      const { bundle, file, folder } = yield* copied
      const text = readFileSync(file, "utf8")
      // In the middle of a line, behind a line, and where nothing has come.
      const lines = text.split("\n")
      const behind = lines.slice(0, 9).join("\n").length + 1
      const places = [Math.floor(text.length / 5), behind, behind, Math.floor(text.length / 2), text.length]
      writeFileSync(file, text.slice(0, places[0]))
      const log = new MemoryLog()
      const given = traceBundle(folder, null)
      const recognized = yield* recognize(given, codexTrace)
      const more = given.follow?.() ?? Stream.empty
      const reading = new Reading(recognized, { leaveOpen: true }, log.port)
      const splitter = new Splitter()
      let events = 0
      for (const [index, place] of places.entries()) {
        if (index > 0) appendFileSync(file, text.slice(places[index - 1], place))
        yield* Stream.runForEach(more, (bytes) => reading.take(splitter.push(bytes)))
        yield* reading.pause()
        if (index === 2) expect(reading.outcome.events).toBe(events)
        else expect(reading.outcome.events).toBeGreaterThan(events)
        events = reading.outcome.events
      }
      yield* reading.end()
      expect(reading.outcome).toMatchObject({
        lines: lines.length - 1,
        unreadable: 0,
        bodies: { missing: 0, problems: [] },
      })
      expect(violations(log)).toEqual([])
      // The whole bundle again adds only its end.
      yield* traced(log, traceBundle(folder, null))
      expect(differences(log, bundle.reduced())).toEqual([])
      const once = new MemoryLog()
      yield* traced(once, traceBundle(folder, null))
      expect(log.hash).toBe(once.hash)
    }),
  )
})
