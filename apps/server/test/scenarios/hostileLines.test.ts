/**
 * Hostile pushes over all event types: whatever an adapter says, nothing of it freezes a thread, is a defect of the fold, breaks an
 * invariant, or makes the live rows differ from what the log gives when it is folded again. The soak of the same name does it over HTTP.
 */
import { SessionId } from "@threadfold/contracts"
import type { LineResult } from "@threadfold/contracts/api"
import { Engine } from "@threadfold/engine"
import { AttachedSessions, AttachedSettings, defaultAttachedSettings, type InPieces } from "@threadfold/orchestrator"
import { Projections } from "@threadfold/projections"
import { hostileLines, namedUuid } from "@threadfold/testkit"
import { Effect, Either, Layer } from "effect"
import { afterEach, beforeEach, expect, it } from "vitest"
import { findLines, lineResult } from "../../src/http/pushedBody.js"
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

/** Attached sessions of the library's database. */
const attachedSessions = () =>
  AttachedSessions.layer.pipe(
    Layer.provideMerge(Projections.layer(library.file)),
    Layer.provideMerge(Engine.layerInProcess({ file: library.file })),
    Layer.provide(Layer.succeed(AttachedSettings, { ...defaultAttachedSettings, maxLineBytes: maxBytes })),
  )

/** Pushes lines as the server does, in submissions of other sizes each time. */
const pushAll = (seed: number, lines: readonly string[]) =>
  Effect.gen(function* () {
    const sessions = yield* AttachedSessions
    const sessionId = SessionId.make(namedUuid(`session ${seed}`))
    const { session } = yield* sessions.attach(sessionId, {
      provider: "hostile",
      nativeThreadId: `native ${seed}`,
      leaseMs: 60_000,
    })
    const context = yield* sessions.require(sessionId)
    const results: LineResult[] = []
    let size = 1
    let waiting = Either.getOrThrow(whole(findLines(Buffer.from(lines.join("\n")))))
    for (; waiting.length > 0; size = (size * 7) % 61) {
      results.push(...(yield* sessions.push(context, waiting.slice(0, size))).map(lineResult))
      waiting = waiting.slice(size)
    }
    return { results, streamId: session.threadId }
  }).pipe(Effect.provide(attachedSessions()))

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
