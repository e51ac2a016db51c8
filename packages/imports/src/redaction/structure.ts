/** Events without any text: what happened, in which order, when, and how long the texts were. */
import { events, isEventType } from "@threadfold/contracts"
import type { RestoredEvent } from "@threadfold/engine"
import { SchemaAST as AST } from "effect"

/** Fields whose text is a name out of a small set, such as a provider's kind of something, or an id of ours or of the provider. */
const kept: ReadonlySet<string> = new Set([
  "provider",
  "nativeKind",
  "method",
  "source",
  "version",
  "providerVersion",
  "nativeState",
  "phase",
  "role",
  "code",
  "signal",
  "effect",
  "effectId",
  "conflict",
  "channel",
  "problem",
  "nativeReason",
  "reason",
  "flags",
  "key",
  "connectionId",
  "nativeSessionId",
  "messageId",
  "messageIds",
  "processId",
  "parentNativeThreadId",
  "parentThreadId",
  "forkedFromNativeThreadId",
  "forkedFromThreadId",
  "fromThreadId",
  "childNativeThreadIds",
  "sealedHash",
])

/** A text of one word without a path: a name, not what a person wrote. */
const isName = (text: string): boolean => /^[\w.:#-]{1,200}$/.test(text)

const counted = (text: string): string => `[text:${text.length}]`

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A value of which nothing is known. */
const without = (value: unknown): unknown => {
  if (typeof value === "string") return counted(value)
  if (Array.isArray(value)) return value.map(without)
  if (!isRecord(value)) return value
  // The names of fields may be paths of files.
  return Object.fromEntries(
    Object.entries(value).map(([name, entry], index) => [
      /^[A-Za-z_]\w{0,40}$/.test(name) ? name : `field${index}`,
      without(entry),
    ]),
  )
}

const literals = (ast: AST.AST): ReadonlySet<unknown> =>
  new Set(
    ast._tag === "Union" ? ast.types.flatMap((type) => [...literals(type)]) : AST.isLiteral(ast) ? [ast.literal] : [],
  )

const properties = (ast: AST.AST): readonly AST.PropertySignature[] =>
  ast._tag === "Union" ? ast.types.flatMap(properties) : AST.isTypeLiteral(ast) ? ast.propertySignatures : []

const elements = (ast: AST.AST): readonly AST.AST[] =>
  ast._tag === "Union" ? ast.types.flatMap(elements) : AST.isTupleType(ast) ? ast.rest.map(({ type }) => type) : []

const by = (ast: AST.AST, name: string, value: unknown): unknown => {
  if (typeof value === "string") {
    return literals(ast).has(value) || (kept.has(name) && isName(value)) ? value : counted(value)
  }
  if (Array.isArray(value)) {
    const [element] = elements(ast)
    return element === undefined ? without(value) : value.map((entry: unknown) => by(element, name, entry))
  }
  if (!isRecord(value)) return value
  const known = new Map(properties(ast).map((property) => [String(property.name), property.type]))
  if (known.size === 0) return without(value)
  return Object.fromEntries(
    Object.entries(value).map(([field, entry]) => {
      const type = known.get(field)
      return [field, type === undefined ? without(entry) : by(type, field, entry)]
    }),
  )
}

const payloadOf = (type: string, text: string): string => {
  try {
    const value: unknown = JSON.parse(text)
    return JSON.stringify(isEventType(type) ? by(events[type].ast, "", value) : without(value))
  } catch {
    return "null"
  }
}

/** The row of an event without texts. Its ids, its type and its times stay. */
export const structureOf = (row: RestoredEvent["row"]): RestoredEvent["row"] => ({
  ...row,
  payload: payloadOf(row.type, row.payload),
})
