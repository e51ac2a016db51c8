import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { commandOf } from "../../test/submissions.js"
import { FakeSource, submit } from "../../test/support.js"
import { EngineFailed } from "../Errors.js"
import type { Outcome, Submission } from "../Submission.js"
import { CommitLoop } from "./CommitLoop.js"
import { fairBatch, type Sized } from "./fairBatch.js"

const refused: Outcome = { ok: false, error: new EngineFailed({ message: "" }) }

describe("group commit", () => {
  const cut = (submissions: readonly Submission[]): readonly number[] => {
    const sizes: number[] = []
    const loop = new CommitLoop({
      process: (batch) => {
        sizes.push(batch.length)
        return batch.map(() => refused)
      },
      defer: () => undefined,
      maxEvents: 10,
    })
    let answered = 0
    for (const one of submissions) loop.offer(one, () => (answered += 1))
    loop.drain()
    expect(answered).toBe(submissions.length)
    return sizes
  }

  it("takes what waits as one batch, cut at about so many events", () => {
    const x = new FakeSource("x")
    const four = () => submit(x.turn("1"), x.turn("2"), x.turn("3"), x.turn("4"))
    expect(cut([four(), four()])).toEqual([2])
    expect(cut([four(), four(), four(), four(), four()])).toEqual([2, 2, 1])
    expect(cut([submit(...Array.from({ length: 30 }, () => x.turn("1"))), four()])).toEqual([1, 1])
  })

  it("counts a command and a step of an effect as one, so that many of them do not delay the others", () => {
    const commands = Array.from({ length: 25 }, (_, index) => commandOf(`${index}`, { type: "thread.archive" }))
    expect(cut(commands)).toEqual([10, 10, 5])
  })

  /** A submission of so many events to streams; only what fairness looks at. */
  const arbQueue = fc.array(
    fc.record({
      streams: fc.uniqueArray(fc.constantFrom("busy", "busy", "a", "b", "c"), { minLength: 1, maxLength: 2 }),
      size: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 15 })),
    }),
    { minLength: 1, maxLength: 80 },
  )

  it("gives every thread that waits its share of each batch, in the order of its submissions", () => {
    fc.assert(
      fc.property(arbQueue, (queue) => {
        const limit = 20
        for (let waiting: readonly Sized[] = queue; waiting.length > 0; ) {
          const taken = fairBatch(waiting, limit)
          expect(taken.has(waiting[0] ?? { streams: [], size: 0 })).toBe(true)
          const events = [...taken].reduce((sum, { size }) => sum + size, 0)
          expect(events).toBeLessThanOrEqual(limit + (waiting[0]?.size ?? 0))
          const left = waiting.filter((one) => !taken.has(one))
          for (const stream of ["busy", "a", "b", "c"]) {
            const of = waiting.filter(({ streams }) => streams.includes(stream))
            const firstLeft = of.findIndex((one) => !taken.has(one))
            // What is taken of a stream is its beginning.
            if (firstLeft >= 0) for (const one of of.slice(firstLeft)) expect(taken.has(one)).toBe(false)
          }
          waiting = left
        }
      }),
    )
  })

  it("lets no thread wait behind a busy one: its next event is in the next batch, whatever the size of the others'", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 60 }), (others, size) => {
        const busy = Array.from({ length: 100 }, () => ({ streams: ["busy"], size }))
        const words = Array.from({ length: others }, (_, index) => ({ streams: [`quiet ${index}`], size: 1 }))
        const taken = fairBatch([...busy, ...words], 20)
        for (const word of words) expect(taken.has(word)).toBe(true)
        // What the others leave is the busy one's.
        const events = [...taken].reduce((sum, one) => sum + one.size, 0)
        expect(taken.has(busy[0] ?? { streams: [], size: 0 })).toBe(true)
        expect(events).toBeGreaterThan(20 - size)
      }),
    )
  })
})
