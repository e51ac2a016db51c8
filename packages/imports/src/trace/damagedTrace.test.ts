/** Random damage to real traces: whatever is lost, doubled, moved, cut or overwritten, an import ends, and says what it did. */
import { describe, it } from "@effect/vitest"
import { paused, traceBundles } from "@threadfold/testkit"
import { Chunk, Effect, Either, Stream } from "effect"
import fc from "fast-check"
import { expect } from "vitest"
import { MemoryLog } from "../../test/MemoryLog.js"
import { rowsOf, running, traced, violations } from "../../test/traced.js"
import { traceBundle } from "./traceBundle.js"

/** The lines of a trace as an import takes them: those of its log, with their bodies before them. */
const linesOf = (path: string) =>
  Effect.map(Stream.runCollect(traceBundle(path, null).bytes), (pieces) =>
    Buffer.concat(Chunk.toReadonlyArray(pieces)).toString("utf8").trimEnd().split("\n"),
  )

type Damage =
  | { readonly how: "drop" | "double"; readonly at: number }
  | { readonly how: "move" | "repeat"; readonly at: number; readonly to: number }
  | { readonly how: "cut" | "overwrite"; readonly at: number; readonly part: number }
  | { readonly how: "end"; readonly at: number }

/** Places are shares of the whole, so that one damage fits traces of any length. */
const share = fc.double({ min: 0, max: 0.999, noNaN: true })
const arbDamage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ how: fc.constantFrom("drop" as const, "double" as const), at: share }),
  fc.record({ how: fc.constantFrom("move" as const, "repeat" as const), at: share, to: share }),
  fc.record({ how: fc.constantFrom("cut" as const, "overwrite" as const), at: share, part: share }),
  fc.record({ how: fc.constant("end" as const), at: share }),
)

const damaged = (lines: readonly string[], damage: Damage): readonly string[] => {
  const at = Math.floor(damage.at * lines.length)
  const line = lines[at]
  if (line === undefined) return lines
  switch (damage.how) {
    case "drop":
      return lines.toSpliced(at, 1)
    case "double":
      return lines.toSpliced(at, 0, line)
    case "move":
      return lines.toSpliced(at, 1).toSpliced(Math.floor(damage.to * lines.length), 0, line)
    case "repeat":
      return lines.toSpliced(Math.floor(damage.to * lines.length), 0, line)
    case "cut":
      return lines.with(at, line.slice(0, Math.floor(damage.part * line.length)))
    case "overwrite": {
      const from = Math.floor(damage.part * line.length)
      return lines.with(at, `${line.slice(0, from)}\0${line.slice(from + 1)}`)
    }
    case "end":
      return lines.slice(0, at + 1)
  }
}

const isOurs = (line: string): boolean => {
  if (!line.startsWith('{"threadfold":')) return false
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}

const recording = (lines: readonly string[]) => ({
  name: "trace",
  bytes: Stream.make(Buffer.from(`${lines.join("\n")}\n`)),
})

describe("a damaged trace", () => {
  it.effect(
    "is imported as far as it can be read: nothing runs afterwards, each attempt ends once, and again adds nothing",
    () =>
      Effect.gen(function* () {
        const whole = yield* Effect.forEach(traceBundles, ({ path }) => linesOf(path))
        const property = fc.asyncProperty(
          fc.nat(whole.length - 1),
          fc.array(arbDamage, { minLength: 1, maxLength: 8 }),
          async (which, damages) => {
            const lines = damages.reduce(damaged, whole[which] ?? [])
            const log = new MemoryLog()
            const import_ = Effect.either(traced(log, recording(lines)))
            const first = await Effect.runPromise(import_)
            if (Either.isLeft(first)) {
              // Nothing of it is about a thread.
              expect(first.left).toMatchObject({ _tag: "NotARecording" })
              return
            }
            const { kept, lines: counted, mapped, unreadable } = first.right
            const given = lines.filter((line) => line.trim() !== "")
            expect(counted).toBe(given.length - given.filter(isOurs).length)
            expect(mapped + kept + unreadable).toBe(counted)
            expect([running(log), violations(log)]).toEqual([[], []])
            const attempts = rowsOf(log, "inferences")
            for (const { endedAt, evidence, status } of attempts) {
              expect([status === "running", evidence === null, endedAt === null]).toEqual([false, false, false])
            }
            expect(new Set(attempts.map(({ nativeInferenceId }) => nativeInferenceId)).size).toBe(attempts.length)
            const { hash } = log
            expect(await Effect.runPromise(import_)).toMatchObject({
              right: { lines: counted, mapped, kept, events: 0 },
            })
            expect(log.hash).toBe(hash)
          },
        )
        yield* Effect.promise(() => fc.assert(paused(property), { numRuns: 60 }))
      }),
    600_000,
  )
})
