/**
 * Type guards compiled from the payload schemas. Stored rows are parsed, not decoded (docs/architecture.md): these plain
 * functions let a rule read a payload without a cast and without a Schema decode per event. They look at the
 * properties the schema names and let every other one pass. Every event goes through one: no iterator, no closure per call.
 */
import { type EventType, events, type PayloadOf } from "@threadfold/contracts"
import { SchemaAST as AST, type Schema } from "effect"

type Guard = (value: unknown) => boolean

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const always: Guard = () => true

/** Fails where no guard can be made of a part. Called when the module is loaded: a rule must not read such a payload. */
const refusePart = (type: string, part: string): never => {
  throw new Error(`The payload of ${type} has a part that no guard can be made of: ${part}.`)
}

/** Each value of a record that its index signature names. */
const compileValues = (of: string, { parameter, type }: AST.IndexSignature): Guard => {
  if (parameter._tag !== "StringKeyword") return refusePart(of, `a record by ${parameter._tag}`)
  const is = compile(of, type)
  return (value) => {
    if (!isRecord(value)) return false
    for (const key in value) if (Object.hasOwn(value, key) && !is(value[key])) return false
    return true
  }
}

const compile = (of: string, ast: AST.AST): Guard => {
  switch (ast._tag) {
    case "UnknownKeyword":
      return always
    case "UndefinedKeyword":
      return (value) => value === undefined
    case "StringKeyword":
      return (value) => typeof value === "string"
    case "NumberKeyword":
      return (value) => typeof value === "number"
    case "BooleanKeyword":
      return (value) => typeof value === "boolean"
    case "Literal": {
      const literal = ast.literal
      return (value) => value === literal
    }
    case "Union": {
      // Stryker disable ArrayDeclaration,BlockStatement,ConditionalExpression: the set answers what its members answer one by one
      const literals = ast.types.flatMap((type) => (AST.isLiteral(type) ? [type.literal] : []))
      if (literals.length === ast.types.length) {
        const allowed = new Set<unknown>(literals)
        return (value) => allowed.has(value)
      }
      // Stryker restore all
      const members = ast.types.map((member) => compile(of, member))
      return (value) => {
        // Stryker disable next-line EqualityOperator,OptionalChaining: beyond the last there is none
        for (let index = 0; index < members.length; index++) if (members[index]?.(value) === true) return true
        return false
      }
    }
    case "TupleType": {
      const [element, ...others] = ast.rest
      if (element === undefined || others.length > 0 || ast.elements.length > 0) {
        return refusePart(of, "a tuple with elements")
      }
      const each = compile(of, element.type)
      return (value) => Array.isArray(value) && value.every(each)
    }
    case "TypeLiteral": {
      const [values, ...others] = ast.indexSignatures
      if (values !== undefined) {
        if (others.length > 0 || ast.propertySignatures.length > 0) return refusePart(of, "a record with properties")
        return compileValues(of, values)
      }
      const properties = ast.propertySignatures.map((property) => ({
        name: String(property.name),
        optional: property.isOptional,
        is: compile(of, property.type),
      }))
      return (value) => {
        if (!isRecord(value)) return false
        // Stryker disable next-line EqualityOperator: beyond the last there is none
        for (let index = 0; index < properties.length; index++) {
          const property = properties[index]
          // Stryker disable next-line ConditionalExpression: there is one at every index
          if (property === undefined) continue
          const field = value[property.name]
          if (field === undefined ? !property.optional : !property.is(field)) return false
        }
        return true
      }
    }
    // The conditions of a refinement are checked where a payload is decoded.
    case "Refinement":
      return compile(of, ast.from)
    default:
      return refusePart(of, ast._tag)
  }
}

/** The guard of an event type's payload. Throws where the schema has a part that it does not know, with the part's name. */
export const guardOf = (type: string, schema: Schema.Schema.AnyNoContext): Guard => compile(type, schema.ast)

const guards: { readonly [T in EventType]?: Guard } = Object.fromEntries(
  Object.entries(events).map(([type, schema]) => [type, guardOf(type, schema)]),
)

/** Whether a payload fits its type's schema, as far as rules read it. */
export const isPayload = <T extends EventType>(type: T, payload: unknown): payload is PayloadOf<T> =>
  guards[type]?.(payload) ?? false
