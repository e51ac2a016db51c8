/**
 * How a shape is declared: every field once, with its meaning and its unit. Rows, columns, views, bodies, the OpenAPI
 * document and the reference take both from here.
 *
 * The meaning is an annotation of the field, never of its type: an error of a decoder still names the type.
 */
import { SchemaAST as AST, Option, Predicate, Schema } from "effect"

/** `ThreadDetail` → `Thread detail`. */
export const titleOf = (identifier: string): string => {
  const [first = "", ...rest] = identifier.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+/g) ?? []
  return [first, ...rest.map((word) => (/^[A-Z]+$/.test(word) ? word : word.toLowerCase()))].join(" ")
}

/** The name of a component, which stays when a schema is annotated anew (an identifier does not). */
const named = (identifier: string) => ({ [AST.JSONIdentifierAnnotationId]: identifier, title: titleOf(identifier) })

/** An object with a name: a component of the OpenAPI document and a heading of the reference. */
export const shape = <Fields extends Schema.Struct.Fields>(
  identifier: string,
  description: string,
  fields: Fields,
): Schema.Struct<Fields> => Schema.Struct(fields).annotations({ ...named(identifier), identifier, description })

/** A JSON schema with a name. An error of a decoder still names the type: the name is that of the JSON schema alone. */
export const namedJson = (identifier: string, description: string, schema: object) => ({
  [AST.JSONIdentifierAnnotationId]: identifier,
  jsonSchema: { ...schema, title: titleOf(identifier), description },
})

/** A closed list of words with a name. */
export const listed = <const Words extends readonly [string, ...string[]]>(
  identifier: string,
  description: string,
  ...words: Words
): Schema.Literal<[...Words]> =>
  Schema.Literal<[...Words]>(...words).annotations(namedJson(identifier, description, { type: "string", enum: words }))

/** The list in an answer: a later version may have another word, so that a reader takes any text. */
export const growing = (list: Schema.Schema.Any): typeof Schema.String =>
  Schema.String.annotations({
    ...Option.match(AST.getJSONIdentifierAnnotation(list.ast), {
      onNone: () => ({}),
      onSome: (identifier) => ({ [AST.JSONIdentifierAnnotationId]: identifier }),
    }),
    ...Option.match(AST.getJSONSchemaAnnotation(list.ast), {
      onNone: () => ({}),
      onSome: (jsonSchema) => ({ jsonSchema }),
    }),
  })

/** A field that is always there. */
export const field = <S extends Schema.Schema.All>(schema: S, description: string): Schema.propertySignature<S> =>
  Schema.propertySignature(schema).annotations({ description })

/** The field whose word says which object an object of a later version is. */
export const laterWord = field(Schema.String, "Which one it is: a word that this version does not know.")

/**
 * Objects in an answer that a word in one field tells apart: a later version may have another word, so that a reader takes an object of
 * any, with all its fields.
 */
export const growingUnion = <A, I, Fields extends Readonly<Record<string, typeof laterWord>>>(
  known: Schema.Schema<A, I>,
  identifier: string,
  description: string,
  fields: Fields,
) =>
  Schema.Union(
    known,
    Schema.Struct(fields, Schema.Record({ key: Schema.String, value: Schema.Unknown })).annotations({
      ...named(identifier),
      identifier,
      description,
    }),
  )

/**
 * Values by names that nobody chose for us, in an answer: taken as they are. `Schema.Record` makes another object and assigns its members,
 * so that one of the name `__proto__` is lost.
 */
export const byName = <A>(value: Schema.Schema<A>): Schema.Schema<{ readonly [name: string]: A }> => {
  const is = Schema.is(value)
  return Schema.declare(
    (input): input is { readonly [name: string]: A } =>
      Predicate.isReadonlyRecord(input) && Object.values(input).every((member) => is(member)),
    { description: "values by names", [AST.SurrogateAnnotationId]: Schema.Record({ key: Schema.String, value }).ast },
  )
}

/** A field of an answer that a later version added: an older server does not send it, and a reader takes the default then. */
export const later = <A, I>(schema: Schema.Schema<A, I>, orElse: () => NoInfer<A>, description: string) =>
  Schema.optionalWith(schema, { default: orElse }).annotations({ description })

/** A field that may be left out. */
export const optional = <S extends Schema.Schema.All>(schema: S, description: string): Schema.optional<S> =>
  Schema.optional(schema).annotations({ description })

/** A field that may be left out or sent as null; both mean "not known". */
export const maybe = <S extends Schema.Schema.Any>(schema: S, description: string): Schema.optional<Schema.NullOr<S>> =>
  Schema.optional(Schema.NullOr(schema)).annotations({ description })

/** A number that is whole. Only the JSON schema says so; decoders take any number, as they did before. */
export const Whole = Schema.Number.annotations({ jsonSchema: { type: "integer" } })

export const text = (description: string) => field(Schema.String, description)
export const optText = (description: string) => field(Schema.NullOr(Schema.String), description)
export const int = (description: string) => field(Whole, description)
export const optInt = (description: string) => field(Schema.NullOr(Whole), description)
/** A time, ms since the epoch: the clock of a source may have fractions. */
export const time = (description: string) => field(Schema.Number, `${description}, ms since the epoch.`)
export const optTime = (description: string, none: string) =>
  field(Schema.NullOr(Schema.Number), `${description}, ms since the epoch; null: ${none}.`)
export const flag = (description: string) => field(Schema.Boolean, description)
/** Any JSON, null included. */
export const json = (description: string) => field(Schema.Unknown, description)

/** What a field means. */
export const meaningOf = (signature: Schema.PropertySignature.All): string =>
  signature.ast._tag === "PropertySignatureDeclaration"
    ? Option.getOrElse(AST.getDescriptionAnnotation(signature.ast), () => "")
    : ""

/** The field with the same meaning and another type. */
export const retyped = <S extends Schema.Schema.All>(
  signature: Schema.PropertySignature.All,
  schema: S,
): Schema.propertySignature<S> => field(schema, meaningOf(signature))

/** One value of a filter, or several. */
export type Values<A extends string = string> = A | readonly A[]

/** All values of a filter; undefined: it is not set. */
export const valuesOf = <A extends string>(values: Values<A> | undefined): readonly A[] | undefined =>
  typeof values === "string" ? [values] : values
