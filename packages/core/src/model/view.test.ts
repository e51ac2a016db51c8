import { describe, expect, it } from "vitest"
import { makeRow } from "../../test/rows.js"
import { inferenceView, itemText, joinChunks, threadUsage, turnView, usageView } from "./view.js"

const chunk = (ordinal: number, part: number, text: string) => ({ itemId: "i", ordinal, part, text })
const item = makeRow("items", { itemId: "i", kind: "agent_message", status: "open" })

describe("joinChunks", () => {
  it("joins the chunks of a part end to end, and the parts with a blank line, however they came", () => {
    expect(joinChunks([chunk(2, 0, "c"), chunk(0, 0, "a"), chunk(1, 1, "b")])).toBe("ac\n\nb")
    expect(joinChunks([chunk(0, 0, "")])).toBe("")
    expect(joinChunks([])).toBeNull()
  })
})

describe("itemText", () => {
  it("is the final text once there is one, else what was streamed, else null", () => {
    expect(itemText({ ...item, hasFinal: 1, text: "final" }, [chunk(0, 0, "old")])).toBe("final")
    expect(itemText({ ...item, hasFinal: 1, text: null }, [])).toBeNull()
    expect(itemText({ ...item, text: null }, [chunk(0, 0, "so far")])).toBe("so far")
    expect(itemText(item, [])).toBeNull()
  })
})

describe("views", () => {
  it("show what is absent as null, never as 0", () => {
    expect(usageView({ inputTokens: 0 })).toEqual({
      inputTokens: 0,
      cachedInputTokens: null,
      outputTokens: null,
      reasoningTokens: null,
      totalTokens: null,
    })
    expect(usageView(null)).toBeNull()
    const turn = makeRow("turns", { turnId: "u", status: "running", origin: "client", stalled: 1 })
    const absent = { usage: null, outcome: null, settled: false, stalled: true, text: null, diff: null, proposal: null }
    expect(turnView(turn, [])).toMatchObject({ ...absent, rewound: false, rewoundAt: null, rewoundSequence: null })
  })

  it("say of a turn that was taken back since when: since the first rewind that holds it", () => {
    const range = { fromOrdinal: 2, toOrdinal: 4, rewoundAt: 7, sequence: 70 }
    const ranges = [
      { ...range, ordinal: 2, fromOrdinal: 1, rewoundAt: 9, sequence: 90 },
      { ...range, ordinal: 1 },
    ]
    const rewound = (ordinal: number) => {
      const view = turnView(makeRow("turns", { turnId: "u", status: "ended", origin: "client", ordinal }), ranges)
      return view.rewound && [view.rewoundAt, view.rewoundSequence]
    }
    expect([1, 2, 4, 5].map(rewound)).toEqual([[9, 90], [7, 70], [7, 70], false])
  })

  it("show the context window and the last call beside the tokens", () => {
    const row = makeRow("usage", { threadId: "t", totalTokens: 5, contextWindow: 100, last: { totalTokens: 2 } })
    expect(threadUsage(row)).toMatchObject({
      totalTokens: 5,
      inputTokens: null,
      contextWindow: 100,
      last: { totalTokens: 2 },
    })
    expect(threadUsage(null)).toBeNull()
  })

  it("count the output items of an attempt", () => {
    const attempt = makeRow("inferences", { inferenceId: "x", status: "running" })
    expect(inferenceView(attempt).outputItems).toBe(0)
    expect(inferenceView({ ...attempt, items: 2 }).outputItems).toBe(2)
  })
})
