/**
 * Type guards compiled from the payload schemas. Stored rows are parsed, not decoded (docs/architecture.md): these plain
 * functions let a rule read a payload without a cast and without a Schema decode per event. They look at the
 * properties the schema names and let every other one pass. Every event goes through one: no iterator, no closure per call.
 */
import { type EventType, events, type PayloadOf } from "@threadfold/contracts"
import { SchemaAST as AST } from "effect"

type Guard = (value: unknown) => boolean

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const always: Guard = () => true

const compile = (ast: AST.AST): Guard => {
  switch (ast._tag) {
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
      const element = ast.rest[0]
      const each = element === undefined ? always : compile(element.type)
      return (value) => Array.isArray(value) && value.every(each)
    }
    case "TypeLiteral": {
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
    case "Refinement":
      return compile(ast.from)
    case "Suspend":
      return compile(ast.f())
    default:
      return always
  }
}

const guards: { readonly [T in EventType]?: Guard } = Object.fromEntries(
  Object.entries(events).map(([type, schema]) => [type, compile(schema.ast)]),
)

/** Whether a payload is what its type's schema says, as far as rules read it. */
export const isPayload = <T extends EventType>(type: T, payload: unknown): payload is PayloadOf<T> =>
  guards[type]?.(payload) ?? false
