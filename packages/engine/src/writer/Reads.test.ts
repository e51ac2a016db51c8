import type { RowSource } from "@threadfold/core"
import { describe, expect, it } from "vitest"
import { Reads } from "./Reads.js"

/** A source without rows that records the look-ups. */
const asked = () => {
  const questions: string[] = []
  const rows: RowSource = {
    find: (table, lookup, values) => {
      questions.push(`${table} ${lookup} ${values.join(" ")}`)
      return null
    },
    whole: () => null,
    list: () => [],
  }
  return { questions, reads: new Reads(rows) }
}

describe("the rows of one event", () => {
  it("are not looked for again where there were none", () => {
    const { questions, reads } = asked()
    for (const id of ["a", "b", "a", "b"]) expect(reads.find("turns", "byNativeInSession", ["s", id])).toBeNull()
    reads.find("turns", "byNativeInThread", ["s", "a"])
    reads.find("items", "byNativeInSession", ["s", "a"])
    expect(questions).toEqual([
      "turns byNativeInSession s a",
      "turns byNativeInSession s b",
      "turns byNativeInThread s a",
      "items byNativeInSession s a",
    ])
  })

  it("have no ids that were made just now", () => {
    const { questions, reads } = asked()
    reads.minted("new")
    expect([reads.find("turns", "key", ["new"]), reads.find("delegations", "key", ["new"])]).toEqual([null, null])
    expect(questions).toEqual([])
    reads.find("turns", "key", ["old"])
    expect(questions).toEqual(["turns key old"])
  })

  it("that could not be read are asked for again, and the failure comes out in the end", () => {
    const broken = new Error("disk")
    let tries = 0
    const reads = new Reads({
      find: () => {
        tries += 1
        throw broken
      },
      whole: () => null,
      list: () => [],
    })
    expect(() => reads.find("turns", "key", ["a"])).toThrow(broken)
    expect(() => reads.find("turns", "key", ["a"])).toThrow(broken)
    expect(tries).toBe(2)
    expect(() => reads.rethrow()).toThrow(broken)
  })
})
