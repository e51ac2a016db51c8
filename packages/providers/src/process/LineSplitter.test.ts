import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { LineTooLong, makeLineSplitter } from "./LineSplitter.js"

const split = (chunks: readonly Uint8Array[], limit = 1_000_000): readonly string[] => {
  const splitter = makeLineSplitter(limit)
  const lines = chunks.flatMap((chunk) => splitter.push(chunk))
  return [...lines, ...splitter.end()]
}

describe("lines of a stream of bytes", () => {
  it("are the same wherever the bytes are cut, inside a character too", () => {
    const texts = fc.array(fc.fullUnicodeString().filter((text) => !/[\r\n]/.test(text)))
    fc.assert(
      fc.property(texts, fc.array(fc.nat(200)), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""))
        const chunks: Uint8Array[] = []
        let from = 0
        for (const cut of cuts) {
          chunks.push(bytes.subarray(from, from + cut))
          from += cut
        }
        chunks.push(bytes.subarray(from))
        expect(split(chunks)).toEqual(lines)
      }),
    )
  })

  it("end with LF or CRLF, the last one with the stream", () => {
    expect(split([Buffer.from("a\r\nb\r"), Buffer.from("\n\nc")])).toEqual(["a", "b", "", "c"])
    expect(split([Buffer.from("a\n")])).toEqual(["a"])
    expect(split([])).toEqual([])
  })

  it("are the same where they are long and come in many chunks, and so are those behind them", () => {
    const long = `${"é✓😀 line ".repeat(150_000)}end`
    const bytes = Buffer.from(`first\n${long}\r\nsecond\n${long}`)
    for (const size of [65_536, 1_000_003]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      )
      const lines = split(chunks, 4_000_000)
      expect(lines.map(({ length }) => length)).toEqual([5, long.length, 6, long.length])
      expect(lines.filter((line) => line === long)).toHaveLength(2)
      expect(() => split(chunks, 1_500_000)).toThrow(LineTooLong)
    }
  })

  it("are refused above the limit, however they come", () => {
    expect(split([Buffer.from("12345\n1234"), Buffer.from("5\n")], 5)).toEqual(["12345", "12345"])
    expect(() => split([Buffer.from("123456\n")], 5)).toThrow(LineTooLong)
    const splitter = makeLineSplitter(5)
    splitter.push(Buffer.from("1234"))
    expect(() => splitter.push(Buffer.from("56"))).toThrow("more than 5 bytes")
  })
})
