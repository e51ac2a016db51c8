import { expect, it } from "vitest"
import { ago, bytes, counted, duration, shortId, shortPath, tokens } from "./format.js"

const now = Date.parse("2026-11-30T12:00:00Z")

it.each([
  [0, "now"],
  [4_999, "now"],
  [-60_000, "now"],
  [12_400, "12s"],
  [59_999, "59s"],
  [60_000, "1m"],
  [3_599_999, "59m"],
  [3_600_000, "1h"],
  [86_400_000, "1d"],
  [6 * 86_400_000, "6d"],
])("says how long %i ms ago is", (passed, text) => {
  expect(ago(now - passed, now)).toBe(text)
})

it("gives the date of what is old, and the year of what is older", () => {
  expect(ago(Date.parse("2026-11-03T12:00:00Z"), now)).toBe("Nov 3")
  expect(ago(Date.parse("2024-11-03T12:00:00Z"), now)).toBe("Nov 3, 2024")
})

it.each([
  [-5, "0ms"],
  [840, "840ms"],
  [4_290, "4.2s"],
  [9_999, "9.9s"],
  [59_999, "59s"],
  [185_000, "3m 05s"],
  [8_040_000, "2h 14m"],
  [273_600_000, "3d 4h"],
])("writes a duration of %i ms", (ms, text) => {
  expect(duration(ms)).toBe(text)
})

it.each([
  [0, "0"],
  [999, "999"],
  [1_000, "1k"],
  [1_240, "1.2k"],
  [9_970, "9k"],
  [48_500, "48k"],
  [999_999, "999k"],
  [3_400_000, "3.4M"],
  [2_000_000_000, "2G"],
])("writes %i tokens", (count, text) => {
  expect(tokens(count)).toBe(text)
})

it("writes bytes, counts and paths", () => {
  expect([bytes(512), bytes(1536), bytes(20 * 1024 ** 2)]).toEqual(["512 B", "1.5 KiB", "20 MiB"])
  expect([counted(1, "thread"), counted(12_000, "thread")]).toEqual(["1 thread", "12,000 threads"])
  expect(shortId("01a22954-b253-761b-84b1-6ec995173816")).toBe("…173816")
  expect([shortPath("/home/me/work/app"), shortPath("/app")]).toEqual(["…/work/app", "/app"])
})
