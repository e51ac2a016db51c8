import { expect, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import fc from "fast-check"
import { linesOf } from "./lines.js"

/** The lines of a text whose bytes come in pieces of a size. */
const read = (content: string, limit: number, pieceBytes = 256 * 1024) => {
  const bytes = Buffer.from(content)
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  )
  return Effect.map(Stream.runCollect(linesOf(Stream.fromIterable(pieces), limit)), Chunk.toReadonlyArray)
}

it("lines of a file are what lies between its newlines; of a line that is too long only its length is known", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme", maxLength: 40 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 50 }),
      async (texts, pieceBytes) => {
        const content = texts.join("\n")
        const wanted = content.split("\n").map((text, index) => ({
          number: index + 1,
          text: Buffer.byteLength(text) > 20 ? "" : text,
          bytes: Buffer.byteLength(text),
          isTooLong: Buffer.byteLength(text) > 20,
          whole: true,
        }))
        const last = wanted.pop()
        if (last !== undefined && last.bytes > 0) wanted.push({ ...last, whole: false })
        expect(await Effect.runPromise(read(content, 20, pieceBytes))).toEqual(wanted)
      },
    ),
    { numRuns: 50 },
  )
})

it.effect("a line of many chunks costs no memory beyond its limit, and not the line after it", () =>
  Effect.map(read(`${"x".repeat(2_000_000)}\n{}\n`, 1_000_000), (found) =>
    expect(found.map(({ bytes, isTooLong, text }) => [bytes, isTooLong, text])).toEqual([
      [2_000_000, true, ""],
      [2, false, "{}"],
    ]),
  ),
)

it.effect("the same bytes can be read again", () =>
  Effect.gen(function* () {
    const lines = linesOf(Stream.make(Buffer.from("a\nb")))
    const once = yield* Stream.runCollect(lines)
    expect(Chunk.toReadonlyArray(once).map(({ number }) => number)).toEqual([1, 2])
    expect(yield* Stream.runCollect(lines)).toEqual(once)
  }),
)
