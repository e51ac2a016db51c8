/**
 * Hostile pushes over all event types: whatever an adapter says, nothing of it freezes a thread, is a defect of the fold, breaks an
 * invariant, or makes the live rows differ from what the log gives when it is folded again. The soak of the same name does it over HTTP.
 */
import { SessionId } from "@threadfold/contracts"
import type { LineResult } from "@threadfold/contracts/api"
import { Engine } from "@threadfold/engine"
import { hostileLines, namedUuid } from "@threadfold/testkit"
import { Effect, Either } from "effect"
import { afterEach, beforeEach, expect, it } from "vitest"
import { lineResult } from "../../src/http/attached/AttachedSessions.js"
import { lineReader } from "../../src/http/attached/lines.js"
import type { InPieces } from "../../src/http/attached/pieces.js"
import { findLines } from "../../src/http/attached/pushedBody.js"
import { attachCommand } from "../../src/http/attached/registration.js"
import { Library } from "../recordings/Library.js"

const seeds = Number(process.env.SEEDS ?? 4)
const count = Number(process.env.LINES ?? 400)
const firstSeed = Number(process.env.SEED ?? 1)
const maxBytes = 64 * 1024

let library: Library
beforeEach(() => {
  library = new Library()
})
afterEach(() => library.close())

/** Does work at once. */
const whole = <A>(work: InPieces<A>): A => {
  for (let step = work.next(); ; step = work.next()) if (step.done === true) return step.value
}

/** Pushes lines as the server does, in submissions of other sizes each time. */
const pushAll = (seed: number, lines: readonly string[]) =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const sessionId = SessionId.make(namedUuid(`session ${seed}`))
    const opening = attachCommand(
      sessionId,
      { provider: "hostile", nativeThreadId: `native ${seed}`, leaseMs: 60_000 },
      1_795_132_800_000,
    )
    if (opening === null) throw new Error("no thread")
    yield* engine.submit({ drafts: [], command: opening })
    const context = { sessionId, streamId: opening.to.streamId, startedAt: 1_795_132_800_000 }
    const read = lineReader(context, { maxBytes, redact: (event) => event, redactText: (text) => text })
    const results: LineResult[] = []
    let size = 1
    let waiting = Either.getOrThrow(whole(findLines(Buffer.from(lines.join("\n"))))).map((line) => whole(read(line)))
    for (; waiting.length > 0; size = (size * 7) % 61) {
      const some = waiting.slice(0, size)
      waiting = waiting.slice(size)
      const drafts = some.flatMap(({ draft }) => (draft === null ? [] : [draft]))
      const acknowledged = yield* engine.submit({ drafts })
      let next = 0
      for (const line of some)
        results.push(lineResult(line, line.draft === null ? undefined : acknowledged.results[next++]))
    }
    return { results, streamId: opening.to.streamId }
  }).pipe(Effect.provide(Engine.layerInProcess({ file: library.file })))

it.each(Array.from({ length: seeds }, (_, index) => firstSeed + index))(
  "hostile lines leave a sound log and sound rows, seed %i",
  async (seed) => {
    const lines = hostileLines({ seed, count, longLine: maxBytes + 1 })
    const { results, streamId } = await Effect.runPromise(pushAll(seed, lines))
    expect(results).toHaveLength(lines.filter((line) => line.trim() !== "").length)
    expect(new Set(results.map(({ status }) => status))).toEqual(
      new Set(["appended", "duplicate", "conflict", "invalid", "gap"]),
    )
    const rows = library.rows().length
    expect(library.check()).toEqual({ ok: true, violations: [] })
    expect(library.verify()).toMatchObject({ ok: true, differences: [], stale: [] })
    const defects = library.look(({ store }) =>
      [...store.rowsOf(streamId)].flatMap(({ row, table }) =>
        table === "anomalies" && "reason" in row && ["fold-defect", "projection-frozen"].includes(String(row.reason))
          ? [row]
          : [],
      ),
    )
    expect(defects).toEqual([])
    // All of it again adds nothing: what was stored is known again.
    const again = await Effect.runPromise(pushAll(seed, lines))
    expect(library.rows()).toHaveLength(rows)
    const statuses = again.results.flatMap(({ seq, status }) => (seq === null ? [] : [status]))
    expect(statuses.filter((status) => status !== "duplicate" && status !== "conflict")).toEqual([])
    const conflicts = (all: readonly LineResult[]) =>
      all.flatMap(({ line, status }) => (status === "conflict" ? [line] : []))
    expect(conflicts(again.results)).toEqual(conflicts(results))
  },
)
