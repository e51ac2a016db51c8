/// <reference lib="es2024.string" />

import { paused } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Scenario, strong } from "../../test/Scenario.js"
import { fullChunk } from "./chunks.js"
import { fold, foldByRules } from "./fold.js"

const t1 = strong("t1")
const native = { turnId: t1, itemId: "i1" }

/** What is stored of an item that streamed these pieces, part after part. */
const stored = (pieces: readonly (readonly [part: number, text: string])[], foldWith = fold) => {
  const s = new Scenario(undefined, foldWith).start().turn(t1).item("i1", t1, { kind: "agent_message" })
  for (const [part, delta] of pieces) s.send("content.delta", { stream: "text", part, delta }, { native })
  s.complete(t1, "interrupted")
  const parts = new Map<number, string>()
  for (const { part, text } of s.rows.all("item_chunks")) parts.set(part, (parts.get(part) ?? "") + text)
  return { parts, row: s.itemRow("i1"), chunks: s.rows.all("item_chunks") }
}

/** The text in pieces that end at these places, in the middle of a pair or not. */
const cut = (text: string, places: readonly number[]): readonly string[] => {
  const ends = [...places.map((place) => place % (text.length + 1)), text.length].sort((a, b) => a - b)
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end))
}

const units = fc
  .array(fc.oneof(fc.constantFrom("😀", "a", "\0", "é", "\ud83d", "\ude00"), fc.string16bits({ maxLength: 3 })), {
    maxLength: 24,
  })
  .map((parts) => parts.join(""))

describe("streamed pieces", () => {
  it("that share a surrogate pair make it whole again", () => {
    expect(
      stored([
        [0, "smile \ud83d"],
        [0, "\ude00 ok"],
      ]).parts.get(0),
    ).toBe("smile 😀 ok")
    expect(
      stored([
        [0, "\ud83d"],
        [0, ""],
        [0, "\ude00"],
      ]).parts.get(0),
    ).toBe("😀")
  })

  it("leave U+FFFD for half a pair whose other half does not come", () => {
    expect(stored([[0, "a\ud83d"]]).parts.get(0)).toBe("a\ufffd")
    expect(
      stored([
        [0, "a\ud83d"],
        [0, "b"],
      ]).parts.get(0),
    ).toBe("a\ufffdb")
    expect(stored([[0, "\ude00b"]]).parts.get(0)).toBe("\ufffdb")
    expect(
      stored([
        [0, "a\ud83d"],
        [1, "\ude00"],
      ]).parts,
    ).toEqual(
      new Map([
        [0, "a\ufffd"],
        [1, "\ufffd"],
      ]),
    )
  })

  it("complete a pair in the chunk that holds its first half, also where that is full", () => {
    const { chunks, parts } = stored([
      [0, `${"x".repeat(fullChunk - 1)}\ud83d`],
      [0, "\ude00"],
      [0, "y"],
    ])
    expect(parts.get(0)).toBe(`${"x".repeat(fullChunk - 1)}😀y`)
    expect(chunks).toHaveLength(2)
  })

  it("are joined byte for byte, however the text is cut, by the fast path and by the rules", async () => {
    await fc.assert(
      paused(
        fc.property(units, fc.array(fc.nat(200), { maxLength: 8 }), (text, places) => {
          const pieces = cut(text, places).map((piece) => [0, piece] as const)
          const short = stored(pieces)
          expect(short.parts.get(0) ?? "").toBe(text.toWellFormed())
          expect(short).toEqual(stored(pieces, foldByRules))
          expect(short.row?.chunkChars).toBe(text.length)
        }),
      ),
      { numRuns: Number(process.env.THREADFOLD_RUNS ?? "200") },
    )
  })

  it("of several parts are joined byte for byte, however the parts are mixed", () => {
    const streams = fc.array(units, { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(streams, fc.array(fc.nat(200), { maxLength: 6 }), fc.array(fc.nat()), (texts, places, order) => {
        const left = texts.map((text) => [...cut(text, places)])
        const mixed: (readonly [number, string])[] = []
        for (let turn = 0; left.some((pieces) => pieces.length > 0); turn += 1) {
          const parts = left.flatMap((pieces, part) => (pieces.length > 0 ? [part] : []))
          const part = parts[(order[turn] ?? turn) % parts.length] ?? 0
          const piece = left[part]?.shift()
          if (piece !== undefined) mixed.push([part, piece])
        }
        const short = stored(mixed)
        texts.forEach((text, part) => {
          expect(short.parts.get(part) ?? "").toBe(text.toWellFormed())
        })
        expect(short).toEqual(stored(mixed, foldByRules))
        expect(short.row?.chunkChars).toBe(texts.join("").length)
      }),
      { numRuns: Number(process.env.THREADFOLD_RUNS ?? "150") },
    )
  })

  it("leave U+FFFD where more parts stop in a pair than are remembered", () => {
    const first = Array.from({ length: 12 }, (_, part): [number, string] => [part, "a\ud83d"])
    const rest = first.map(([part]): [number, string] => [part, "\ude00"])
    const { parts, row } = stored([...first, ...rest])
    expect(parts.get(11)).toBe("a😀")
    expect(parts.get(0)).toBe("a\ufffd\ufffd")
    expect(row?.chunkHalves?.length ?? 0).toBeLessThanOrEqual(8)
  })
})
