/** Lines of the access log on their way out: few writes, and none is left behind. */
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Scope } from "effect"
import { linesTo } from "./accessLog.js"

describe("lines of the access log", () => {
  const opened = Effect.gen(function* () {
    const written: string[] = []
    const first = yield* Deferred.make<string>()
    const write = (text: string): void => {
      written.push(text)
      Deferred.unsafeDone(first, Effect.succeed(text))
    }
    const scope = yield* Scope.make()
    return { written, first, scope, take: yield* Scope.extend(linesTo({ write }), scope) }
  })

  it.live("are written together, in their order", () =>
    Effect.gen(function* () {
      const { first, scope, take, written } = yield* opened
      take("one")
      take("two")
      expect(written).toEqual([])
      expect(yield* Deferred.await(first)).toBe("one\ntwo\n")
      yield* Scope.close(scope, Exit.void)
      expect(written).toHaveLength(1)
    }),
  )

  it.effect("are all written at the end of the server, and at once from then on", () =>
    Effect.gen(function* () {
      const { scope, take, written } = yield* opened
      take("one")
      yield* Scope.close(scope, Exit.void)
      expect(written).toEqual(["one\n"])
      take("two")
      expect(written).toEqual(["one\n", "two\n"])
    }),
  )

  it.effect(
    "are written when the process ends before the server does, which it is asked for only while some wait",
    () =>
      Effect.gen(function* () {
        const before = process.listeners("exit")
        const { scope, take, written } = yield* opened
        expect(process.listeners("exit")).toEqual(before)
        take("one")
        const added = process.listeners("exit").filter((listener) => !before.includes(listener))
        for (const listener of added) listener.call(process, 0)
        expect(written).toEqual(["one\n"])
        expect(process.listeners("exit")).toEqual(before)
        yield* Scope.close(scope, Exit.void)
        expect(written).toEqual(["one\n"])
      }),
  )
})
