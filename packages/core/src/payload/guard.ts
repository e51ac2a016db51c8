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

/** A schema has a part that no guard can be made of. Thrown when the module is loaded: a rule must not read such a payload. */
class UnknownPart extends Error {
  constructor(part: string) {
    super(part)
    this.name = "UnknownPart"
  }
}

/** Each value of a record that its index signature names. */
const compileValues = ({ parameter, type }: AST.IndexSignature): Guard => {
  if (parameter._tag !== "StringKeyword") throw new UnknownPart(`a record by ${parameter._tag}`)
  const is = compile(type)
  return (value) => {
    if (!isRecord(value)) return false
    for (const key in value) if (Object.hasOwn(value, key) && !is(value[key])) return false
    return true
  }
}

const compile = (ast: AST.AST): Guard => {
  switch (ast._tag) {
    case "UnknownKeyword":
      return always
    case "StringKeyword":
      return (value) => typeof value === "string"
    case "NumberKeyword":
      return (value) => typeof value === "number"
    case "BooleanKeyword":
      return (value) => typeof value === "boolean"
    case "UndefinedKeyword":
      return (value) => value === undefined
    case "Literal": {
      const literal = ast.literal
      return (value) => value === literal
    }
    case "Union": {
      const literals = ast.types.flatMap((type) => (AST.isLiteral(type) ? [type.literal] : []))
      if (literals.length === ast.types.length) {
        const allowed = new Set<unknown>(literals)
        return (value) => allowed.has(value)
      }
      const members = ast.types.map(compile)
      return (value) => {
        for (let index = 0; index < members.length; index++) if (members[index]?.(value) === true) return true
        return false
      }
    }
    case "TupleType": {
      const [element, ...others] = ast.rest
      if (element === undefined || others.length > 0 || ast.elements.length > 0) {
        throw new UnknownPart("a tuple with elements")
      }
      const each = compile(element.type)
      return (value) => Array.isArray(value) && value.every(each)
    }
    case "TypeLiteral": {
      const [values, ...others] = ast.indexSignatures
      if (values !== undefined) {
        if (others.length > 0 || ast.propertySignatures.length > 0) throw new UnknownPart("a record with properties")
        return compileValues(values)
      }
      const properties = ast.propertySignatures.map((property) => ({
        name: String(property.name),
        optional: property.isOptional,
        is: compile(property.type),
      }))
      return (value) => {
        if (!isRecord(value)) return false
        for (let index = 0; index < properties.length; index++) {
          const property = properties[index]
          if (property === undefined) continue
          const field = value[property.name]
          if (field === undefined ? !property.optional : !property.is(field)) return false
        }
        return true
      }
    }
    // The conditions of a refinement are checked where a payload is decoded.
    case "Refinement":
      return compile(ast.from)
    default:
      throw new UnknownPart(ast._tag)
  }
}

/** The guard of an event type's payload. Throws where the schema has a part that it does not know, with the part's name. */
export const guardOf = (type: string, schema: Schema.Schema.AnyNoContext): Guard => {
  try {
    return compile(schema.ast)
  } catch (error) {
    if (!(error instanceof UnknownPart)) throw error
    throw new Error(`The payload of ${type} has a part that no guard can be made of: ${error.message}.`)
  }
}

const guards: { readonly [T in EventType]?: Guard } = Object.fromEntries(
  Object.entries(events).map(([type, schema]) => [type, guardOf(type, schema)]),
)

/** Whether a payload fits its type's schema, as far as rules read it. */
export const isPayload = <T extends EventType>(type: T, payload: unknown): payload is PayloadOf<T> =>
  guards[type]?.(payload) ?? false
