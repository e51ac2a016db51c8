import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { afterScroll, elementHeight, highest, scrolledTo } from "./ScrollModel.js"

const sizes = fc.record({
  content: fc.integer({ min: 0, max: 2_000_000_000 }),
  view: fc.integer({ min: 100, max: 2_000 }),
})
const long = fc.record({
  content: fc.integer({ min: highest * 2, max: 2_000_000_000 }),
  view: fc.integer({ min: 100, max: 2_000 }),
})

describe("the scroll bar of a long list", () => {
  it("is never higher than a browser takes, and never leaves the list", () => {
    fc.assert(
      fc.property(sizes, fc.double({ min: -1e9, max: 4e9, noNaN: true }), (size, to) => {
        const { element, list } = scrolledTo(to, size)
        expect(elementHeight(size)).toBeLessThanOrEqual(highest)
        expect(list).toBeGreaterThanOrEqual(0)
        expect(list).toBeLessThanOrEqual(Math.max(0, size.content - size.view))
        expect(element).toBeGreaterThanOrEqual(0)
        expect(element).toBeLessThanOrEqual(Math.max(0, elementHeight(size) - size.view))
      }),
    )
  })

  it("is the list itself while that is not too long", () => {
    const size = { content: 100_000, view: 500 }
    expect(afterScroll(scrolledTo(0, size), 1_234, size)).toEqual({ list: 1_234, element: 1_234 })
  })

  it("moves the list by small steps as they are, from end to end", () => {
    fc.assert(
      fc.property(long, fc.nat({ max: 1_000 }), fc.integer({ min: 1, max: 100 }), (size, at, step) => {
        const list = ((size.content - size.view) / 1_000) * at
        const now = scrolledTo(list, size)
        const down = afterScroll(now, now.element + step, size)
        expect(down.list).toBeCloseTo(Math.min(now.list + step, size.content - size.view), 3)
        const up = afterScroll(now, now.element - step, size)
        expect(up.list).toBeCloseTo(Math.max(now.list - step, 0), 3)
      }),
    )
  })

  it("has room to go on by small steps unless the list is at its end", () => {
    fc.assert(
      fc.property(long, fc.double({ min: 0, max: 1, noNaN: true }), (size, part) => {
        const end = size.content - size.view
        const now = scrolledTo(part * end, size)
        const last = elementHeight(size) - size.view
        expect(now.element === last).toBe(now.list === end)
        expect(now.element === 0).toBe(now.list === 0)
      }),
    )
  })

  it("jumps to the same part of the list", () => {
    fc.assert(
      fc.property(long, fc.double({ min: 0, max: 1, noNaN: true }), (size, part) => {
        const last = elementHeight(size) - size.view
        const from = scrolledTo(part < 0.5 ? size.content : 0, size)
        const { list } = afterScroll(from, part * last, size)
        expect(list / (size.content - size.view)).toBeCloseTo(part, 4)
      }),
    )
  })
})
