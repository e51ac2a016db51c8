import { randomBytes } from "node:crypto"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { htmlBundleBytes, shownBundle } from "@threadfold/contracts"
import { ExportFailed } from "@threadfold/imports"
import { expect, it, onTestFinished } from "vitest"
import { fileTarget, PageBounds } from "./exportTarget.js"

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "threadfold-target-"))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const page = { head: "<x>", tail: "</x>" }

const refusal = (body: () => void): string => {
  try {
    body()
  } catch (error) {
    if (error instanceof ExportFailed && error.kind === "too-large") return error.message
    throw error
  }
  return "none"
}

it("puts a bundle into a page, whatever the pieces are that it comes in", async () => {
  const place = folder()
  for (const [index, pieces] of [
    [],
    ["a"],
    ["ab", "c", ""],
    [randomBytes(300_000).toString("base64"), "é", "z"],
  ].entries()) {
    const file = join(place, `${index}.html`)
    const target = fileTarget(file, `${file}.partial`, page)
    for (const piece of pieces) await target.write(piece)
    const size = await target.end()
    await target.close()
    const text = readFileSync(file, "utf8")
    expect([text.length, text.startsWith("<x>"), text.endsWith("</x>")]).toEqual([size, true, true])
    const bundle = text.slice(page.head.length, -page.tail.length)
    expect(bundle).toMatch(/^[A-Za-z0-9+/]+={0,2}$/)
    expect(gunzipSync(Buffer.from(bundle, "base64")).toString("utf8")).toBe(pieces.join(""))
  }
})

it("refuses a bundle that is too large for a page, and leaves no file", async () => {
  const file = join(folder(), "x.html")
  const target = fileTarget(file, `${file}.partial`, page)
  const piece = 1024 * 1024
  const write = async () => {
    // What cannot be packed: more than enough of it.
    for (let written = 0; written < htmlBundleBytes * 1.4; written += piece) {
      await target.write(randomBytes(piece * 0.75).toString("base64"))
    }
    await target.end()
  }
  await expect(write()).rejects.toMatchObject({ kind: "too-large", message: expect.stringContaining("64 MiB") })
  await target.close()
  expect(existsSync(file)).toBe(false)
})

it("refuses what the page would refuse to open", () => {
  const bounds = new PageBounds()
  const line = "x".repeat(shownBundle.line - 1)
  expect(refusal(() => bounds.line(line))).toBe("none")
  expect(refusal(() => bounds.line(`${line}x`))).toContain("an event of more than 64 MiB")
  const many = new PageBounds()
  const fits = shownBundle.unpacked / shownBundle.line
  for (let count = 0; count < fits; count += 1) expect(refusal(() => many.line(line))).toBe("none")
  expect(refusal(() => many.line(""))).toContain("more than 512 MiB of events")
  expect(refusal(() => bounds.end({ events: shownBundle.events, streams: shownBundle.streams }))).toBe("none")
  expect(refusal(() => bounds.end({ events: shownBundle.events + 1, streams: 1 }))).toContain("500,000 events")
  expect(refusal(() => bounds.end({ events: 1, streams: shownBundle.streams + 1 }))).toContain("10,000 threads")
})
