/** The contract of every log behind the one writer, as a suite over the layer of an empty log. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { appendSuite } from "./AppendSuite.js"
import { append, eventOf, type LogTest, LogUnderTest } from "./LogUnderTest.js"
import { readSuite } from "./ReadSuite.js"
import { subscribeSuite } from "./SubscribeSuite.js"

/** Registers the suite. The layer must make an empty log each time it is built. */
export const eventLogContract = (name: string, layer: Layer.Layer<LogUnderTest, unknown>): void => {
  const test: LogTest = (title, body) => it.effect(title, () => Effect.provide(body, layer))

  describe(`EventLog contract: ${name}`, () => {
    test(
      "starts empty, with an id",
      Effect.gen(function* () {
        const { log } = yield* LogUnderTest
        expect(log.logId).not.toBe("")
        expect(yield* log.head).toBe(0)
        expect(log.published()).toBe(0)
        expect(yield* log.read({ limit: 10 })).toEqual([])
      }),
    )

    test(
      "keeps native bodies, long and short",
      Effect.gen(function* () {
        const { driver, log } = yield* LogUnderTest
        const long = `"${"x".repeat(40_000)}"`
        const raws = ['{"a":"grüße"}', long, long, null]
        yield* append(...raws.map((raw, n) => eventOf(n + 1, raw === null ? {} : { raw })))
        const read = Effect.forEach([1, 2, 3, 4, 5], log.native)
        expect(yield* read).toEqual([...raws, null])
        driver.compressNative(100)
        expect(yield* read).toEqual([...raws, null])
      }),
    )

    appendSuite(test)
    readSuite(test)
    subscribeSuite(test)
  })
}
