/// <reference lib="es2024.string" />
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { textPieces } from "./textPieces.js"

describe("textPieces", () => {
  it("are the text, none longer than asked for by more than one unit, and none cut in a pair", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (text, units) => {
        const pieces = [...textPieces(text, units)]
        expect(pieces.join("")).toBe(text)
        for (const [index, piece] of pieces.entries()) {
          expect(piece.length).toBeLessThanOrEqual(units + 1)
          if (index < pieces.length - 1) expect(piece.length).toBeGreaterThanOrEqual(units)
          if (text.isWellFormed()) expect(piece.isWellFormed()).toBe(true)
        }
      }),
    )
  })

  it("of a text without a character are none", () => {
    expect([...textPieces("", 4)]).toEqual([])
    expect([...textPieces("a😀", 2)]).toEqual(["a😀"])
  })
})
