import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, expect, it } from "vitest"
import { type FileLine, linesOf } from "./lines.js"

const directory = mkdtempSync(join(tmpdir(), "threadfold-lines-"))
const file = join(directory, "recording.jsonl")
afterAll(() => rmSync(directory, { recursive: true }))

const read = async (content: string, limit: number) => {
  writeFileSync(file, content)
  const found: FileLine[] = []
  for await (const line of linesOf(file, limit)) found.push(line)
  return found
}

it("lines of a file are what lies between its newlines; a line that is too long is told by its length alone", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: "grapheme", maxLength: 40 }), { maxLength: 8 }), async (texts) => {
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
      expect(await read(content, 20)).toEqual(wanted)
    }),
    { numRuns: 50 },
  )
})

it("a line of many chunks costs no memory beyond its limit, and not the line after it", async () => {
  const found = await read(`${"x".repeat(2_000_000)}\n{}\n`, 1_000_000)
  expect(found.map(({ bytes, isTooLong, text }) => [bytes, isTooLong, text])).toEqual([
    [2_000_000, true, ""],
    [2, false, "{}"],
  ])
})
