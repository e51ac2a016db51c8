import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeRedactor } from "../redaction/Redactor.js"
import type { Emitted } from "../Translator.js"
import { makeCoalescer } from "./Coalescer.js"
import { makeOrigin } from "./Draft.js"
import { type Fact, fact, pieceOf } from "./Fact.js"

const key = "sk-0123456789abcdef"
const other = "sk-sk-sk-secret"

const delta = (text: string, item = "i") =>
  pieceOf("content.delta", { itemId: item }, [item], text, (joined, frames) => ({
    stream: "text",
    delta: joined,
    frames,
  }))

const lineOf = (text: string) => JSON.stringify({ method: "delta", params: { delta: text } })

/** What a stream says: a piece after some ms, or another event that ends the merge. */
type Step = { readonly after: number; readonly text: string } | { readonly after: number; readonly item: string }

/** Runs a stream as a live connection does: what is due is let go between the lines. */
const run = (steps: readonly Step[]) => {
  const emitted: Emitted[] = []
  const coalescer = makeCoalescer(
    (one) => emitted.push(one),
    makeRedactor({ values: [key, other], onRedacted: () => {} }),
  )
  const origin = makeOrigin({ kind: "connection" })
  let now = 1_000
  for (const step of steps) {
    const until = now + step.after
    for (let due = coalescer.nextDeadline(); due !== null && due <= until; due = coalescer.nextDeadline()) {
      now = due
      coalescer.release((deadline) => deadline <= now)
    }
    now = until
    const what =
      "text" in step
        ? delta(step.text)
        : fact("item.completed", { kind: "agent_message", status: "completed" }, { itemId: step.item })
    coalescer.push({
      origin,
      channel: "agent",
      fact: what,
      at: now,
      raw: "text" in step ? lineOf(step.text) : undefined,
    })
  }
  coalescer.release(() => true)
  expect(coalescer.nextDeadline()).toBeNull()
  expect(emitted.map(({ event }) => event.seq)).toEqual(emitted.map((_, index) => index + 1))
  const deltas = emitted.filter(({ event }) => event.type === "content.delta")
  const textOf = ({ event }: Emitted): string => {
    const { payload } = event
    return typeof payload === "object" && payload !== null && "delta" in payload ? String(payload.delta) : ""
  }
  return {
    emitted,
    text: deltas.map(textOf).join(""),
    reported: deltas
      .flatMap(({ event }) => (event.raw ?? "").split("\n"))
      .map((line) => JSON.parse(line).params.delta)
      .join(""),
  }
}

/** A text cut into pieces at these places. */
const cut = (text: string, places: readonly number[]): readonly string[] => {
  const sorted = [0, ...places.map((place) => place % (text.length + 1)), text.length].sort((one, two) => one - two)
  return sorted.slice(1).map((end, index) => text.slice(sorted[index], end))
}

const part = fc.oneof(fc.constantFrom(key, other, "sk-", "sk-sk-", key.slice(0, 9)), fc.string({ maxLength: 12 }))
const cuts = fc.array(fc.nat(500), { maxLength: 12 })
const expected = (text: string) => text.split(key).join("[removed]").split(other).join("[removed]")
/** For three letters of a beginning nothing waits: they may be recorded before what follows shows what they were. */
const withoutBeginnings = (text: string) => text.replace(/(s|sk|sk-)\[removed\]/g, "[removed]")

describe("a secret in a stream", () => {
  it("is recorded nowhere, however it is cut, and all else is", () => {
    // However slow the machine is: hours may lie between two pieces.
    const times = fc.array(fc.oneof(fc.nat(70), fc.nat(10_000_000)), { minLength: 14, maxLength: 14 })
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), cuts, times, (parts, places, after) => {
        const whole = parts.join("|")
        const { text, reported } = run(
          cut(whole, places).map((piece, index) => ({ after: after[index] ?? 0, text: piece })),
        )
        expect(withoutBeginnings(text)).toBe(withoutBeginnings(expected(whole)))
        expect(withoutBeginnings(reported)).toBe(withoutBeginnings(expected(whole)))
      }),
      { numRuns: 500 },
    )
  })

  it("is never recorded whole, whatever comes in between and however long it takes", () => {
    const step = fc.record({ after: fc.nat(100_000), breaks: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 5 }),
        cuts,
        fc.array(step, { minLength: 14, maxLength: 14 }),
        (parts, places, with_) => {
          const steps = cut(parts.join("|"), places).flatMap((text, index): readonly Step[] => {
            const { after = 0, breaks = false } = with_[index] ?? {}
            return [{ after, text }, ...(breaks ? [{ after: 0, item: "j" }] : [])]
          })
          const { emitted, text, reported } = run(steps)
          // Of another item, so that it says nothing of this one: no beginning is let out for it.
          const whole = expected(parts.join("|"))
          expect(withoutBeginnings(text)).toBe(withoutBeginnings(whole))
          for (const secret of [key, other]) {
            expect(text).not.toContain(secret)
            expect(reported).not.toContain(secret)
            expect(JSON.stringify(emitted)).not.toContain(secret)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it("waits while its thread tells of something else, and not when its item or turn ends", () => {
    const others: readonly (readonly [Fact, "past" | "end"])[] = [
      [delta("another stream", "j"), "past"],
      [fact("item.started", { kind: "command" }, { itemId: "j" }), "past"],
      [fact("item.completed", { kind: "command", status: "completed" }, { itemId: "j" }), "past"],
      [fact("runtime.warning", { message: "slow" }), "past"],
      [fact("request.opened", { kind: "command_approval" }, { itemId: "i", requestId: "1" }), "past"],
      [fact("session.state.changed", { state: "running" }), "past"],
      [fact("session.state.changed", { state: "ready" }), "end"],
      [fact("item.completed", { kind: "agent_message", status: "completed" }, { itemId: "i" }), "end"],
      [fact("turn.completed", { outcome: "completed" }, { turnId: "t" }), "end"],
    ]
    for (const [other, how] of others) {
      const emitted: Emitted[] = []
      const coalescer = makeCoalescer((one) => emitted.push(one), makeRedactor({ values: [key], onRedacted: () => {} }))
      const origin = makeOrigin({ kind: "connection" })
      const say = (what: Fact) => coalescer.push({ origin, channel: "agent", fact: what, at: 1_000, raw: undefined })
      say(delta("it is "))
      say(delta(key.slice(0, -1)))
      say(other)
      const before = JSON.stringify(emitted)
      expect([other.type, before.includes(key.slice(0, -1))]).toEqual([other.type, how === "end"])
      say(delta(`${key.slice(-1)}!`))
      coalescer.release(() => true)
      expect(emitted.map(({ event }) => event.seq)).toEqual(emitted.map((_, index) => index + 1))
      const texts = emitted.flatMap(({ event: { native, payload, type } }) =>
        type === "content.delta" && native?.itemId === "i" ? [payload] : [],
      )
      if (how === "past")
        expect(JSON.stringify(texts)).toBe(
          '[{"stream":"text","delta":"it is ","frames":1},{"stream":"text","delta":"[removed]!","frames":2}]',
        )
      expect(JSON.stringify(emitted)).not.toContain(key)
    }
  })

  it("lets out the oldest of many beginnings, so that memory is bounded", () => {
    const emitted: Emitted[] = []
    const coalescer = makeCoalescer((one) => emitted.push(one), makeRedactor({ values: [key], onRedacted: () => {} }))
    const origin = makeOrigin({ kind: "connection" })
    for (let item = 0; item < 1_000; item++) {
      coalescer.push({ origin, channel: "agent", fact: delta(key.slice(0, 6), `${item}`), at: item, raw: undefined })
    }
    expect(emitted.length).toBeGreaterThan(900)
    coalescer.release(() => true)
    expect(emitted.map(({ event }) => event.native?.itemId)).toEqual(
      Array.from({ length: 1_000 }, (_, item) => `${item}`),
    )
  })

  it("has no deadline at which its beginning is let out, and nothing else is kept back", () => {
    const emitted: Emitted[] = []
    const coalescer = makeCoalescer((one) => emitted.push(one), makeRedactor({ values: [key], onRedacted: () => {} }))
    const origin = makeOrigin({ kind: "connection" })
    const say = (text: string, at: number) =>
      coalescer.push({ origin, channel: "agent", fact: delta(text), at, raw: undefined })
    say("The key is ", 1_000)
    say(key.slice(0, 8), 1_010)
    coalescer.release((due) => due <= 1_050)
    expect(emitted.map(({ event }) => event.payload)).toEqual([{ stream: "text", delta: "The key is ", frames: 1 }])
    expect(coalescer.nextDeadline()).toBeNull()
    coalescer.release((due) => due <= Number.MAX_SAFE_INTEGER)
    expect(emitted).toHaveLength(1)
    say(`${key.slice(8)} and on`, 1_000_000)
    coalescer.release((due) => due <= 2_000_000)
    expect(emitted.map(({ event }) => event.payload)).toMatchObject([{}, { delta: "[removed] and on", frames: 2 }])
    // At the end of all that waits for more is what the stream said.
    say(key.slice(0, 8), 3_000_000)
    coalescer.release((due) => due <= 4_000_000)
    coalescer.release(() => true)
    expect(emitted.map(({ event }) => event.at)).toEqual([1_000, 1_010, 3_000_000])
  })
})
