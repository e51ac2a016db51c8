/**
 * Finds what the API does not know in a call: a field or parameter of another name, a value that is not in its list. Server and
 * client both use it, so that both refuse the same calls and both name what was probably meant.
 */
import { SchemaAST as AST, type Schema } from "effect"
import { unknownName } from "../nearest.js"

/** Annotation: the words of a list of which a text names several, separated by commas. */
export const ListedWords: unique symbol = Symbol.for("@threadfold/contracts/ListedWords")

const wordsOf = (ast: AST.AST): readonly string[] | null => {
  const words = ast.annotations[ListedWords]
  return Array.isArray(words) ? words : null
}

/** The first word of a text that its list does not have. */
const strangeWord = (text: string, words: readonly string[]): string | undefined =>
  text
    .split(",")
    .map((word) => word.trim())
    .find((word) => word !== "" && !words.includes(word))

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The texts of a closed list; null where a schema is none. */
const listed = (ast: AST.AST): readonly string[] | null => {
  if (AST.isLiteral(ast)) return typeof ast.literal === "string" ? [ast.literal] : null
  if (!AST.isUnion(ast)) return null
  const texts: string[] = []
  for (const member of ast.types) {
    if (AST.isUndefinedKeyword(member) || (AST.isLiteral(member) && member.literal === null)) continue
    // A list beside its words: one of them may stand for a list of one.
    if (AST.isTupleType(bare(member))) continue
    const inner = listed(bare(member))
    if (inner === null) return null
    texts.push(...inner)
  }
  return texts.length === 0 ? null : texts
}

/** A schema without what refines or transforms it: its encoded shape. */
const bare = (ast: AST.AST): AST.AST =>
  AST.isRefinement(ast) || AST.isTransformation(ast) ? bare(ast.from) : AST.isSuspend(ast) ? bare(ast.f()) : ast

/** The schema of a field that may be left out. */
const given = (schema: AST.AST): AST.AST => {
  const [first, ...rest] = AST.isUnion(schema) ? schema.types.filter((type) => !AST.isUndefinedKeyword(type)) : []
  return first !== undefined && rest.length === 0 ? first : schema
}

/** The one text that a field of an object has to be; null: it may be another. */
const onlyText = (object: AST.AST, name: string): string | null => {
  const property = AST.isTypeLiteral(object) ? object.propertySignatures.find((one) => one.name === name) : undefined
  if (property === undefined || property.isOptional || !AST.isLiteral(property.type)) return null
  return typeof property.type.literal === "string" ? property.type.literal : null
}

/** Of several objects the one that is meant, by the field that has another text in each. Where there is none, the decoder reports. */
const findMeant = (objects: readonly AST.AST[], value: unknown, place: string, what: string): string | null => {
  if (!isRecord(value)) return null
  for (const [name, said] of Object.entries(value)) {
    const words = objects.map((object) => onlyText(object, name))
    if (typeof said !== "string" || words.includes(null)) continue
    const meant = objects[words.indexOf(said)]
    if (meant !== undefined) return find(meant, value, place, what)
    const known = words.filter((word) => word !== null)
    return `${place === "" ? name : `${place}.${name}`}: ${unknownName("value", said, known)}`
  }
  return null
}

const find = (asked: AST.AST, value: unknown, place: string, what: string): string | null => {
  const schema = given(asked)
  const at = place === "" ? "" : `${place}: `
  const words = typeof value === "string" ? wordsOf(schema) : null
  if (words !== null && typeof value === "string") {
    const strange = strangeWord(value, words)
    return strange === undefined ? null : `${at}${unknownName("value", strange, words)}`
  }
  const ast = bare(schema)
  const texts = typeof value === "string" ? listed(ast) : null
  if (texts !== null && typeof value === "string" && !texts.includes(value)) {
    return `${at}${unknownName("value", value, texts)}`
  }
  if (AST.isUnion(ast)) {
    const shapes = ast.types.map(bare).filter((member) => AST.isTypeLiteral(member) || AST.isTupleType(member))
    const [first, ...others] = shapes
    if (first === undefined) return null
    return others.length === 0 ? find(first, value, place, what) : findMeant(shapes, value, place, what)
  }
  if (AST.isTupleType(ast) && Array.isArray(value)) {
    const rest = ast.rest[0]
    if (rest === undefined) return null
    for (const [index, member] of value.entries()) {
      const found = find(rest.type, member, place === "" ? `${index}` : `${place}.${index}`, what)
      if (found !== null) return found
    }
    return null
  }
  if (!AST.isTypeLiteral(ast) || !isRecord(value)) return null
  const known = new Map(ast.propertySignatures.map(({ name, type }) => [String(name), type]))
  for (const [name, member] of Object.entries(value)) {
    const type = known.get(name)
    if (type === undefined) {
      if (ast.indexSignatures.length === 0) return `${at}${unknownName(what, name, [...known.keys()])}`
      // The decoder makes another object and assigns its members: it would lose this one without a word.
      if (name === "__proto__") return `${at}the name "__proto__" is not taken`
      continue
    }
    const found = find(type, member, place === "" ? name : `${place}.${name}`, what)
    if (found !== null) return found
  }
  return null
}

/**
 * The first name or listed value that a schema does not know, as one sentence without its end; null: all are known. The
 * decoder reports other errors.
 *
 * @param what what a name is: `field` or `parameter`
 */
export const unknownIn = (schema: Schema.Schema.All, value: unknown, what: string): string | null =>
  find(schema.ast, value, "", what)
