import type { Question, RequestDetail } from "@threadfold/contracts"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  answersOf,
  choiceFor,
  choicesOf,
  type Form,
  outcomeOf,
  ownText,
  textsOf,
  withChoice,
  withText,
  wrongIn,
  wrongsOf,
} from "./answers.js"
import { commandIn, folderIn, reasonIn } from "./arguments.js"

const labelsOf = (data: unknown) => choicesOf({ data }).map(({ decision, label }) => `${decision}: ${label}`)

describe("the choices of a question", () => {
  it("are those that the agent names, in its words", () => {
    const choices = [
      { decision: "allow_once", means: "accept" as const, label: "Allow once" },
      { decision: "reject", means: "decline" as const },
    ]
    expect(labelsOf({ choices })).toEqual(["allow_once: Allow once", "reject: Decline"])
    expect(choiceFor(choicesOf({ data: { choices } }), "decline")?.decision).toBe("reject")
  })

  it("are the provider's decisions where it names no more than these", () => {
    expect(labelsOf({ decisions: ["accept", { acceptWithRule: { rule: 1 } }, 7] })).toEqual([
      "accept: Accept",
      "acceptWithRule: acceptWithRule",
    ])
  })

  it.each([null, {}, [], "x"])("are the words that every agent understands where nothing is known: %j", (data) => {
    expect(labelsOf(data)).toEqual(["accept: Accept", "decline: Decline", "cancel: Cancel"])
  })

  it("say which of them carries the form", () => {
    const data = {
      choices: [{ decision: "answer", data: "required" }, { decision: "cancel" }],
      questions: [{ id: "q" }],
    }
    expect(choicesOf({ data }).map(({ data: words, fills }) => [fills, words])).toEqual([
      [true, null],
      [false, null],
    ])
  })
})

const wordsOfObjects = ["__proto__", "constructor", "toString", "valueOf", "hasOwnProperty"]

describe.each(wordsOfObjects)("a word that every object has: %s", (id) => {
  it("is an id of a question like any other", () => {
    const question: Question = { id, options: [{ label: "red" }], required: true, other: true }
    const data = { questions: [question] }
    expect([textsOf({}, id), ownText({}, question)]).toEqual([[], ""])
    expect([...wrongsOf({ data, kind: "user_input" }, {})]).toEqual([[id, "Needs an answer."]])
    const form = withText(withChoice({}, question, "red"), question, "green")
    expect(textsOf(form, id)).toEqual(["green"])
    expect(wrongsOf({ data, kind: "user_input" }, form).size).toBe(0)
    expect(JSON.stringify(answersOf({ data }, form))).toBe(`{"answers":{"${id}":["green"]}}`)
  })

  it("is a decision and a decider without a name of ours", () => {
    const choices = [{ decision: id }]
    expect(choicesOf({ data: { choices } })).toMatchObject([{ label: id, tone: "neutral" }])
    expect(outcomeOf({ cause: null, data: null, decidedBy: id, decision: id, status: "answered" })).toBe(
      `Answered: ${id} by ${id}`,
    )
  })
})

const options = [{ label: "red" }, { label: "blue" }]

describe("a form", () => {
  const one: Question = { id: "one", options, other: true }
  const several: Question = { id: "several", options, other: true, multiple: true }

  it("holds one answer, or several, and takes them back", () => {
    let form: Form = withChoice({}, one, "red")
    form = withChoice(form, one, "blue")
    expect(form).toEqual({ one: ["blue"] })
    expect(withChoice(form, one, "blue")).toEqual({ one: [] })
    form = withChoice(withChoice({}, several, "red"), several, "blue")
    expect(form).toEqual({ several: ["red", "blue"] })
  })

  it("has a text of one's own instead of a choice, or beside several", () => {
    expect(withText(withChoice({}, one, "red"), one, "green")).toEqual({ one: ["green"] })
    const form = withText(withChoice({}, several, "red"), several, "green")
    expect(form).toEqual({ several: ["red", "green"] })
    expect(withText(form, several, "")).toEqual({ several: ["red"] })
    expect(ownText(form, several)).toBe("green")
  })

  it("sends what is answered", () => {
    expect(answersOf({ data: { questions: [one, several] } }, { one: ["red"], several: [], unknown: ["x"] })).toEqual({
      answers: { one: ["red"] },
    })
  })

  it("must answer something where a person is asked, and may be empty where a tool asks", () => {
    const data = { questions: [{ id: "q" }] }
    expect([...wrongsOf({ data, kind: "user_input" }, {}).keys()]).toEqual(["q"])
    expect(wrongsOf({ data, kind: "elicitation" }, {}).size).toBe(0)
  })
})

it.each<[Partial<Question>, readonly string[], boolean]>([
  [{ required: true }, [], false],
  [{}, [], true],
  [{ options }, ["green"], false],
  [{ options, other: true }, ["green"], true],
  [{ type: "boolean" }, ["true"], true],
  [{ type: "boolean" }, ["yes"], false],
  [{ type: "integer" }, ["1.5"], false],
  [{ type: "number" }, ["1.5"], true],
  [{ type: "number" }, [" "], false],
  [{ type: "integer", minimum: 1, maximum: 9 }, ["0"], false],
  [{ type: "integer", minimum: 1, maximum: 9 }, ["10"], false],
  [{ type: "integer", minimum: 1, maximum: 9 }, ["9"], true],
  [{ minLength: 2 }, ["😀"], false],
  [{ maxLength: 1 }, ["😀"], true],
])("looks at an answer: %j %j", (fields, texts, isRight) => {
  expect(wrongIn({ id: "q", ...fields }, texts) === null).toBe(isRight)
})

it("never sends what its own check refuses", () => {
  const question = fc.record({
    id: fc.constantFrom("a", "b"),
    options: fc.constantFrom(undefined, options),
    multiple: fc.boolean(),
    other: fc.boolean(),
    required: fc.boolean(),
  })
  const step = fc.record({
    at: fc.nat(3),
    label: fc.constantFrom("red", "blue"),
    text: fc.option(fc.string(), { nil: null }),
  })
  fc.assert(
    fc.property(
      fc.uniqueArray(question, { minLength: 1, selector: ({ id }) => id }),
      fc.array(step),
      (questions, steps) => {
        let form: Form = {}
        for (const { at, label, text } of steps) {
          const one = questions[at % questions.length]
          if (one === undefined) continue
          if (text !== null && (one.other || one.options === undefined)) form = withText(form, one, text)
          else if (one.options !== undefined) form = withChoice(form, one, label)
        }
        const request = { data: { questions }, kind: "user_input" as const }
        if (wrongsOf(request, form).size > 0) return
        const { answers } = answersOf(request, form)
        expect(Object.values(answers).flat().length).toBeGreaterThan(0)
        for (const one of questions) {
          expect((answers[one.id] ?? []).length).toBeLessThanOrEqual(one.multiple ? 3 : 1)
          if (one.required) expect(answers[one.id]).toBeDefined()
        }
      },
    ),
  )
})

it("says how a question ended, and by whom", () => {
  const ended = (fields: Partial<RequestDetail>) =>
    outcomeOf({ cause: null, data: null, decidedBy: null, decision: null, status: "answered", ...fields })
  expect([
    ended({ status: "open" }),
    ended({ decision: "decline", decidedBy: "client" }),
    ended({ decision: null, decidedBy: "elsewhere" }),
    ended({ status: "answering", decision: "accept", decidedBy: "client" }),
    ended({ status: "cancelled", cause: "turn-ended" }),
  ]).toEqual([
    null,
    "Answered: Decline by a client",
    "Answered elsewhere by another program of the agent",
    "An answer is on its way to the agent: Accept by a client",
    "The agent took it back (turn-ended)",
  ])
})

describe("the arguments", () => {
  it("name the command whole, as a shell reads it", () => {
    expect(commandIn({ command: ["bash", "-lc", "echo 'a b'"] })).toBe(`bash -lc 'echo '\\''a b'\\'''`)
    expect(commandIn({ toolCall: { rawInput: { command: "ls", cwd: "/w" } } })).toBe("ls")
    expect(folderIn({ toolCall: { rawInput: { command: "ls", cwd: "/w" } } })).toBe("/w")
  })
  it("name none where there is none", () => {
    expect([
      commandIn(null),
      commandIn({ command: [] }),
      commandIn({ command: [1] }),
      reasonIn({ reason: "" }),
    ]).toEqual([null, null, null, null])
  })
})
