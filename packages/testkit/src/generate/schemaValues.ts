/**
 * Generates values of a payload's schema from the schema itself, so that a new event type needs no change here. The values
 * include unusual JSON that no correct source sends: empty and odd texts, numbers of every size, data of any shape.
 */
import type { SchemaAST as AST } from "effect"
import type { Random } from "./seeded.js"

/** Texts that often cause faults. */
const oddTexts = [
  "",
  " ",
  "0",
  "null",
  "__proto__",
  "constructor",
  "\u0000",
  "\u2028",
  "a\nb",
  "日本 😀",
  "'; DROP TABLE items; --",
  "é".repeat(300),
]
const oddNumbers = [0, -0, 1, -1, 0.5, 7, 1e15, 2 ** 53, 1e300, -1e300, 5e-324]

const pick = <A>(random: Random, values: readonly A[], otherwise: A): A =>
  values[random.below(values.length)] ?? otherwise

/** A text: mostly a short one of few, so that they collide. */
export const textOf = (random: Random): string =>
  random.next() < 0.15 ? pick(random, oddTexts, "") : `text-${random.below(6)}`

const numberOf = (random: Random): number => (random.next() < 0.2 ? pick(random, oddNumbers, 0) : random.below(500))

/** JSON of any shape, at most so many levels deep. */
export const jsonOf = (random: Random, levels = 3): unknown => {
  const kind = random.below(levels > 0 ? 7 : 5)
  if (kind === 0) return null
  if (kind === 1) return random.next() < 0.5
  if (kind === 2) return numberOf(random)
  if (kind <= 4) return textOf(random)
  const members = Array.from({ length: random.below(4) }, () => jsonOf(random, levels - 1))
  return kind === 5
    ? members
    : Object.fromEntries(members.map((member, index) => [index === 0 ? textOf(random) : `k${index}`, member]))
}

/** A value of the schema's type. It may break refinements of the schema, which the decoder must refuse. */
export const valueOf = (ast: AST.AST, random: Random): unknown => {
  switch (ast._tag) {
    case "StringKeyword":
      return textOf(random)
    case "NumberKeyword":
      return numberOf(random)
    case "BooleanKeyword":
      return random.next() < 0.5
    case "UndefinedKeyword":
      return undefined
    case "Literal":
      return ast.literal
    case "Union": {
      const member = ast.types[random.below(ast.types.length)]
      return member === undefined ? null : valueOf(member, random)
    }
    case "TupleType": {
      const rest = ast.rest[0]
      return Array.from({ length: random.below(4) }, () => (rest === undefined ? null : valueOf(rest.type, random)))
    }
    case "TypeLiteral": {
      const members: [string, unknown][] = []
      for (const { isOptional, name, type } of ast.propertySignatures) {
        if (!isOptional || random.next() < 0.6) members.push([String(name), valueOf(type, random)])
      }
      return Object.fromEntries(members)
    }
    case "Refinement":
    case "Transformation":
      return valueOf(ast.from, random)
    case "Suspend":
      return valueOf(ast.f(), random)
    default:
      return jsonOf(random)
  }
}
