import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Attempt, type AttemptEvent, type AttemptInput } from "./Attempt.js"
import { responsesReader } from "./ResponsesReader.js"
import type { Signal } from "./Signal.js"

const item = (index: number, id: string | null = `item-${index}`): Signal => ({
  type: "item",
  item: { id: id ?? undefined, index, item: { index } },
})
const signals = (...list: readonly Signal[]): AttemptInput => ({ type: "signals", signals: list })
const done: Signal = { type: "terminal", outcome: "completed" }
const start: AttemptInput = { type: "started", model: "m", provider: "p" }
const isTerminal = ({ type }: AttemptEvent): boolean => type !== "inference.started" && type !== "inference.item"

/** Tells an attempt what happens; `takes`: whether the log takes what follows from it. */
const told = (attempt: Attempt, inputs: readonly AttemptInput[], takes: (nth: number) => boolean = () => true) => {
  const stored: AttemptEvent[] = []
  let nth = 0
  for (const input of inputs) {
    const events = attempt.take(input, 1)
    if (events.length === 0) continue
    const taken = takes(nth++)
    if (taken) stored.push(...events)
    attempt.settle(events, taken)
  }
  return stored
}
const keys = (events: readonly AttemptEvent[]) =>
  events.flatMap((event) => {
    if (event.type === "inference.item") return [event.payload.key]
    return "items" in event.payload ? (event.payload.items ?? []).map(({ key }) => key) : []
  })

describe("an attempt", () => {
  it("is started, has its items, its evidence and one end", () => {
    const events = told(new Attempt(responsesReader()), [
      start,
      { type: "answered", afterMs: 12.4, upstreamRequestId: "req" },
      signals(item(0), item(0), item(1, null)),
      signals({ type: "evidence", responseId: "r", usage: { outputTokens: 1 } }, done, done),
      { type: "ended" },
      { type: "gone", reason: "late" },
    ])
    expect(events.map(({ type }) => type)).toEqual([
      "inference.started",
      "inference.item",
      "inference.item",
      "inference.completed",
    ])
    expect(keys(events)).toEqual(["item-0", "#1"])
    expect(events.at(-1)?.payload).toEqual({
      responseId: "r",
      upstreamRequestId: "req",
      usage: { outputTokens: 1 },
      firstByteMs: 12,
    })
  })

  it.each([
    [{ type: "ended" }, "inference.failed", { error: "The stream ended before its terminal event." }],
    [{ type: "broken", error: "reset" }, "inference.failed", { error: "reset" }],
    [{ type: "gone", reason: "left" }, "inference.cancelled", { reason: "left" }],
  ] as const)("%j ends one that has not ended", (input, type, payload) => {
    expect(told(new Attempt(responsesReader()), [start, input]).at(-1)).toMatchObject({ type, payload })
  })

  it("gives two items of one name each a key of its own", () => {
    expect(
      keys(told(new Attempt(responsesReader()), [signals(item(0, "same"), item(1, "same"), item(1, "same"))])),
    ).toEqual(["same", "#1"])
  })

  it("is not over until its end is recorded, and offers the same end again", () => {
    const attempt = new Attempt(responsesReader())
    told(attempt, [start])
    const first = attempt.take(signals(item(0), done), 1)
    attempt.settle(first, false)
    expect([attempt.isOver, attempt.isEnding, attempt.untraced]).toEqual([false, true, true])
    const again = attempt.take({ type: "gone", reason: "later" }, 2)
    expect(again).toMatchObject([
      { type: "inference.completed", payload: { untraced: true, items: [{ key: "item-0" }] } },
    ])
    attempt.settle(again, true)
    expect(attempt.isOver).toBe(true)
    expect(attempt.take({ type: "ended" }, 3)).toEqual([])
  })

  it("whatever happens in whatever order: one end, no item lost or doubled", () => {
    const input = fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 3 })
          .map((of) => signals(...of.map((n) => item(n)))),
      },
      fc.constant(signals(done)),
      fc.constant(signals({ type: "terminal", outcome: "failed", error: "e" })),
      fc.constant<AttemptInput>({ type: "ended" }),
      fc.constant<AttemptInput>({ type: "broken", error: "e" }),
      fc.constant<AttemptInput>({ type: "gone", reason: "r" }),
      fc.constant<AttemptInput>({ type: "answered", afterMs: 1, upstreamRequestId: null }),
    )
    fc.assert(
      fc.property(fc.array(input, { maxLength: 12 }), fc.array(fc.boolean(), { maxLength: 12 }), (inputs, taken) => {
        const attempt = new Attempt(responsesReader())
        // In the end the log takes things again.
        const events = told(
          attempt,
          [start, ...inputs, { type: "gone", reason: "end" }, { type: "ended" }],
          (nth) => taken[nth] ?? nth >= 11,
        )
        const whole = [...events, ...told(attempt, [{ type: "ended" }])]
        expect(whole.filter(isTerminal)).toHaveLength(1)
        expect(whole.filter(({ type }) => type === "inference.started")).toHaveLength(1)
        expect(attempt.isOver).toBe(true)
        const before = inputs.findIndex(
          (one) =>
            one.type === "ended" ||
            one.type === "broken" ||
            one.type === "gone" ||
            (one.type === "signals" && one.signals.some(({ type }) => type === "terminal")),
        )
        const seen = (before === -1 ? inputs : inputs.slice(0, before)).flatMap((one) =>
          one.type === "signals"
            ? one.signals.flatMap((signal) => (signal.type === "item" ? [signal.item.id] : []))
            : [],
        )
        expect([...keys(whole)].sort()).toEqual([...new Set(seen)].sort())
      }),
    )
  })
})
