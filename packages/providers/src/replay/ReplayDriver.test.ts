import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Either, Fiber, Ref, Stream, TestClock } from "effect"
import {
  agentDelta,
  notify,
  recordingText,
  spawn,
  started,
  T,
  turnCompleted,
  turnStart,
  turnStarted,
} from "../../test/support/codexWire.js"
import { makeCodexTranslator } from "../codex/translate/CodexTranslator.js"
import type { ProviderConnection, ProviderFailure } from "../ProviderDriver.js"
import type { Emitted, WireLine } from "../Translator.js"
import { contentPerScope, translate } from "../testing/TranslatorContract.js"
import { readRecording } from "../wire/parseRecordingLine.js"
import { makeReplayDriver, type ReplayOptions } from "./ReplayDriver.js"

const make = () => makeCodexTranslator({ mode: "imported" })

const options = { connectionId: "c", marks: {} }
const driver = (lines: readonly WireLine[], speed: ReplayOptions["speed"]) =>
  makeReplayDriver({ provider: "codex", lines, translator: make, speed })

const typesOf = (emitted: Iterable<Emitted>): readonly string[] => [...emitted].map(({ event }) => event.type)

/** Plays in the background; says what has come so far. */
const playing = (connection: ProviderConnection) =>
  Effect.gen(function* () {
    const seen = yield* Ref.make<readonly Emitted[]>([])
    const fiber = yield* Effect.fork(
      Stream.runForEach(connection.events, (one) => Ref.update(seen, (before) => [...before, one])),
    )
    return { fiber, types: Effect.map(Ref.get(seen), typesOf) }
  })

const short = [spawn(0), notify(100, "configWarning", { summary: "s" }), notify(300, "configWarning", { summary: "t" })]

describe("a replayed recording", () => {
  it.scoped("says at full speed what an import says, without waiting", () =>
    Effect.gen(function* () {
      const { lines } = readRecording(recordingText("codex-31-resume-after-kill"))
      const connection = yield* driver(lines, "full").connect(options)
      const emitted = Chunk.toReadonlyArray(yield* Stream.runCollect(connection.events))
      expect(emitted).toEqual(translate({ make, lines }).emitted)
    }),
  )

  it.scoped("keeps the recorded pace", () =>
    Effect.gen(function* () {
      const { fiber, types } = yield* playing(yield* driver(short, 1).connect(options))
      yield* TestClock.adjust(99)
      expect(yield* types).toEqual(["connection.opened"])
      yield* TestClock.adjust(1)
      expect(yield* types).toEqual(["connection.opened", "config.warning"])
      yield* TestClock.adjust(200)
      yield* Fiber.join(fiber)
      expect(yield* types).toEqual(["connection.opened", "config.warning", "config.warning", "connection.closed"])
    }),
  )

  it.scoped("may be played at a multiple of it", () =>
    Effect.gen(function* () {
      const { types } = yield* playing(yield* driver(short, 4).connect(options))
      yield* TestClock.adjust(24)
      expect(yield* types).toEqual(["connection.opened"])
      yield* TestClock.adjust(1)
      expect(yield* types).toEqual(["connection.opened", "config.warning"])
    }),
  )

  it.scoped("lets go between its lines what is due", () =>
    Effect.gen(function* () {
      const lines = [spawn(0), ...started(0), turnStarted(0), agentDelta(10, "a"), turnCompleted(5000)]
      const { types } = yield* playing(yield* driver(lines, 1).connect(options))
      yield* TestClock.adjust(59)
      expect(yield* types).not.toContain("content.delta")
      yield* TestClock.adjust(1)
      expect((yield* types).at(-1)).toBe("content.delta")
    }),
  )

  it.scoped("lets go a held start after two seconds", () =>
    Effect.gen(function* () {
      const lines = [...started(0), turnStart(0, 2), turnStarted(0), turnCompleted(9000)]
      const { types } = yield* playing(yield* driver(lines, 1).connect(options))
      yield* TestClock.adjust(1999)
      expect(yield* types).not.toContain("turn.started")
      yield* TestClock.adjust(1)
      expect((yield* types).at(-1)).toBe("turn.started")
    }),
  )

  it.scoped("says the same at any pace, but for merging", () =>
    Effect.gen(function* () {
      const { lines } = readRecording(recordingText("codex-01-plain"))
      const connection = yield* driver(lines, 1000).connect(options)
      const fiber = yield* Effect.fork(Stream.runCollect(connection.events))
      yield* TestClock.adjust("1 minute")
      const emitted = Chunk.toReadonlyArray(yield* Fiber.join(fiber))
      expect(contentPerScope(emitted)).toEqual(contentPerScope(translate({ make, lines }).emitted))
    }),
  )

  it.scoped("ends early when it is stopped, with every session's end", () =>
    Effect.gen(function* () {
      const lines = [spawn(0), ...started(0), turnStarted(10_000)]
      const connection = yield* driver(lines, 1).connect(options)
      const { fiber, types } = yield* playing(connection)
      yield* TestClock.adjust(1)
      yield* connection.stop
      yield* connection.stop
      yield* Fiber.join(fiber)
      expect((yield* types).slice(-2)).toEqual(["session.exited", "connection.closed"])
      expect(yield* types).not.toContain("turn.started")
    }),
  )

  it.scoped("refuses every other operation", () =>
    Effect.gen(function* () {
      const replay = driver(short, "full")
      const connection = yield* replay.connect(options)
      const operations: readonly Effect.Effect<unknown, ProviderFailure>[] = [
        connection.startThread({ threadId: "t" }),
        connection.resumeThread({ threadId: "t", nativeThreadId: T }),
        connection.sendTurn({ nativeThreadId: T, turnId: "t", text: "x" }),
        connection.steer({ nativeThreadId: T, nativeTurnId: "x", text: "x" }),
        connection.interrupt({ nativeThreadId: T, nativeTurnId: "x" }),
        connection.answer({ nativeThreadId: T, nativeRequestId: "0", decision: "accept" }),
      ]
      const refused = yield* Effect.forEach(operations, (operation) => Effect.either(operation))
      const names = refused.map((one) =>
        Either.isLeft(one) && one.left._tag === "Unsupported" ? one.left.operation : "did something",
      )
      expect(names).toEqual(["start-thread", "resume-thread", "send-turn", "steer", "interrupt", "answer"])
      const can = Object.entries(replay.capabilities).flatMap(([operation, able]) => (able === true ? [operation] : []))
      expect(can).toEqual(["stop"])
    }),
  )

  it.scoped("may be empty", () =>
    Effect.gen(function* () {
      const connection = yield* driver([], 1).connect(options)
      expect(typesOf(yield* Stream.runCollect(connection.events))).toEqual([])
    }),
  )

  it("refuses a speed that gets nowhere", () => {
    expect(() => driver(short, 0)).toThrow(RangeError)
    expect(() => driver(short, Number.NaN)).toThrow(RangeError)
  })
})
