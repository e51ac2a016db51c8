/** What a voice conversation is told of work that it handed off: whole texts, for every outcome. */
import { describe, expect, it } from "vitest"
import { handoffOutcome } from "./handoffOutcome.js"

const closed = { status: "closed", cause: "turn-ended" } as const
const cancelled = { status: "closed", cause: "message-cancelled" } as const
const turn = (outcome: NonNullable<Parameters<typeof handoffOutcome>[1]>["outcome"], message?: string) => ({
  outcome,
  error: message === undefined ? null : { message },
})

describe("what a voice conversation is told of work that it handed off", () => {
  it.each([
    ["done, with the agent's last words", closed, turn("completed"), "It builds.", "The work is done.\n\nIt builds."],
    ["done without a word", closed, turn("completed"), null, "The work is done."],
    ["done with an empty word", closed, turn("completed"), "", "The work is done."],
    ["failed, with why", closed, turn("failed", "no credit"), null, "The work failed.\n\nno credit"],
    ["failed, why comes before words", closed, turn("failed", "reset"), "Now", "The work failed.\n\nreset\n\nNow"],
    ["failed without a reason", closed, turn("failed", ""), "Now", "The work failed.\n\nNow"],
    ["interrupted", closed, turn("interrupted"), null, "The work was interrupted."],
    ["cancelled turn", closed, turn("cancelled"), "Then", "The work was cancelled before it was done.\n\nThen"],
    ["unknown end", closed, turn("unknown"), null, "The work ended; how, is not known."],
    ["a turn without an outcome", closed, turn(null), null, "The work ended; how, is not known."],
    ["no turn", closed, null, null, "The work ended; how, is not known."],
    // The turn and its words are those of other work.
    ["message cancelled", cancelled, turn("completed"), "It builds.", "The work was cancelled before it was done."],
  ] as const)("%s", (_, delegation, ofTurn, lastWords, expected) => {
    expect(handoffOutcome(delegation, ofTurn, lastWords)).toBe(expected)
  })

  it("nothing, while the work goes on", () => {
    expect(handoffOutcome({ status: "open", cause: null }, turn("completed"), "It builds.")).toBeNull()
  })

  it("16,000 characters of the last words, and no half of a pair", () => {
    const said = (lastWords: string) => {
      const text = handoffOutcome(closed, turn("completed"), lastWords) ?? ""
      return [text.length - "The work is done.\n\n".length, text.slice(-3)]
    }
    const whole = "a".repeat(15_998)
    expect(said(`${whole}bc`)).toEqual([16_000, "abc"])
    expect(said(`${whole}bcd`)).toEqual([16_000, "abc"])
    expect(said(`${whole}b😀`)).toEqual([16_000, "ab\ufffd"])
  })
})
