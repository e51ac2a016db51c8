import { describe, expect, it } from "vitest"
import { decide } from "./claudeDecisions.js"
import { answersIn, changesOf, choicesOf, claudeAnswers, userQuestions } from "./claudeQuestions.js"

const options = [{ label: "A", description: "a" }, { label: "B" }]
const questions = [
  { question: "Which one?", header: "Pick", options, multiSelect: false },
  { question: "Which ones?", options, multiSelect: true },
]

describe("a question of Claude to the user", () => {
  it("has its text as its id, and takes another text than those that it offers", () => {
    expect(userQuestions({ questions })).toEqual([
      { id: "Which one?", text: "Which one?", header: "Pick", options, other: true },
      { id: "Which ones?", text: "Which ones?", options, multiple: true, other: true },
    ])
  })

  it("is answered with one text each, and read back", () => {
    const answers = { "Which one?": ["my own, really"], "Which ones?": ["A", "B"] }
    const said = { "Which one?": "my own, really", "Which ones?": "A, B" }
    expect(claudeAnswers(answers)).toEqual(said)
    expect(answersIn({ questions, answers: said })).toEqual(answers)
    const asked = { subtype: "can_use_tool", tool_name: "AskUserQuestion", input: { questions } }
    const input = { decision: "answer", data: { answers } }
    expect(decide(asked, input)).toEqual({ value: { behavior: "allow", updatedInput: { questions, answers: said } } })
  })
})

describe("a form of a tool server", () => {
  it("is filled in the types of its schema", () => {
    const properties = { count: { type: "number" }, tags: { type: "array" } }
    const asked = { subtype: "elicitation", requested_schema: { properties } }
    const data = { answers: { count: ["2"], tags: ["x", "y"] } }
    const value = { action: "accept", content: { count: 2, tags: ["x", "y"] } }
    expect(decide(asked, { decision: "accept", data })).toEqual({ value })
  })
})

describe("a choice", () => {
  it("is answered by its driver, whichever it is", () => {
    const input = { command: "ls" }
    const asked = { subtype: "can_use_tool", tool_name: "Bash", input, permission_suggestions: [{ type: "addRules" }] }
    for (const { decision } of choicesOf(["accept", "acceptForSession", "acceptAlways", "decline", "cancel"])) {
      expect(decide(asked, { decision })).toHaveProperty("value")
    }
  })
})

describe("what an approval changes", () => {
  it.each([
    [
      { file_path: "a.ts", old_string: "x\ny", new_string: "x\nz" },
      { path: "a.ts", kind: "update", diff: "@@ -1,2 +1,2 @@\n x\n-y\n+z" },
    ],
    [
      {
        file_path: "a.ts",
        edits: [
          { old_string: "x", new_string: "y" },
          { old_string: "p", new_string: "q" },
        ],
      },
      { path: "a.ts", kind: "update", diff: "@@ -1,1 +1,1 @@\n-x\n+y\n@@ -1,1 +1,1 @@\n-p\n+q" },
    ],
    [
      { file_path: "b.ts", content: "hi" },
      { path: "b.ts", diff: "@@ -0,0 +1,1 @@\n+hi" },
    ],
    [
      { notebook_path: "n.ipynb", new_source: "1" },
      { path: "n.ipynb", diff: "@@ -0,0 +1,1 @@\n+1" },
    ],
  ])("%j", (input, change) => {
    expect(changesOf(input)).toEqual([change])
  })
})
