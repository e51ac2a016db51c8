/** Colours of code: a text and its language become pieces with classes, which the page makes elements of. */
import { common, createLowlight } from "lowlight"

/** A piece of code of one colour; `kind` is a class of highlight.js without its `hljs-`, or empty. */
export interface Piece {
  readonly text: string
  readonly kind: string
}

/** What is asked: the lines of a code in a language, by a name that people write behind three backticks. */
export interface HighlightAsk {
  readonly code: string
  readonly language: string
}

const lowlight = createLowlight(common)
const otherNames: ReadonlyMap<string, string> = new Map([
  ["tsx", "typescript"],
  ["jsx", "javascript"],
  ["mjs", "javascript"],
  ["jsonc", "json"],
  ["zsh", "bash"],
])

/** Longer code is shown without colours: a person reads it in no time that colours would save. */
export const mostHighlighted = 200_000

const isAsk = (value: unknown): value is HighlightAsk =>
  typeof value === "object" &&
  value !== null &&
  "code" in value &&
  typeof value.code === "string" &&
  "language" in value &&
  typeof value.language === "string"

type Tree = ReturnType<typeof lowlight.highlight>
type Part = Tree["children"][number]

const kindOf = (classes: unknown): string =>
  Array.isArray(classes) && typeof classes[0] === "string" ? classes[0].replace(/^hljs-/, "") : ""

const piecesOf = (parts: readonly Part[], kind: string, into: Piece[]): Piece[] => {
  for (const part of parts) {
    if (part.type === "text") into.push({ text: part.value, kind })
    else if (part.type === "element") piecesOf(part.children, kindOf(part.properties.className) || kind, into)
  }
  return into
}

/** The pieces of a code; null: its language is not known, or it is too long. */
export const highlight = ({ code, language }: HighlightAsk): readonly Piece[] | null => {
  const name = otherNames.get(language.toLowerCase()) ?? language.toLowerCase()
  if (code.length > mostHighlighted || !lowlight.registered(name)) return null
  return piecesOf(lowlight.highlight(name, code).children, "", [])
}

/** Answers a message to the worker. */
export const answer = (message: unknown): readonly Piece[] | null => (isAsk(message) ? highlight(message) : null)
