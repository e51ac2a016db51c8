import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Fiber, Ref, Stream, TestClock } from "effect"
import { agentDelta, notify, started, t0, turnAnswer, turnStart, turnStarted, X } from "../../test/support/codexWire.js"
import { makeCodexTranslator } from "../codex/translate/CodexTranslator.js"
import type { Emitted, WireLine } from "../Translator.js"
import { translate } from "../testing/TranslatorContract.js"
import { type LiveEvents, makeLiveEvents } from "./LiveEvents.js"

const make = () => makeCodexTranslator({ mode: "managed" })

/** Consumes in the background; says what has come so far. */
const consuming = (live: LiveEvents) =>
  Effect.gen(function* () {
    const seen = yield* Ref.make<readonly Emitted[]>([])
    const fiber = yield* Effect.fork(Stream.runForEach(live.events, (one) => Ref.update(seen, (all) => [...all, one])))
    return { fiber, types: Effect.map(Ref.get(seen), (all) => all.map(({ event }) => event.type)) }
  })

const deltas = (count: number): readonly WireLine[] =>
  Array.from({ length: count }, (_, index) => agentDelta(20 + index * 60, `word ${index} `))

describe("the events of a live wire", () => {
  it.effect("are those of its lines, in their order, and end when nothing more comes", () =>
    Effect.gen(function* () {
      const lines = [...started(0), turnStart(1, 5), turnAnswer(2, 5, X), turnStarted(3), ...deltas(30)]
      const live = makeLiveEvents(make())
      const fiber = yield* Effect.fork(Stream.runCollect(live.events))
      for (const line of lines) {
        live.push(line)
        yield* Effect.yieldNow()
      }
      live.finish()
      const reported = Chunk.toReadonlyArray(yield* Fiber.join(fiber))
      const expected = translate({ make, lines }).emitted.filter(({ event }) => !/exited|closed/.test(event.type))
      expect(reported).toEqual(expected)
    }),
  )

  it.effect("come when they are due, though no further line does", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(t0)
      const live = makeLiveEvents(make())
      for (const line of started(0)) live.push(line)
      const { fiber, types } = yield* consuming(live)
      yield* TestClock.adjust(1)
      const before = (yield* types).length
      live.push(agentDelta(1, "a"))
      yield* TestClock.adjust(49)
      expect((yield* types).length).toBe(before)
      yield* TestClock.adjust(1)
      expect((yield* types).slice(before)).toEqual(["content.delta"])
      yield* Fiber.interrupt(fiber)
    }),
  )

  it.effect("keep the reader waiting while no consumer reads them", () =>
    Effect.gen(function* () {
      const live = makeLiveEvents(make())
      const pushed = yield* Ref.make(0)
      const reader = yield* Effect.fork(
        Effect.forEach(
          Array.from({ length: 3_000 }, (_, index) => notify(index, "configWarning", { summary: `${index}` })),
          (line) =>
            Effect.zipRight(
              live.room,
              Ref.update(pushed, (count) => {
                live.push(line)
                return count + 1
              }),
            ),
        ),
      )
      yield* Effect.yieldNow()
      yield* TestClock.adjust(1)
      const waiting = yield* Ref.get(pushed)
      expect(waiting).toBeLessThan(1_100)
      const took = yield* Stream.runCollect(Stream.take(live.events, 3_000))
      expect(took.length).toBe(3_000)
      yield* Fiber.join(reader)
      expect(yield* Ref.get(pushed)).toBe(3_000)
    }),
  )

  it.effect("lose nothing when a consumer is interrupted while it waits", () =>
    Effect.gen(function* () {
      const live = makeLiveEvents(make())
      const first = yield* Effect.fork(Stream.runDrain(live.events))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(first)
      live.push(notify(0, "configWarning", { summary: "s" }))
      live.finish()
      const reported = yield* Stream.runCollect(live.events)
      expect([...reported].map(({ event }) => event.type)).toEqual(["connection.opened", "config.warning"])
    }),
  )
})
