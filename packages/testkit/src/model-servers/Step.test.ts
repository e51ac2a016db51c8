import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { inPieces, piecesOf } from "./Step.js"

/** Characters of one to four bytes, and one of two code points; `fc.string` of all of Unicode takes seconds to set up. */
const text = fc
  .array(fc.constantFrom("a", " ", "\n", "é", "€", "👍", "e\u0301"), { maxLength: 20 })
  .map((all) => all.join(""))

describe("pieces of a text", () => {
  it("join to the text, none is empty, and there are no more than asked for", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: -2, max: 40 }), (text, count) => {
        const pieces = inPieces(text, count)
        expect(pieces.join("")).toBe(text)
        expect(pieces.filter((piece) => piece === "")).toEqual([])
        expect(pieces.length).toBeLessThanOrEqual(Math.max(1, count))
      }),
    )
  })

  it("do not cut a character in two", () => {
    expect(inPieces("😀😀😀", 3)).toEqual(["😀", "😀", "😀"])
  })

  it("are those that the script names, where it names them", () => {
    expect(piecesOf("ignored", ["a", "", "b"])).toEqual(["a", "", "b"])
    expect(piecesOf("abcdef")).toEqual(["ab", "cd", "ef"])
  })
})
