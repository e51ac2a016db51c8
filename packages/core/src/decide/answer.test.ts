/** What a request takes: whole answers as they are sent and recorded, and whole sentences where an answer is refused. */
import type { Choice, Question, RequestKind } from "@threadfold/contracts"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { choicesOf, take } from "./answer.js"

/** What is taken of an answer, or why it is refused. */
const taken = (data: unknown, decision: string, given?: unknown, kind: RequestKind = "elicitation") =>
  Either.merge(take({ kind, data }, decision, given))
const nothing = { answers: null, recorded: null }
const named = (id: string) => ({ questions: [{ id }] })
const portable = ["accept", "decline", "cancel", "answer"].map((decision) => ({ decision, data: "optional" }))

describe("the choices of a request", () => {
  it.each([
    ["nothing", undefined, null],
    ["data of another form", "text", null],
    ["choices of another form", { choices: 1 }, null],
    ["neither choices nor decisions", { choices: [], decisions: [] }, null],
    ["null for both", { choices: null, decisions: null }, null],
    ["choices", { choices: [{ decision: "go", means: "accept" }] }, [{ decision: "go", means: "accept" }]],
    ["both: its choices", { choices: [{ decision: "go" }], decisions: ["yes"] }, [{ decision: "go" }]],
    ["decisions by name", { decisions: ["yes"] }, [{ decision: "yes", data: "optional" }, ...portable]],
    [
      "decisions by their one member",
      { decisions: [{ always: { rule: "ls" } }] },
      [{ decision: "always", data: "optional" }, ...portable],
    ],
    ["decisions without a name", { decisions: [{}, { a: 1, b: 2 }, 5, null, true, ["x"]] }, portable],
  ])("are those that it states: %s", (_, data, expected) => {
    expect(choicesOf(data)).toEqual(expected)
  })
})

describe("a decision", () => {
  const choices: readonly Choice[] = [
    { decision: "once", means: "accept" },
    { decision: "accept", means: "acceptForSession" },
    { decision: "cancel", means: "cancel" },
    { decision: "drop", means: null, data: null },
    { decision: "edit", data: "required" },
    { decision: "note", data: "optional" },
  ]
  const listed = "once (accept), accept (acceptForSession), cancel, drop, edit, note"

  it.each([
    ["once", undefined],
    ["acceptForSession", undefined],
    ["cancel", null],
    ["drop", null],
    ["edit", { any: 1 }],
    ["note", undefined],
    ["note", { any: 1 }],
  ])("is taken: %s with %o", (decision, data) => {
    expect(taken({ choices }, decision, data)).toEqual(nothing)
  })

  it.each([
    ["later", undefined, `The request does not take "later". It takes ${listed}.`],
    // Without questions there is no form to answer.
    ["answer", undefined, `The request does not take "answer". It takes ${listed}.`],
    ["once", { any: 1 }, `"once" takes no data. It takes ${listed}.`],
    ["drop", { any: 1 }, `"drop" takes no data. It takes ${listed}.`],
    ["edit", undefined, `"edit" needs data, in the agent's words.`],
    ["edit", null, `"edit" needs data, in the agent's words.`],
  ])("is refused: %s with %o", (decision, data, why) => {
    expect(taken({ choices }, decision, data)).toBe(why)
  })

  it("is one of the request before it is a word that one of them stands for", () => {
    const some = [
      { decision: "yes", means: "accept", data: "required" },
      { decision: "accept", means: "accept" },
    ]
    expect(taken({ choices: some }, "accept")).toEqual(nothing)
  })

  it("is listed once, where two choices read the same", () => {
    const twice = [{ decision: "go" }, { decision: "go", data: "optional" }]
    expect(taken({ choices: twice }, "x")).toBe('The request does not take "x". It takes go.')
  })

  it("is the agent's to judge, where nothing is stated", () => {
    expect(taken(undefined, "later", { any: 1 })).toEqual(nothing)
    expect(taken({ questions: [] }, "accept", { answers: { a: ["x"] } })).toEqual(nothing)
  })
})

describe("an answer to questions", () => {
  const form = (question: Partial<Question>, more: readonly Partial<Question>[] = []) => ({
    questions: [question, ...more].map((one, index) => ({ id: `q${index}`, ...one })),
  })
  const takes = (what: string) => `It takes data {"answers": {"<question id>": ["…"]}} for ${what}.`
  const colours = [{ label: "Red" }, { label: "Blue" }]

  it.each([
    ["any text", {}, ["x"]],
    ["no text of one that is not required", { type: "number" }, []],
    ["one that it offers", { options: colours }, ["Blue"]],
    ["another one, where it takes it", { options: colours, other: true }, ["Green"]],
    ["any text, where it offers none", { options: [] }, ["x"]],
    ["any text, where its options are null", { options: null }, ["x"]],
    ["several", { options: colours, multiple: true }, ["Red", "Blue"]],
    ["true", { type: "boolean" }, ["true"]],
    ["false", { type: "boolean" }, ["false"]],
    ["a number", { type: "number" }, ["-1.5"]],
    ["a number without bounds", { type: "number", minimum: null, maximum: null }, ["-7"]],
    ["a large number without bounds", { type: "number", minimum: null, maximum: null }, ["7"]],
    ["a whole number", { type: "integer" }, ["7"]],
    ["the lowest", { type: "integer", minimum: 3, maximum: 5 }, ["3"]],
    ["the highest", { type: "integer", minimum: 3, maximum: 5 }, ["5"]],
    ["the shortest", { minLength: 2, maxLength: 3 }, ["ab"]],
    ["the longest", { minLength: 2, maxLength: 3 }, ["abc"]],
    ["characters, not UTF-16 units", { minLength: 1, maxLength: 1 }, ["😀"]],
    ["the empty text", { minLength: null, maxLength: null }, [""]],
    ["a long text", { minLength: null, maxLength: null }, ["abcdef"]],
    // Its bounds are those of a number.
    ["a number of more digits than a text may have", { type: "number", maxLength: 1 }, ["77"]],
  ] as const)("is taken: %s", (_, question: Partial<Question>, texts) => {
    const answers = { q0: texts }
    expect(taken(form(question), "accept", { answers })).toEqual({ answers, recorded: answers })
  })

  it.each([
    [
      "one that it does not offer",
      { options: colours },
      ["Green"],
      '"Green" is none of the answers to "q0"',
      "Red, Blue",
    ],
    [
      "one that it does not offer, after one that it does",
      { options: colours, multiple: true },
      ["Red", "Green"],
      '"Green" is none of the answers to "q0"',
      "Red, Blue",
    ],
    ["two", { options: colours, other: true }, ["Red", "Blue"], '"q0" takes one answer', "Red, Blue, or another text"],
    ["none", { required: true }, [], '"q0" needs an answer', "text"],
    ["neither true nor false", { type: "boolean" }, ["yes"], '"q0" takes true or false', "boolean"],
    ["no number", { type: "number" }, ["many"], '"q0" takes a number', "number"],
    ["an empty text for a number", { type: "number" }, [""], '"q0" takes a number', "number"],
    ["a blank for a number", { type: "number" }, [" "], '"q0" takes a number', "number"],
    ["no finite number", { type: "number" }, ["Infinity"], '"q0" takes a number', "number"],
    ["a part of a whole number", { type: "integer" }, ["1.5"], '"q0" takes a whole number', "integer"],
    ["too low a number", { type: "number", minimum: 3 }, ["2.9"], '"q0" takes 3 or more', "number"],
    ["too high a number", { type: "integer", maximum: 5 }, ["6"], '"q0" takes 5 or less', "integer"],
    ["too short a text", { minLength: 2 }, ["a"], '"q0" takes 2 characters or more', "text"],
    ["too long a text", { type: "text", maxLength: 3 }, ["abcd"], '"q0" takes 3 characters or fewer', "text"],
  ] as const)("is refused: %s", (_, question: Partial<Question>, texts, why, what) => {
    expect(taken(form(question), "accept", { answers: { q0: texts } })).toBe(`${why}. ${takes(`"q0" (${what})`)}`)
  })

  const two = form({ options: colours }, [{ type: "integer" }])
  const ofTwo = takes('"q0" (Red, Blue); "q1" (integer)')

  it("is refused where it has another form, or names a question that there is not", () => {
    const form = `The data is not of the form of answers. ${ofTwo}`
    expect(taken(two, "accept", { q0: "Red" })).toBe(form)
    expect(taken(two, "accept", { answers: { q0: "Red" } })).toBe(form)
    expect(taken(two, "accept", { answers: {}, more: 1 })).toBe(form)
    expect(taken(two, "accept", { answers: { q2: [] } })).toBe(`There is no question "q2". ${ofTwo}`)
    // A name that every object has is none of a question.
    expect(taken(two, "accept", { answers: { toString: [] } })).toBe(`There is no question "toString". ${ofTwo}`)
    expect(taken(named("toString"), "accept", { answers: {} })).toEqual({ answers: {}, recorded: {} })
  })

  it("may be empty, but not to a question to the user", () => {
    expect(taken(two, "accept")).toEqual({ answers: {}, recorded: {} })
    expect(taken(two, "accept", null)).toEqual({ answers: {}, recorded: {} })
    const empty = `Nothing is answered. ${ofTwo}`
    expect(taken(two, "accept", undefined, "user_input")).toBe(empty)
    expect(taken(two, "accept", { answers: { q0: [], q1: [] } }, "user_input")).toBe(empty)
    const answers = { q0: [], q1: ["1"] }
    expect(taken(two, "accept", { answers }, "user_input")).toEqual({ answers, recorded: answers })
  })

  it("is recorded without its secrets, each in its place", () => {
    const questions = form({ secret: true, multiple: true }, [{ secret: false }, { secret: null }])
    const answers = { q0: ["a", "b"], q1: ["c"], q2: ["d"] }
    expect(taken(questions, "accept", { answers })).toEqual({
      answers,
      recorded: { ...answers, q0: ["(secret)", "(secret)"] },
    })
  })
})

describe("a decision about questions", () => {
  const questions = [{ id: "q", required: true, secret: true }]
  const answers = { q: ["x"] }
  const given = { answers }
  const recorded = { answers, recorded: { q: ["(secret)"] } }
  const needed = '"q" needs an answer. It takes data {"answers": {"<question id>": ["…"]}} for "q" (text).'
  const sends = [
    { decision: "drop", means: "decline" },
    { decision: "send", means: "accept" },
  ]

  it.each(["accept", "answer"])("answers them where nothing else is stated: %s", (decision) => {
    expect(taken({ questions }, decision, given)).toEqual(recorded)
    expect(taken({ questions }, decision)).toBe(needed)
  })

  it("says nothing of them where it is another word, unless answers come with it", () => {
    expect(taken({ questions }, "decline")).toEqual(nothing)
    expect(taken({ questions }, "decline", { any: 1 })).toEqual(nothing)
    expect(taken({ questions }, "decline", given)).toEqual(recorded)
  })

  it.each(["send", "accept", "answer"])("answers them by a choice that accepts: %s", (decision) => {
    expect(taken({ questions, choices: sends }, decision, given)).toEqual(recorded)
    expect(taken({ questions, choices: sends }, decision)).toBe(needed)
  })

  it("needs a choice that accepts", () => {
    const takes = (decision: string) => `The request does not take "${decision}". It takes drop (decline).`
    const choices = sends.slice(0, 1)
    expect(taken({ questions, choices }, "answer", given)).toBe(takes("answer"))
    expect(taken({ questions, choices }, "accept", given)).toBe(takes("accept"))
    expect(taken({ questions, choices: sends }, "later", given)).toBe(
      'The request does not take "later". It takes drop (decline), send (accept).',
    )
    expect(taken({ questions, choices: [{ decision: "drop", means: null }] }, "later")).toBe(
      'The request does not take "later". It takes drop.',
    )
  })

  it("leaves them where it declines", () => {
    expect(taken({ questions, choices: sends }, "drop")).toEqual(nothing)
    expect(taken({ questions, choices: sends }, "decline")).toEqual(nothing)
    expect(taken({ questions, choices: [{ decision: "accept", means: "decline" }] }, "accept")).toBe(needed)
  })

  it("answers them by a choice of the agent's own that is named so", () => {
    const choices = [{ decision: "answer" }]
    expect(taken({ questions, choices }, "answer")).toBe(needed)
    expect(taken({ questions, choices }, "answer", given)).toEqual(recorded)
  })
})

describe("an answer to a question whose id is a word of JavaScript's objects", () => {
  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("is kept as any other: %s", (id) => {
    const given: unknown = JSON.parse(`{"answers": {"${id}": ["yes"], "b": ["no"]}}`)
    const questions = [{ id }, { id: "b", secret: true }]
    const { answers, recorded } = Either.getOrThrow(take({ kind: "user_input", data: { questions } }, "answer", given))
    expect(JSON.stringify(answers)).toBe(`{"${id}":["yes"],"b":["no"]}`)
    expect(JSON.stringify(recorded)).toBe(`{"${id}":["yes"],"b":["(secret)"]}`)
  })

  it("is checked as any other", () => {
    const given: unknown = JSON.parse('{"answers": {"__proto__": ["yes"]}}')
    expect(taken({ questions: [{ id: "a" }] }, "accept", given)).toContain('There is no question "__proto__".')
    const wrong: unknown = JSON.parse('{"answers": {"__proto__": "yes"}}')
    expect(taken({ questions: [{ id: "__proto__" }] }, "accept", wrong)).toContain("not of the form of answers")
  })
})
