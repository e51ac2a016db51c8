/**
 * The schemas of the built `contracts` as JSON Schema: what the reference says of a shape comes from the same annotations as the
 * OpenAPI document.
 */
import { createRequire } from "node:module"
import { join } from "node:path"
import { root } from "../tools.mjs"

/** A JSON schema, as far as the pages look at it. */
export interface JsonSchema {
  readonly $ref?: string
  readonly allOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly enum?: readonly unknown[]
  readonly type?: string
  readonly description?: string
  readonly pattern?: string
  readonly items?: JsonSchema
  readonly prefixItems?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
}

/** A schema of the package. */
export interface NamedSchema {
  readonly ast: unknown
}

/** Called for every named schema; gives the link to where it is described. */
export type Link = (name: string) => string

/** What is used of the library that the package is built with: no script has it installed. */
interface Library {
  readonly JSONSchema: { readonly fromAST: (ast: unknown, options: object) => JsonSchema }
}
const { JSONSchema }: Library = createRequire(join(root, "packages", "contracts", "package.json"))("effect")

const prefix = "#/"

/** Named schemas by their name, as they were met: those that the pages are about, and those that they refer to. */
const definitions: Record<string, JsonSchema> = {}

const isRef = (value: JsonSchema | undefined): value is JsonSchema & { readonly $ref: string } =>
  value?.$ref !== undefined

/** The schema of a property, without the wrapping of a reference that is described where it stands. */
const unwrapped = (schema: JsonSchema): JsonSchema => {
  const { allOf = [], ...rest } = schema
  const [only, ...others] = allOf
  return others.length === 0 && isRef(only) ? { ...rest, ...only } : schema
}

/** The name of a schema of the package; it is a definition from now on. */
export const nameOf = (schema: NamedSchema): string => {
  const made = JSONSchema.fromAST(schema.ast, { definitions, definitionPath: prefix, target: "jsonSchema2020-12" })
  if (!isRef(made)) throw new Error(`a schema has no name: ${JSON.stringify(made).slice(0, 200)}`)
  return made.$ref.slice(prefix.length)
}

/** Takes the components of an OpenAPI document as definitions, so that its routes can refer to them. */
export const addComponents = (components: Readonly<Record<string, JsonSchema>>): void => {
  for (const [name, schema] of Object.entries(components)) {
    definitions[name] ??= JSON.parse(JSON.stringify(schema).replaceAll("#/components/schemas/", prefix))
  }
}

/** A definition by its name. */
export const definition = (name: string): JsonSchema => {
  const found = definitions[name]
  if (found === undefined) throw new Error(`there is no schema ${name}`)
  return found
}

const range = (least?: number, most?: number): string | null =>
  least === undefined
    ? most === undefined
      ? null
      : `at most ${most.toLocaleString("en-US")}`
    : most === undefined
      ? `from ${least.toLocaleString("en-US")}`
      : `${least.toLocaleString("en-US")} to ${most.toLocaleString("en-US")}`

const bounded = (what: string, least?: number, most?: number, unit = ""): string => {
  const said = range(least, most)
  return said === null ? what : `${what}, ${said}${unit}`
}

/** A UUIDv7, whose pattern says less to a person than its name. */
const uuidV7 = /-7\[0-9a-f\]\{3\}-/

const ofType = (schema: JsonSchema, link: Link): string => {
  switch (schema.type) {
    case "array":
      return schema.prefixItems === undefined
        ? bounded(`array of ${typeOf(schema.items ?? {}, link)}`, schema.minItems, schema.maxItems, " entries")
        : `[${schema.prefixItems.map((item) => typeOf(item, link)).join(", ")}]`
    case "object":
      return typeof schema.additionalProperties === "object"
        ? `object of name → ${typeOf(schema.additionalProperties, link)}`
        : "object"
    case "string":
      return uuidV7.test(schema.pattern ?? "")
        ? "UUIDv7"
        : bounded("string", schema.minLength, schema.maxLength, " characters")
    case "number":
    case "integer":
      return bounded(schema.type, schema.minimum, schema.maximum)
    case undefined:
      return "any JSON"
    default:
      return schema.type
  }
}

/** A schema in words. `link(name)` is called for every named schema. */
export const typeOf = (said: JsonSchema, link: Link): string => {
  const schema = unwrapped(said)
  if (isRef(schema)) return link(schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1))
  if (schema.enum !== undefined) return schema.enum.map((each) => `\`${JSON.stringify(each)}\``).join(" or ")
  const { allOf, anyOf, oneOf } = schema
  const either = anyOf ?? oneOf
  if (either !== undefined) return either.map((each) => typeOf(each, link)).join(" or ")
  if (allOf !== undefined)
    return allOf
      .filter(isRef)
      .map((each) => typeOf(each, link))
      .join(" and ")
  return ofType(schema, link)
}

/** A field of an object. */
export interface Field {
  readonly name: string
  readonly type: string
  readonly optional: boolean
  readonly meaning: string
}

/** The fields of an object; null where the schema is no object of fields. */
export const fieldsOf = (schema: JsonSchema, link: Link): readonly Field[] | null =>
  schema.properties === undefined
    ? null
    : Object.entries(schema.properties).map(([name, property]) => ({
        name,
        type: typeOf(property, link),
        optional: !(schema.required ?? []).includes(name),
        meaning: property.description ?? "",
      }))

/** The named schemas that some refer to, and those that these refer to, without themselves; sorted. */
export const referredBy = (names: readonly string[]): readonly string[] => {
  const found = new Set<string>()
  const visit = (name: string): void => {
    for (const each of typesIn(definition(name))) {
      if (found.has(each) || names.includes(each)) continue
      found.add(each)
      visit(each)
    }
  }
  for (const name of names) visit(name)
  return [...found].sort()
}

/** The names that a schema refers to. */
const typesIn = (schema: JsonSchema): readonly string[] =>
  [...JSON.stringify(schema).matchAll(/"\$ref":"[^"]*\/(\w+)"/g)].map(([, name = ""]) => name)
