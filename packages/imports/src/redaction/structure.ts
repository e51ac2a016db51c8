/** Events without any text: what happened, in which order, when, and how long the texts were. */
import { hash } from "node:crypto"
import { events, isEventType } from "@threadfold/contracts"
import type { RestoredEvent } from "@threadfold/engine"
import { SchemaAST as AST } from "effect"
import { findSecrets } from "./detectors.js"

/** Fields whose text is a word of a protocol. */
const words: ReadonlySet<string> = new Set([
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
  "conflict",
  "channel",
  "problem",
  "nativeReason",
  "reason",
  "flags",
])

/** Fields whose text is an id, ours or the provider's. */
const ids: ReadonlySet<string> = new Set([
  "key",
  "effectId",
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

/** A word of a protocol, a signal, a number or a version. A key has digits among its letters, and what a person writes has spaces or capitals. */
const isWord = (text: string): boolean =>
  text.length <= 40 &&
  (/^[a-z][A-Za-z]*(?:[._/:-][A-Za-z]+)*$/.test(text) ||
    /^[A-Z]{2,12}$/.test(text) ||
    /^-?\d{1,9}(?:\.\d{1,6}){0,3}$/.test(text)) &&
  findSecrets(text).length === 0

const isOurs = (text: string): boolean => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^[0-9a-f]{64}$/.test(text)

/** Equal ids stay equal. A UUID and a hash say nothing; any other id may be a name, an address or a path. */
const idOf = (text: string): string => (isOurs(text) ? text : `id-${hash("sha256", text).slice(0, 16)}`)

const counted = (text: string): string => `[text:${text.length}]`

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A value of which nothing is known. */
const without = (value: unknown): unknown => {
  if (typeof value === "string") return counted(value)
  if (Array.isArray(value)) return value.map(without)
  if (!isRecord(value)) return value
  // The names of fields may be paths, names or keys.
  return Object.fromEntries(Object.values(value).map((entry, index) => [`field${index}`, without(entry)]))
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
    if (literals(ast).has(value) || (words.has(name) && isWord(value))) return value
    return ids.has(name) ? idOf(value) : counted(value)
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

const nativeOf = (native: string): string => {
  const value: unknown = JSON.parse(native)
  if (!isRecord(value)) return "{}"
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(value).map(([name, id]) => [name, typeof id === "string" ? idOf(id) : without(id)]),
    ),
  )
}

const nullable = (id: string | null): string | null => (id === null ? null : idOf(id))

/** The row of an event without texts. Its times, its type and its ids stay; an id or a type that is a text becomes a digest. */
export const structureOf = (row: RestoredEvent["row"]): RestoredEvent["row"] => ({
  ...row,
  type: isEventType(row.type) ? row.type : `unknown.${idOf(row.type)}`,
  channel: row.channel === null || isWord(row.channel) ? row.channel : idOf(row.channel),
  sessionId: nullable(row.sessionId),
  commandId: nullable(row.commandId),
  causationId: nullable(row.causationId),
  correlationId: nullable(row.correlationId),
  turnId: nullable(row.turnId),
  itemId: nullable(row.itemId),
  requestId: nullable(row.requestId),
  inferenceId: nullable(row.inferenceId),
  realtimeId: nullable(row.realtimeId),
  native: row.native === null ? null : nativeOf(row.native),
  payload: payloadOf(row.type, row.payload),
})
