import type { Question } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { answerProblem, askedOf, choiceLabel, commandOf, decisionFor } from "./asked.js"

describe("what a request asks", () => {
  it("is read out of its data", () => {
    const asked = askedOf({
      choices: [{ decision: "ok", means: "accept" }, { nonsense: 1 }, null],
      questions: [{ id: "a" }, "b"],
      changes: [{ path: "x", diff: "+a" }, { diff: "+b" }],
      url: "https://example.com",
      data: { command: ["a", "b"] },
    })
    expect(asked.choices).toEqual([{ decision: "ok", means: "accept" }])
    expect(asked.questions.map(({ id }) => id)).toEqual(["a"])
    expect(asked.changes).toEqual([{ path: "x", kind: null, diff: "+a" }])
    expect(asked).toMatchObject({ url: "https://example.com", native: { command: ["a", "b"] } })
  })
  it.each([null, 1, "text", [], {}, { choices: {}, questions: 1, changes: "x", url: 2 }])(
    "is nothing but the portable words in %j",
    (data) => {
      const asked = askedOf(data)
      expect(asked.choices.map(({ decision }) => decision)).toEqual(["accept", "acceptForSession", "decline", "cancel"])
      expect(asked).toMatchObject({ questions: [], changes: [], url: null })
    },
  )
  it("names its choices for people", () => {
    expect([
      choiceLabel({ decision: "x", label: "Do it" }),
      choiceLabel({ decision: "x", means: "decline" }),
      choiceLabel({ decision: "x" }),
    ]).toEqual(["Do it", "Decline", "x"])
    const choices = [{ decision: "approved", means: "accept" as const }, { decision: "denied" }]
    expect([decisionFor(choices, "accept"), decisionFor(choices, "denied"), decisionFor(choices, "cancel")]).toEqual([
      "approved",
      "denied",
      null,
    ])
  })
  it("has its command in a line", () => {
    expect([
      commandOf({ command: ["rm", "-rf"] }),
      commandOf({ input: { command: "ls" } }),
      commandOf({ command: 1 }),
      commandOf(null),
    ]).toEqual(["rm -rf", "ls", null, null])
  })
})

it("says what is wrong with an answer", () => {
  const question = (fields: Partial<Question>): Question => ({ id: "q", ...fields })
  expect([
    answerProblem(question({ required: true }), [""]),
    answerProblem(question({}), []),
    answerProblem(question({ type: "integer" }), ["1.5"]),
    answerProblem(question({ type: "number", minimum: 2 }), ["1"]),
    answerProblem(question({ type: "number" }), ["1.5"]),
    answerProblem(question({ type: "boolean" }), ["yes"]),
    answerProblem(question({ minLength: 3 }), ["ab"]),
    answerProblem(question({ maxLength: 1 }), ["ab"]),
  ]).toEqual([
    "This must be answered.",
    null,
    "A whole number is expected.",
    "At least 2 is expected.",
    null,
    "true or false is expected.",
    "At least 3 characters are expected.",
    "At most 1 characters are expected.",
  ])
})
