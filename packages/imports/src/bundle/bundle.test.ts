/** Bundles: what goes out comes back, and nothing of one that is not whole. */
import { readFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { ThreadId } from "@threadfold/contracts"
import { arbHostile, arbSession, makePauses, paused, recording, recordings } from "@threadfold/testkit"
import { Effect, Either, Stream } from "effect"
import fc from "fast-check"
import { idFor, MemoryLog } from "../../test/MemoryLog.js"
import type { Recording } from "../recognize.js"
import { BundleConflict, BundleInvalid } from "./bundleFailures.js"
import { type BundleOutcome, importBundle } from "./importBundle.js"

const fileOf = (bytes: Uint8Array, piece = 64 * 1024): Recording => ({
  name: "x.bundle",
  bytes: Stream.range(0, Math.max(0, Math.ceil(bytes.length / piece) - 1)).pipe(
    Stream.map((index) => bytes.subarray(index * piece, (index + 1) * piece)),
  ),
})

const into = (log: MemoryLog, bytes: string | Uint8Array, copySeed: string | null = null) =>
  importBundle(fileOf(typeof bytes === "string" ? Buffer.from(bytes) : bytes), log.port, {
    copySeed,
    existing: log.existing,
    hasBlob: log.hasBlob,
  })

const recorded = (name: string) => new MemoryLog().record(name, readFileSync(recording(name).path))

/** What lives in a log: what an import must not leave. */
const living = (log: MemoryLog) =>
  log.streams.flatMap((streamId) =>
    [...log.store.rowsOf(streamId)].flatMap(({ row: stored, table }): readonly unknown[] => {
      const row: Readonly<Record<string, unknown>> = { ...stored }
      if (table === "sessions") return row.endedAt === null ? [row] : []
      if (table === "connections") return row.status === "open" ? [row] : []
      if (table === "turns") return row.status === "ended" && row.settled === 1 ? [] : [row]
      if (table === "threads") return row.queued !== 0 && row.queueHeld === 0 ? [row] : []
      if (table === "requests") return row.status === "open" || row.status === "answering" ? [row] : []
      return []
    }),
  )

/** What a whole log is, but for its sequences. */
const contentOf = (log: MemoryLog) =>
  log.streams.map((streamId) => [streamId, log.eventsOf(streamId), log.hashOf(streamId)])

describe("a bundle", () => {
  it.effect("of every recording comes back whole: events, native bodies, hashes; again it adds nothing", () =>
    Effect.gen(function* () {
      const pause = Effect.promise(makePauses())
      const log = new MemoryLog()
      for (const { name, path } of recordings) yield* Effect.zipRight(pause, log.record(name, readFileSync(path)))
      // What the recordings left open is settled in the copy alone; from there on the two are the same.
      const settled = new MemoryLog()
      yield* into(settled, log.bundle({ redaction: "none" }).text)
      yield* pause
      const { outcome, text } = settled.bundle({ redaction: "none" })
      expect(outcome.hash).toBe(settled.hash)
      const copy = new MemoryLog()
      yield* pause
      const report = yield* into(copy, gzipSync(text))
      yield* pause
      expect([report.proven, report.events]).toEqual([true, outcome.events])
      expect(contentOf(copy)).toEqual(contentOf(settled))
      expect(copy.hash).toBe(settled.hash)
      yield* pause
      expect((yield* into(copy, text)).events).toBe(0)
      expect(living(copy)).toEqual([])
    }),
  )

  it.effect("of threads that live is settled after what was imported, whose hash is that of the original", () =>
    Effect.promise(() =>
      fc.assert(
        paused(
          fc.asyncProperty(fc.oneof(arbSession(), arbHostile(arbSession())), fc.nat(), async (events, cut) => {
            const log = new MemoryLog().take(events.slice(0, 1 + (cut % events.length)))
            const before = new Map(log.streams.map((streamId) => [streamId, log.hashOf(streamId)]))
            const copy = new MemoryLog()
            const { text } = log.bundle({ redaction: "none" })
            const report = await Effect.runPromise(into(copy, text))
            expect(report.proven).toBe(true)
            for (const { hash, settled, streamId } of report.streams) {
              expect(hash).toBe(before.get(streamId))
              const stored = copy.eventsOf(streamId)
              expect(stored.slice(0, stored.length - settled)).toEqual(log.eventsOf(streamId))
              if (settled === 0) expect(copy.hashOf(streamId)).toBe(hash)
            }
            expect(living(copy)).toEqual([])
            expect((await Effect.runPromise(into(copy, text))).events).toBe(0)
          }),
        ),
        { numRuns: 15 },
      ),
    ),
  )

  it.effect("of some threads holds those alone", () =>
    Effect.gen(function* () {
      const log = yield* recorded("codex-32-two-procs-A")
      const [first = ""] = log.streams
      const { outcome, text } = log.bundle({ redaction: "none", streams: [first] })
      expect(outcome.streams).toBe(1)
      const copy = new MemoryLog()
      yield* into(copy, text)
      expect(copy.streams).toEqual([first])
      expect(() => log.bundle({ redaction: "none", streams: ["01990000-0000-7000-8000-000000000001"] })).toThrow(
        "There is no thread",
      )
    }),
  )

  it.effect("that is cut, changed, too new, or no bundle is refused before anything is stored", () =>
    Effect.gen(function* () {
      const { text } = (yield* recorded("codex-01-plain")).bundle({ redaction: "none" })
      const lines = text.trimEnd().split("\n")
      const packed = gzipSync(text)
      const flipped = Buffer.from(packed)
      flipped[packed.length >> 1] = (packed[packed.length >> 1] ?? 0) ^ 1
      const wrong: readonly (readonly [string, string | Uint8Array, BundleInvalid["kind"]])[] = [
        ["nothing", "", "not"],
        ["another file", "hello\n", "not"],
        ["a newer format", text.replace('"version":1', '"version":3'), "newer"],
        ["an unknown field", text.replace('"redaction":', '"colour":"red","redaction":'), "damaged"],
        ["cut between lines", `${lines.slice(0, -1).join("\n")}\n`, "damaged"],
        ["cut in a line", text.slice(0, -9), "damaged"],
        ["a packed file that is cut", packed.subarray(0, packed.length - 9), "damaged"],
        ["a packed file with another bit", flipped, "damaged"],
        ["another character", text.replace(/"eventId":"0/, '"eventId":"1'), "damaged"],
        [
          "an event less",
          lines
            .filter((_, index) => index !== 4)
            .join("\n")
            .concat("\n"),
          "damaged",
        ],
        ["something behind its end", `${text}{}\n`, "damaged"],
        ["a line of another kind", text.replace('{"event":', '{"evend":'), "damaged"],
        ["a bomb", gzipSync(Buffer.alloc(80 * 1024 * 1024, 0x20)), "too-large"],
      ]
      const pause = Effect.promise(makePauses())
      for (const [what, bytes, kind] of wrong) {
        yield* pause
        const log = new MemoryLog()
        const result = yield* Effect.either(into(log, bytes))
        expect([
          what,
          Either.isLeft(result) && result.left instanceof BundleInvalid ? result.left.kind : result,
        ]).toEqual([what, kind])
        expect([what, log.streams, log.driver.head()]).toEqual([what, [], 0])
      }
    }),
  )

  it.effect("whose events were changed together with their digests does not lead to the rows that it names", () =>
    Effect.gen(function* () {
      const log = yield* recorded("codex-01-plain")
      const honest = log.bundle({ redaction: "none" }).text
      // An export of other events, with the row hashes of the honest one.
      const other = new MemoryLog()
      for (const streamId of log.streams) {
        const restored = log.eventsOf(streamId).map(({ body, row }) => ({
          row: row.type === "turn.completed" ? { ...row, payload: row.payload.replace("completed", "failed") } : row,
          body,
        }))
        other.submit({ drafts: [], restored, importing: { streamId, importId: "x", done: true } })
      }
      const seals = (text: string) =>
        text.split("\n").filter((line) => line.includes('"sealed"') || line.includes('"end"'))
      const hashOf = (line: string) => /"hash":"(\w+)"/.exec(line)?.[1] ?? ""
      const honestSeals = seals(honest)
      let forged = other.bundle({ redaction: "none" }).text
      seals(forged).forEach((line, index) => {
        forged = forged.replace(hashOf(line), hashOf(honestSeals[index] ?? ""))
      })
      const result = yield* Effect.either(into(new MemoryLog(), forged))
      expect(Either.isLeft(result) && result.left).toBeInstanceOf(BundleInvalid)
    }),
  )

  it.effect("of a thread that is there with other content is refused, or taken as a copy with ids of its own", () =>
    Effect.gen(function* () {
      const log = yield* recorded("codex-08-plan")
      const { text } = log.bundle({ redaction: "none" })
      const copy = new MemoryLog()
      yield* into(copy, text)
      const [threadId = ""] = copy.streams.filter((id) =>
        [...copy.store.rowsOf(id)].some(({ table }) => table === "threads"),
      )
      copy.submit({
        drafts: [],
        command: {
          commandId: "01990000-0000-7000-8000-0000000000cc",
          to: { streamId: threadId },
          at: 1,
          command: { type: "thread.rename", threadId: ThreadId.make(threadId), title: "other" },
        },
      })
      const refused = yield* Effect.either(into(copy, text))
      expect(Either.isLeft(refused) && refused.left).toBeInstanceOf(BundleConflict)

      const head = copy.driver.head()
      const taken = yield* into(copy, text, "first")
      expect(taken.events).toBeGreaterThan(0)
      const ours = new Set(
        log.driver
          .read({ limit: 10_000 })
          .flatMap((row) => [row.eventId, row.streamId, row.sessionId, row.turnId, row.itemId]),
      )
      const added = copy.driver.read({ after: head, limit: 10_000 })
      for (const row of added) {
        for (const id of [row.eventId, row.streamId, row.sessionId, row.turnId, row.itemId])
          expect(id !== null && ours.has(id)).toBe(false)
      }
      expect((yield* into(copy, text, "first")).events).toBe(0)
      // The same seed gives the same ids anywhere, another one others.
      const elsewhere = new MemoryLog()
      yield* into(elsewhere, text, "first")
      expect(elsewhere.streams).toEqual(taken.streams.map(({ streamId }) => streamId).sort())
      expect((yield* into(elsewhere, text, "second")).events).toBe(taken.events)
      expect(living(elsewhere)).toEqual([])
    }),
  )

  it.effect(
    "of a thread with rules for questions that nobody answers brings them as what was, and not as what holds",
    () =>
      Effect.gen(function* () {
        const log = yield* recorded("codex-01-plain")
        const [threadId = ""] = log.streams.filter((id) => log.store.whole("threads", [id]) !== null)
        const rules = (name: string, value: readonly object[] | null) => {
          const payload = { rules: value }
          const ours = { native: null, channel: null, seq: null, at: 1, eventId: idFor(name) }
          const event = { type: "thread.unattended-set", payload, ...ours }
          log.submit({ drafts: [{ to: { streamId: threadId }, sessionId: null, actor: "client", event }] })
          expect(log.store.whole("threads", [threadId])?.unattended).toEqual(value)
        }
        rules("allow", [{ action: "accept", afterMs: 1_000 }])
        const { text } = log.bundle({ redaction: "none" })
        const hash = log.hashOf(threadId)
        const settledOf = (report: BundleOutcome) => report.streams.filter(({ settled }) => settled > 0)
        for (const seed of [null, "copy"]) {
          const copy = new MemoryLog()
          const [stream] = settledOf(yield* into(copy, text, seed))
          if (seed === null) expect(stream).toMatchObject({ streamId: threadId, hash, settled: 1 })
          expect(copy.store.whole("threads", [stream?.streamId ?? ""])?.unattended).toBeNull()
          expect((yield* into(copy, text, seed)).events).toBe(0)
        }
        rules("take back", null)
        expect(settledOf(yield* into(new MemoryLog(), log.bundle({ redaction: "none" }).text))).toEqual([])
      }),
  )

  it.effect("whose import was stopped takes nothing else until the same import is repeated", () =>
    Effect.gen(function* () {
      const log = yield* recorded("codex-08-plan")
      const { text } = log.bundle({ redaction: "none" })
      const whole = new MemoryLog()
      yield* into(whole, text)
      const [threadId = ""] = log.streams.filter((id) =>
        [...log.store.rowsOf(id)].some(({ table }) => table === "threads"),
      )
      const seal = text.split("\n").find((line) => line.includes(`"sealed":{"stream":"${threadId}"`)) ?? ""
      const digest = /"sha256":"(\w+)"/.exec(seal)?.[1] ?? ""
      const stopped = new MemoryLog()
      stopped.submit({
        drafts: [],
        restored: log.eventsOf(threadId).slice(0, 5),
        importing: { streamId: threadId, importId: digest, done: false },
        meta: { [`bundle:${threadId}`]: JSON.stringify({ digest, version: null }) },
      })
      const rename = stopped.submit({
        drafts: [],
        command: {
          commandId: "01990000-0000-7000-8000-0000000000cc",
          to: { streamId: threadId },
          at: 1,
          command: { type: "thread.rename", threadId: ThreadId.make(threadId), title: "other" },
        },
      })
      expect(Either.isLeft(rename) && rename.left._tag).toBe("ThreadIncomplete")
      yield* into(stopped, text)
      expect(contentOf(stopped)).toEqual(contentOf(whole))
    }),
  )
})
