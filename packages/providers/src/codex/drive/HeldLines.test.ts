import { describe, expect, it } from "vitest"
import type { WireLine } from "../../Translator.js"
import { makeHeldLines } from "./HeldLines.js"

const line = (raw: string, at = 0): WireLine => ({ at, dir: "recv", raw })

const holding = () => {
  const reported: string[] = []
  return { reported, held: makeHeldLines(({ raw }) => reported.push(raw)) }
}

describe("lines of threads that may turn out to be ours", () => {
  it("wait for the answer, in their order; those of other threads and of none do not", () => {
    const { held, reported } = holding()
    held.take(line("old 1"), "old")
    held.know("resumed")
    held.startAsked()
    held.take(line("new 1"), "new")
    held.take(line("old 2"), "old")
    held.take(line("resumed 1"), "resumed")
    held.take(line("none"), undefined)
    held.take(line("new 2"), "new")
    expect(reported).toEqual(["old 1", "old 2", "resumed 1", "none"])
    held.startAnswered("new")
    expect(reported.slice(4)).toEqual(["new 1", "new 2"])
    held.take(line("new 3"), "new")
    expect(reported.slice(6)).toEqual(["new 3"])
    expect(held.nextDeadline()).toBeNull()
  })

  it("wait for each start by itself, and for no longer than the last of them", () => {
    const { held, reported } = holding()
    held.startAsked()
    held.startAsked()
    held.take(line("a"), "A")
    held.take(line("b"), "B")
    held.startAnswered("B")
    expect(reported).toEqual(["b"])
    held.startAnswered(null)
    expect(reported).toEqual(["b", "a"])
    held.take(line("c"), "C")
    expect(reported).toEqual(["b", "a", "c"])
  })

  it("wait for two seconds at most", () => {
    const { held, reported } = holding()
    held.startAsked()
    held.take(line("a", 100), "A")
    held.take(line("b", 600), "B")
    expect(held.nextDeadline()).toBe(2_100)
    held.release(2_099)
    expect(reported).toEqual([])
    held.release(2_100)
    expect(reported).toEqual(["a"])
    expect(held.nextDeadline()).toBe(2_600)
    held.release(Number.POSITIVE_INFINITY)
    expect(reported).toEqual(["a", "b"])
  })
})
