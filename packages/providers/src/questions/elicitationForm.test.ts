import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { formAnswers, formContent, formQuestions } from "./elicitationForm.js"

const member = fc.oneof(
  fc.record({ type: fc.constant("string"), value: fc.string({ minLength: 1 }) }),
  fc.record({ type: fc.constantFrom("number"), value: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
  fc.record({ type: fc.constant("integer"), value: fc.integer() }),
  fc.record({ type: fc.constant("boolean"), value: fc.boolean() }),
  fc.record({ type: fc.constant("array"), value: fc.array(fc.string(), { minLength: 1, maxLength: 4 }) }),
)

describe("a form of a tool server", () => {
  it("gets its content back from the answers that its content is", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), member), (members) => {
        const properties = Object.fromEntries(Object.entries(members).map(([id, { type }]) => [id, { type }]))
        const content = Object.fromEntries(
          // JSON has no -0.
          Object.entries(members).map(([id, { value }]) => [id, Object.is(value, -0) ? 0 : value]),
        )
        const answers = formAnswers(content)
        expect(formContent({ properties }, answers ?? {})).toEqual(content)
      }),
    )
  })

  it("asks one question for each member, with what it offers and its bounds", () => {
    const schema = {
      required: ["a"],
      properties: {
        a: { type: "string", title: "A", description: "the first", enum: ["x", "y"], enumNames: ["X", "Y"] },
        b: { type: "string", oneOf: [{ const: "1", title: "One" }] },
        c: { type: "array", items: { enum: ["p", "q"] } },
        d: { type: "array", items: { anyOf: [{ const: "r", title: "R" }] } },
        e: { type: "number", minimum: 1, maximum: 2 },
        f: { type: "string", minLength: 1, maxLength: 9 },
        g: "no schema",
      },
    }
    const options = [
      { label: "x", description: "X" },
      { label: "y", description: "Y" },
    ]
    expect(formQuestions(schema)).toEqual([
      { id: "a", header: "A", text: "the first", options, required: true },
      { id: "b", options: [{ label: "1", description: "One" }] },
      { id: "c", options: [{ label: "p" }, { label: "q" }], multiple: true },
      { id: "d", options: [{ label: "r", description: "R" }], multiple: true },
      { id: "e", type: "number", minimum: 1, maximum: 2 },
      { id: "f", minLength: 1, maxLength: 9 },
    ])
    expect(formQuestions(undefined)).toEqual([])
  })
})
