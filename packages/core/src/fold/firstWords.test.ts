import { firstWordsLength, previewLength } from "@threadfold/contracts"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Scenario, strong } from "../../test/Scenario.js"
import { firstWordsOf } from "./firstWords.js"

const [t1, t2, t3] = [strong("t1"), strong("t2"), strong("t3")]
const words = ({ state }: Scenario) => state.thread?.firstWords

/** A turn with a message of the user. */
const asked = (s: Scenario, turnId: string, text: string) =>
  s
    .turn(turnId)
    .send(
      "item.completed",
      { kind: "user_message", status: "completed", text },
      { native: { turnId, itemId: `u ${turnId}` } },
    )
    .complete(turnId)

describe("the first words of a thread", () => {
  it("stand aside for the agent's title, and a name that a person gave stays whatever the agent says later", () => {
    const s = new Scenario().start().send("thread.metadata.updated", { title: "The agent's" })
    expect(s.state.thread?.title).toBe("The agent's")
    s.send("thread.renamed", { title: "Mine" }, { session: null }).send("thread.metadata.updated", { title: "Another" })
    s.send("thread.started", { title: "A third" })
    expect(s.state.thread?.title).toBe("Mine")
    const given = { provider: "codex", agent: "mine", title: "Given" }
    const named = new Scenario().send("thread.created", given, { session: null })
    named.start().send("thread.started", { title: "Agent's" }).send("thread.metadata.updated", { title: "Another" })
    expect(named.state.thread?.title).toBe("Given")
    const unnamed = new Scenario().send("thread.created", { provider: "codex" }, { session: null }).start()
    expect(unnamed.send("thread.started", { title: "Agent's" }).state.thread?.title).toBe("Agent's")
  })

  it("are those of its first message, from the client or from the agent, and of no later one", () => {
    const s = asked(new Scenario().start(), t1, "  Fix the\n\tbuild ")
    expect(words(s)).toBe("Fix the build")
    expect(words(asked(s, t2, "Something else"))).toBe("Fix the build")
    const requested = new Scenario().start().send("turn.requested", { text: "Do it" }, { session: null })
    requested.send("turn.requested", { text: "Then this" }, { session: null })
    expect(requested.state.thread).toMatchObject({ firstWords: "Do it", firstWordsTurn: 1 })
  })

  it("are none of an agent's message, of one without words, or of one that has no place", () => {
    const s = new Scenario().start().turn(t1)
    s.send("item.started", { kind: "agent_message", text: "Hello" }, { native: { turnId: t1, itemId: "m" } })
    s.send("item.started", { kind: "user_message", text: " \n" }, { native: { turnId: t1, itemId: "u" } })
    s.complete(t2)
    s.send("item.started", { kind: "user_message", text: "Closed" }, { native: { turnId: t2, itemId: "u" } })
    expect(words(s)).toBeNull()
  })

  it("go with the message when it is taken back, and the next message gives new ones", () => {
    const s = asked(asked(new Scenario().start(), t1, "One"), t2, "Two")
    s.send("thread.rewound", {}, { native: { turnId: t2 } })
    expect(words(s)).toBe("One")
    s.send("thread.rewound", {}, { native: { turnId: t1 } })
    expect(words(s)).toBeNull()
    expect(words(asked(s, t3, "Three"))).toBe("Three")
  })

  it.each([
    ["", null],
    [" \n\t ", null],
    [" Fix\n\n the\tbuild ", "Fix the build"],
    // At the limit it is whole; one more, and it ends with a sign.
    ["x".repeat(firstWordsLength), "x".repeat(firstWordsLength)],
    ["x".repeat(firstWordsLength + 1), `${"x".repeat(firstWordsLength - 1)}…`],
    // A blank right after the room ends a word.
    [`a ${"x".repeat(firstWordsLength - 3)} more`, `a ${"x".repeat(firstWordsLength - 3)}…`],
    [`a ${"x".repeat(firstWordsLength - 2)} more`, "a…"],
    ["x ".repeat(firstWordsLength), `${"x ".repeat(firstWordsLength / 2).trim()}…`],
    // Words after so many blanks are not looked for.
    [`${" ".repeat(firstWordsLength * 8)}late`, null],
    [`${" ".repeat(firstWordsLength * 8 - 1)}late`, "l"],
    ["\ud83d", "\ufffd"],
  ])("are cut at a word: %j", (text, said) => {
    expect(firstWordsOf(text)).toBe(said)
  })

  it("are one line of bounded length, cut at a word, and well-formed", () => {
    const text = fc.array(fc.oneof(fc.constantFrom(" ", "\n", "😀", "\ud83d", "word"), fc.string16bits()), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(text, (parts) => {
        const said = firstWordsOf(parts.join(""))
        if (said === null) return
        expect(said.length).toBeLessThanOrEqual(firstWordsLength)
        expect(said).toBe(said.toWellFormed())
        expect(said).not.toMatch(/[\n\t]|^\s|\s$/)
      }),
    )
    expect(firstWordsOf(`${"word ".repeat(30)}`)).toBe(`${"word ".repeat(15)}word…`)
    expect(firstWordsOf("x".repeat(200))).toBe(`${"x".repeat(firstWordsLength - 1)}…`)
    expect(firstWordsOf(`${"x".repeat(firstWordsLength - 2)}😀😀`)).toBe(`${"x".repeat(firstWordsLength - 2)}…`)
  })
})

describe("the preview of a thread", () => {
  const said = (s: Scenario, itemId: string, text: string | null, more: object = {}) =>
    s.send(
      "item.completed",
      { kind: "agent_message", status: "completed", text, ...more },
      { native: { turnId: t1, itemId } },
    )
  const preview = ({ rows }: Scenario) => rows.all("threads")[0]?.preview

  it("is what was said last, by the user or by the agent, once it has ended", () => {
    const s = new Scenario().start().send("turn.requested", { text: "Fix  the\nbuild" }, { session: null })
    expect(preview(s)).toBe("Fix the build")
    s.turn(t1).item("m", t1).delta("m", t1, "I lo")
    expect(preview(s)).toBe("Fix the build")
    expect(preview(said(s, "m", "I look.\n\nThen I mend it."))).toBe("I look. Then I mend it.")
    expect(preview(asked(s, t2, "Faster"))).toBe("Faster")
  })

  it("is not what has no words, what no person and no agent says, or what is told twice", () => {
    const s = said(new Scenario().start().turn(t1), "m", "First")
    said(s, "n", " \n").send(
      "item.completed",
      { kind: "command", status: "completed", text: "out" },
      { native: { turnId: t1, itemId: "c" } },
    )
    said(s, "o", null)
    expect(preview(s)).toBe("First")
    said(s, "p", "Second")
    expect(preview(said(s, "m", "First"))).toBe("Second")
  })

  it("is one line of at most so many characters", () => {
    const s = said(new Scenario().start().turn(t1), "m", "word ".repeat(1_000))
    expect(preview(s)).toHaveLength(previewLength)
    expect(preview(s)?.endsWith("word…")).toBe(true)
  })

  it("goes with the message that is taken back: it is the last that is left then", () => {
    const s = asked(asked(new Scenario().start(), t1, "One"), t2, "Two")
    s.send("thread.rewound", {}, { native: { turnId: t2 } })
    expect(s.state.thread).toMatchObject({ firstWords: "One", preview: "One", previewTurn: 1 })
    expect(preview(asked(s, t3, "Three"))).toBe("Three")
    s.send("thread.rewound", {}, { native: { turnId: t3 } })
    expect(s.state.thread).toMatchObject({ preview: "One", previewTurn: 1 })
    s.send("thread.rewound", {}, { native: { turnId: t1 } })
    expect(s.state.thread).toMatchObject({ firstWords: null, preview: null, previewTurn: null })
    expect(s.reasons()).toEqual([])
  })

  it("is the last message of the newest turn that is left and has one", () => {
    const s = said(asked(new Scenario().start(), t1, "One"), "m", "Done")
    // A turn without a message, and a message after the end of its turn.
    s.turn(t2).complete(t2)
    said(s, "late", "By the way")
    expect(s.state.thread).toMatchObject({ preview: "By the way", previewTurn: 1 })
    asked(s, t3, "Three").send("thread.rewound", {}, { native: { turnId: t3 } })
    expect(s.state.thread).toMatchObject({ preview: "By the way", previewTurn: 1 })
  })

  it("stays where another turn than its own is taken back", () => {
    const s = asked(asked(new Scenario().start(), t1, "One"), t2, "Two")
    said(s, "late", "By the way").send("thread.rewound", {}, { native: { turnId: t2 } })
    expect(s.state.thread).toMatchObject({ preview: "By the way", previewTurn: 1 })
  })

  it("is not a message that waits for its turn from before the turns that are left", () => {
    const s = new Scenario().start().send("turn.requested", { text: "Zero" }, { session: null })
    asked(asked(s, t1, "One"), t2, "Two").send("thread.rewound", {}, { native: { turnId: t2 } })
    expect(s.state.thread).toMatchObject({ preview: "One", previewTurn: 2 })
  })

  it("is the newest of those that wait and have words, and of turns that were taken back before none", () => {
    const s = asked(asked(asked(new Scenario().start(), t1, "One"), t2, "Two"), t3, "Three")
    s.send("thread.rewound", {}, { native: { turnId: t2 } })
    expect(s.state.thread).toMatchObject({ preview: "One", previewTurn: 1 })
    const t4 = strong("t4")
    asked(s, t4, "Four")
    for (const text of ["Five", "Six", null]) s.send("turn.requested", { text }, { session: null })
    asked(s, strong("t8"), "Eight").send("thread.rewound", {}, { native: { turnId: t4 } })
    expect(s.state.thread).toMatchObject({ preview: "Six", previewTurn: 6 })
  })

  it("of a message without a turn belongs to none, and no rewind clears it", () => {
    const s = asked(new Scenario().start(), t1, "One")
    s.send("item.completed", { kind: "agent_message", status: "completed", text: "Aside" }, { native: { itemId: "a" } })
    expect(s.state.thread).toMatchObject({ preview: "Aside", previewTurn: null })
    s.send("thread.rewound", {}, { native: { turnId: t1 } })
    expect(s.state.thread).toMatchObject({ preview: "Aside", previewTurn: null })
  })

  it("is of the turn in which the same words were said last", () => {
    const s = asked(asked(new Scenario().start(), t1, "Again"), t2, "Again")
    expect(s.state.thread).toMatchObject({ preview: "Again", previewTurn: 2 })
  })

  it("writes no turn whose last words are the same", () => {
    const s = said(new Scenario().start().turn(t1), "m", "Same")
    const before = s.turnRow(t1)?.sequence
    s.item("n", t1)
    const started = s.turnRow(t1)?.sequence
    expect(started).not.toBe(before)
    said(s, "n", "Same")
    expect(s.turnRow(t1)?.sequence).toBe(started)
  })

  it("is a message that waits for its turn, where a rewind takes back turns before it", () => {
    const s = asked(asked(new Scenario().start(), t1, "One"), t2, "Two")
    s.send("turn.requested", { text: "Three" }, { session: null })
    said(s, "late", "By the way")
    asked(s, t3, "Four")
    expect(s.state.thread).toMatchObject({ preview: "Four", previewTurn: 4 })
    s.send("thread.rewound", {}, { native: { turnId: t2 } })
    expect(s.state.thread).toMatchObject({ preview: "Three", previewTurn: 3 })
  })
})
