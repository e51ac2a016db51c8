/** Query parameters that choose rows: several values of a filter, times, a text, and which fields an entry shows. */
import { SchemaAST as AST, ParseResult, Schema } from "effect"
import { optional } from "../fields.js"
import { unknownName } from "../nearest.js"
import { Flag, TimeParam } from "./Query.js"
import { ListedWords } from "./Strict.js"

/** Values of one filter at most … */
export const mostValues = 32
/** … and characters of one. */
export const longestValue = 1_024

const Written = Schema.Union(Schema.String, Schema.Array(Schema.String))

const tooMany = `takes ${mostValues} values at most`

/** The values that a parameter was written with: repeated, or separated by commas where `split`. */
const valuesIn = (written: string | readonly string[], split: boolean): readonly string[] => {
  const all = typeof written === "string" ? [written] : written
  if (!split) return all
  return all.flatMap((text) => text.split(",").map((each) => each.trim())).filter((each) => each !== "")
}

/** What is wrong with values; null: nothing. */
const faultOf = (values: readonly string[]): string | null => {
  if (values.length === 0) return "names no value"
  if (values.length > mostValues) return tooMany
  if (values.some((each) => each.length > longestValue)) return `a value has ${longestValue} characters at most`
  return values.some((each) => each === "" || each.includes("\0")) ? "a value must not be empty or hold a NUL" : null
}

const oneOrSeveral = (one: object) => ({ anyOf: [one, { type: "array", items: one, maxItems: mostValues }] })

/** Several values of a closed list, separated by commas; one that is not of it is refused with the nearest. */
export const someOf = <const Words extends readonly [string, ...string[]]>(...words: Words) => {
  const Word = Schema.Literal<[...Words]>(...words)
  const isWord = Schema.is(Word)
  return Schema.transformOrFail(Written, Schema.Union(Word, Schema.Array(Word)), {
    strict: true,
    decode: (written, _, ast) => {
      const values = valuesIn(written, true)
      const unknown = values.find((each) => !isWord(each))
      const fault = unknown === undefined ? faultOf(values) : unknownName("value", unknown, words)
      return fault === null
        ? ParseResult.succeed(values.filter(isWord))
        : ParseResult.fail(new ParseResult.Type(ast, written, fault))
    },
    encode: (values) => ParseResult.succeed(typeof values === "string" ? values : values.join(",")),
  }).annotations({
    jsonSchema: oneOrSeveral({ type: "string", enum: words }),
    [ListedWords]: words,
  })
}

/** Several texts; a text may hold commas, so that each is a parameter of its own unless `split`. */
const texts = (split: boolean) =>
  Schema.transformOrFail(Written, Schema.Union(Schema.String, Schema.Array(Schema.String)), {
    strict: true,
    decode: (written, _, ast) => {
      const values = valuesIn(written, split)
      const fault = faultOf(values)
      return fault === null ? ParseResult.succeed(values) : ParseResult.fail(new ParseResult.Type(ast, written, fault))
    },
    encode: (values) => ParseResult.succeed(typeof values === "string" ? [values] : values),
  }).annotations({
    jsonSchema: oneOrSeveral({ type: "string", maxLength: longestValue }),
  })

/** Several names, separated by commas or repeated. */
export const someNames = texts(true)
/** Several folders, the parameter repeated: a folder's name may hold a comma. */
export const someFolders = texts(false)

const longestText = 200

/** Text that entries hold. */
export const TextParam = Schema.String.pipe(
  Schema.filter((text) => text.length > 0 && text.length <= longestText && !text.includes("\0"), {
    message: () => `expected 1 to ${longestText} characters without a NUL`,
  }),
  Schema.annotations({ jsonSchema: { type: "string", minLength: 1, maxLength: longestText } }),
)

/** Names of an entry's fields, from its schema. */
const fieldNames = (ast: AST.AST): readonly string[] =>
  AST.isTypeLiteral(ast)
    ? ast.propertySignatures.map(({ name }) => String(name))
    : AST.isTransformation(ast) || AST.isRefinement(ast)
      ? fieldNames(ast.from)
      : []

/** Which fields an entry shows. */
export const fieldsParam = (entry: Schema.Schema.All) => {
  // What is cut is said of any field that is shown.
  const [first = "", ...rest] = fieldNames(entry.ast).filter((name) => name !== "truncated")
  return {
    fields: optional(
      someOf(first, ...rest),
      "Only these fields of each entry, in this order, separated by commas. Absent: all of them.",
    ),
  } as const
}

/** Which threads rows may belong to. */
export const ofThreads = {
  agent: optional(someNames, "Only of threads of these configured agents, separated by commas."),
  provider: optional(someNames, "Only of threads of these provider kinds, separated by commas."),
  model: optional(someNames, "Only of threads whose model, last named, is one of these, separated by commas."),
  folder: optional(someFolders, "Only of threads in this folder or below it; repeat it for several."),
  root: optional(Flag, "`true`: without threads that another one spawned; `false`: those alone."),
} as const

/** Which rows of all threads: those of deleted threads and of mirrors are left out unless threads are named. */
export const ofAllThreads = {
  threadId: optional(someNames, "Only of these threads, separated by commas; then also of deleted ones and mirrors."),
  ...ofThreads,
} as const

/** When a row came to be, by the time in its id. */
export const madeParams = {
  from: optional(TimeParam, "Only what began at this time or later, ms since the epoch, by the time in its id."),
  to: optional(TimeParam, "Only what began before this time, ms since the epoch, by the time in its id."),
} as const
