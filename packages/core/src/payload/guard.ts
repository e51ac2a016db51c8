/**
 * Type guards compiled from schemas. Stored rows are parsed, not decoded (docs/architecture.md): these plain
 * functions let a rule read a payload without a cast and without a Schema decode per event. They look at the
 * properties the schema names and let every other one pass. Every event goes through one: no iterator, no closure per call.
 * Exact guards spare what comes from outside a decode, too, where it is as the schema says.
 */
import { type EventType, events, type PayloadOf } from "@threadfold/contracts"
import { SchemaAST as AST, Option, type Schema } from "effect"

type Guard = (value: unknown) => boolean

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const always: Guard = () => true

/** Fails where no guard can be made of a part. Called when the module is loaded: a rule must not read such a payload. */
const refusePart = (type: string, part: string): never => {
  throw new Error(`The payload of ${type} has a part that no guard can be made of: ${part}.`)
}

/**
 * How a guard looks: `stored` checks neither the conditions of refinements nor what an object has beside its schema's properties,
 * because both were checked where the payload was decoded; `exact` checks both.
 */
type Strictness = "stored" | "exact"

/** Each value of a record that its index signature names. */
const compileValues = (of: string, { parameter, type }: AST.IndexSignature, strictness: Strictness): Guard => {
  if (parameter._tag !== "StringKeyword") return refusePart(of, `a record by ${parameter._tag}`)
  const is = compile(of, type, strictness)
  return (value) => {
    if (!isRecord(value)) return false
    for (const key in value) if (Object.hasOwn(value, key) && !is(value[key])) return false
    return true
  }
}

const compile = (of: string, ast: AST.AST, strictness: Strictness): Guard => {
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
      const members = ast.types.map((member) => compile(of, member, strictness))
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
      const each = compile(of, element.type, strictness)
      return (value) => Array.isArray(value) && value.every(each)
    }
    case "TypeLiteral": {
      const [values, ...others] = ast.indexSignatures
      if (values !== undefined) {
        if (others.length > 0 || ast.propertySignatures.length > 0) return refusePart(of, "a record with properties")
        return compileValues(of, values, strictness)
      }
      const properties = ast.propertySignatures.map((property) => ({
        name: String(property.name),
        optional: property.isOptional,
        is: compile(of, property.type, strictness),
      }))
      const exact = strictness === "exact"
      return (value) => {
        if (!isRecord(value)) return false
        let found = 0
        // Stryker disable next-line EqualityOperator: beyond the last there is none
        for (let index = 0; index < properties.length; index++) {
          const property = properties[index]
          // Stryker disable next-line ConditionalExpression: there is one at every index
          if (property === undefined) continue
          const field = value[property.name]
          if (field === undefined ? !property.optional : !property.is(field)) return false
          if (field !== undefined) found += 1
        }
        return !exact || found === Object.keys(value).length
      }
    }
    case "Refinement": {
      const is = compile(of, ast.from, strictness)
      return strictness === "stored"
        ? is
        : (value) => is(value) && Option.isNone(ast.filter(value, AST.defaultParseOption, ast))
    }
    default:
      return refusePart(of, ast._tag)
  }
}

/** The guard of an event type's payload. Throws where the schema has a part that it does not know, with the part's name. */
export const guardOf = (type: string, schema: Schema.Schema.AnyNoContext): Guard => compile(type, schema.ast, "stored")

/**
 * A guard for what comes from outside: true only for what the schema decodes to itself, with nothing left out. False may also be said of
 * what decodes, so that a decode follows: it says what is wrong, or gives what is left of the value. Throws as {@link guardOf} does.
 */
export const exactGuardOf = <A>(name: string, schema: Schema.Schema<A>): ((value: unknown) => value is A) => {
  const is = compile(name, schema.ast, "exact")
  return (value): value is A => is(value)
}

const guards: { readonly [T in EventType]?: Guard } = Object.fromEntries(
  Object.entries(events).map(([type, schema]) => [type, guardOf(type, schema)]),
)

/** Whether a payload fits its type's schema, as far as rules read it. */
export const isPayload = <T extends EventType>(type: T, payload: unknown): payload is PayloadOf<T> =>
  guards[type]?.(payload) ?? false

/** Made when a type is first seen: few types are pushed. */
const exactGuards = new Map<EventType, Guard>()

/** Whether a payload from outside decodes to itself; false may also be said of one that decodes, see {@link exactGuardOf}. */
export const isExactPayload = (type: EventType, payload: unknown): boolean => {
  let guard = exactGuards.get(type)
  if (guard === undefined) {
    guard = compile(type, events[type].ast, "exact")
    exactGuards.set(type, guard)
  }
  return guard(payload)
}
