import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { PageIndex } from "./PageIndex.js"

/** Steps: a page gets known, with so many rows, or is not known any more. */
const steps = fc.array(fc.record({ page: fc.nat(40), count: fc.option(fc.nat(300), { nil: null }) }), { maxLength: 60 })
const guesses = fc.nat(300)

const indexOf = (guess: number, list: readonly { readonly page: number; readonly count: number | null }[]) => {
  const index = new PageIndex(guess)
  const counts = new Map<number, number>()
  index.grow(8)
  for (const { count, page } of list) {
    index.set(page, count)
    if (count === null) counts.delete(page)
    else counts.set(page, count)
  }
  return { index, counts }
}

describe("the index of a list that is read in part", () => {
  it("knows the rows of each page that was read", () => {
    fc.assert(
      fc.property(guesses, steps, (guess, list) => {
        const { counts, index } = indexOf(guess, list)
        for (let page = 0; page < index.pages; page += 1) {
          expect(index.isKnown(page)).toBe(counts.has(page))
          if (counts.has(page)) expect(index.count(page)).toBe(counts.get(page))
          expect(index.count(page)).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })

  it("adds all pages up, those that are not known by the mean of the others, or one row", () => {
    fc.assert(
      fc.property(guesses, steps, (guess, list) => {
        const { counts, index } = indexOf(guess, list)
        const known = [...counts.values()].reduce((sum, count) => sum + count, 0)
        const mean = counts.size === 0 ? guess : Math.max(1, known / counts.size)
        expect(index.total).toBe(known + Math.floor((index.pages - counts.size) * mean))
      }),
    )
  })

  it("finds for every row the one page that holds it", () => {
    fc.assert(
      fc.property(guesses, steps, fc.nat(), (guess, list, some) => {
        const { index } = indexOf(guess, list)
        const { total } = index
        expect([index.at(-1), index.at(total)]).toEqual([null, null])
        for (const row of [0, total - 1, some % Math.max(1, total)]) {
          const place = index.at(row)
          if (total === 0) continue
          expect(place).not.toBeNull()
          if (place === null) continue
          expect(index.before(place.page) + place.row).toBe(row)
          expect(place.row).toBeLessThan(index.count(place.page))
        }
      }),
    )
  })

  it("goes on from where it was when it grows", () => {
    const index = new PageIndex(10)
    for (let page = 0; page < 1_000; page += 1) index.set(page, page % 7)
    expect(index.before(700)).toBe(2_100)
    index.grow(200_000)
    expect([index.before(700), index.count(699), index.total]).toEqual([2_100, 6, 2_997 + 199_000 * 2.997])
    expect(index.at(2_100)).toEqual({ page: 701, row: 0 })
  })
})
