/** Imports at the level of bytes: whatever pieces they come in, and however often they stop. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { mintId } from "@threadfold/core"
import { Engine, sha256 } from "@threadfold/engine"
import { engineOn } from "@threadfold/engine/fixtures"
import { recording } from "@threadfold/testkit"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { codexAppServer, importRecording, type Recording, RecordingUnreadable, readerOf, recognize } from "./index.js"
import { readers } from "./readers/index.js"
import { recordingSources } from "./sources.js"

const bytes = readFileSync(recording("codex-01-plain").path)

/** A recording whose bytes come in pieces of a size. */
const inPieces = (size: number, content = bytes): Recording => ({
  name: "plain.jsonl",
  bytes: Stream.range(0, Math.max(0, Math.ceil(content.length / size) - 1)).pipe(
    Stream.map((index) => content.subarray(index * size, (index + 1) * size)),
  ),
})

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-imports-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
)

/** Runs in an empty log. */
const inEmptyLog = <A, E>(body: Effect.Effect<A, E, Engine>) =>
  Effect.scoped(
    Effect.flatMap(directory, (path) => Effect.provide(body, engineOn({ file: join(path, "threadfold.db") }))),
  )

const eventIds = Effect.flatMap(Engine, ({ log }) =>
  Effect.map(log.read({ limit: 10_000 }), (rows) => rows.map(({ eventId }) => eventId)),
)

const imported = (from: Recording) =>
  Effect.gen(function* () {
    const outcome = yield* importRecording(yield* recognize(from))
    return { outcome, ids: yield* eventIds }
  })

it("every kind of recording that can be imported has a reader, and every reader is one of a kind that is listed", () => {
  expect(readers.map(({ form, source, title }) => ({ form, source, title }))).toEqual(recordingSources)
})

describe("an import", () => {
  it.effect("leads to the same events whatever pieces its bytes come in", () =>
    Effect.gen(function* () {
      const whole = yield* inEmptyLog(imported(inPieces(bytes.length)))
      expect(whole.outcome.lines).toBe(bytes.toString().trimEnd().split("\n").length)
      expect(whole.ids).toHaveLength(whole.outcome.events)
      expect(yield* inEmptyLog(imported(inPieces(7)))).toEqual(whole)
    }),
  )

  it.live("of what was imported already says that its thread was purged, and adds nothing", () =>
    inEmptyLog(
      Effect.gen(function* () {
        const whole = inPieces(bytes.length)
        const { outcome } = yield* imported(whole)
        const { purge } = yield* Engine
        for (const { threadId } of outcome.threads) {
          yield* purge({ threadId, commandId: mintId(sha256, 0, threadId), ifVersion: null })
        }
        const before = yield* eventIds
        expect(yield* Effect.flip(imported(whole))).toMatchObject({ reason: "thread-purged" })
        expect(yield* eventIds).toEqual(before)
      }),
    ),
  )

  it.effect("that is interrupted keeps what it had committed; the next one adds what is missing", () =>
    Effect.gen(function* () {
      const whole = yield* inEmptyLog(imported(inPieces(1_000)))
      const inTwo = Effect.gen(function* () {
        const committed = yield* Deferred.make<number>()
        // The second half never comes.
        const stuck: Recording = {
          name: "plain.jsonl",
          bytes: Stream.concat(inPieces(1_000, bytes.subarray(0, bytes.length / 2)).bytes, Stream.never),
        }
        const onProgress = (_name: string, _line: number, events: number) =>
          Deferred.unsafeDone(committed, Effect.succeed(events))
        const fiber = yield* Effect.fork(importRecording(yield* recognize(stuck), { submitAt: 5, onProgress }))
        expect(yield* Deferred.await(committed)).toBeGreaterThan(0)
        yield* Fiber.interrupt(fiber)
        const before = yield* eventIds
        expect(before.length).toBeGreaterThan(0)
        const { ids, outcome } = yield* imported(inPieces(1_000))
        expect(outcome.events).toBe(whole.outcome.events - before.length)
        expect(ids).toEqual(whole.ids)
      })
      yield* inEmptyLog(inTwo)
    }),
  )

  it.effect("whose bytes end in a failure fails with it, and the rest is imported later", () =>
    inEmptyLog(
      Effect.gen(function* () {
        const gone = new RecordingUnreadable({ name: "plain.jsonl", reason: "gone" })
        const half: Recording = {
          name: "plain.jsonl",
          bytes: Stream.concat(inPieces(1_000, bytes.subarray(0, bytes.length / 2)).bytes, Stream.fail(gone)),
        }
        expect(yield* Effect.flip(importRecording(yield* recognize(half), { submitAt: 5 }))).toBe(gone)
        const { ids, outcome } = yield* imported(inPieces(1_000))
        expect(ids.length).toBeGreaterThan(outcome.events)
      }),
    ),
  )
})

describe("a recording", () => {
  it.effect("is recognized by its lines, and keeps its key when it has grown", () =>
    Effect.gen(function* () {
      const whole = yield* recognize(inPieces(1_000))
      expect(whole.reader).toBe(codexAppServer)
      const begun = yield* recognize(inPieces(1_000, bytes.subarray(0, bytes.length / 2)), codexAppServer)
      expect(begun.key).toBe(whole.key)
      const other = yield* recognize(inPieces(1_000, readFileSync(recording("codex-40-realtime-base").path)))
      expect(other.key).not.toBe(whole.key)
    }),
  )

  it.effect("without a line that leads to an event is refused, with what it seems to be", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(recognize(inPieces(10, Buffer.from("some text\n"))))
      expect(refused).toMatchObject({
        _tag: "NotARecording",
        wanted: ["Codex app-server", "Codex sessions", "Claude sessions", "Codex traces"],
        seems: "a text that is no JSON",
      })
      expect(yield* Effect.flip(recognize(inPieces(10, Buffer.alloc(0))))).toMatchObject({ seems: "an empty file" })
    }),
  )

  it.effect("of another kind than the one asked for is refused, with the kind that it is", () =>
    Effect.gen(function* () {
      const bytes = readFileSync(recording("codex-40-realtime-base").path)
      const refused = yield* Effect.flip(recognize(inPieces(1_000, bytes), yield* readerOf("codex-rollout")))
      expect(refused).toMatchObject({ seems: "of Codex app-server: import it as `codex-app-server`" })
    }),
  )

  it.effect("of an unknown source has no reader", () =>
    Effect.map(Effect.flip(readerOf("rollout")), (failure) =>
      expect(failure).toMatchObject({
        _tag: "UnknownSource",
        known: ["codex-app-server", "codex-rollout", "claude", "codex-trace"],
      }),
    ),
  )
})
