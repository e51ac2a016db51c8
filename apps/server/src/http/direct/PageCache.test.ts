/** A cache of encoded pages: only the version that was kept, and no more than its bounds. */
import { describe, expect, it } from "@effect/vitest"
import { PageCache } from "./PageCache.js"

describe("a cache of pages", () => {
  it("gives an answer back for the version that it was made of, and for no other", () => {
    const cache = new PageCache()
    cache.set("a", "1", "first")
    expect(cache.get("a", "1")).toBe("first")
    expect(cache.get("a", "2")).toBeUndefined()
    expect(cache.get("b", "1")).toBeUndefined()
    cache.set("a", "2", "second")
    expect(cache.get("a", "1")).toBeUndefined()
    expect(cache.get("a", "2")).toBe("second")
  })

  it("drops what was not asked for longest, by number and by size", () => {
    const cache = new PageCache({ entries: 2, characters: 10 })
    cache.set("a", "1", "aaaa")
    cache.set("b", "1", "bbbb")
    expect(cache.get("a", "1")).toBe("aaaa")
    cache.set("c", "1", "c")
    expect(cache.get("b", "1")).toBeUndefined()
    expect(cache.get("a", "1")).toBe("aaaa")
    cache.set("d", "1", "ddddddd")
    expect([cache.get("a", "1"), cache.get("c", "1"), cache.get("d", "1")]).toEqual([undefined, undefined, "ddddddd"])
    cache.set("e", "1", "longer than all")
    expect([cache.get("e", "1"), cache.get("d", "1")]).toEqual([undefined, "ddddddd"])
    cache.set("d", "2", "dd")
    cache.set("f", "1", "ffffffff")
    expect([cache.get("d", "2"), cache.get("f", "1")]).toEqual(["dd", "ffffffff"])
  })
})
