/**
 * The schemas of the built `contracts` as JSON Schema: what the reference says of a shape comes from the same annotations as the
 * OpenAPI document.
 */
import { createRequire } from "node:module"
import { join } from "node:path"
import { root } from "../tools.mjs"

const { JSONSchema } = createRequire(join(root, "packages", "contracts", "package.json"))("effect")

const prefix = "#/"

/** Named schemas by their name, as they were met: those that the pages are about, and those that they refer to. */
const definitions = {}

const isRef = (value) => value?.$ref !== undefined

/** The schema of a property, without the wrapping of a reference that is described where it stands. */
const unwrapped = (schema) => {
  const { allOf, ...rest } = schema
  return allOf?.length === 1 && isRef(allOf[0]) ? { ...rest, ...allOf[0] } : schema
}

/** The name of a schema of the package; it is a definition from now on. */
export const nameOf = (schema) => {
  const made = JSONSchema.fromAST(schema.ast, { definitions, definitionPath: prefix, target: "jsonSchema2020-12" })
  if (!isRef(made)) throw new Error(`a schema has no name: ${JSON.stringify(made).slice(0, 200)}`)
  return made.$ref.slice(prefix.length)
}

/** Takes the components of an OpenAPI document as definitions, so that its routes can refer to them. */
export const addComponents = (components) => {
  for (const [name, schema] of Object.entries(components)) {
    definitions[name] ??= JSON.parse(JSON.stringify(schema).replaceAll("#/components/schemas/", prefix))
  }
}

/** A definition by its name. */
export const definition = (name) => {
  const found = definitions[name]
  if (found === undefined) throw new Error(`there is no schema ${name}`)
  return found
}

const range = (least, most) =>
  least === undefined
    ? most === undefined
      ? null
      : `at most ${most.toLocaleString("en-US")}`
    : most === undefined
      ? `from ${least.toLocaleString("en-US")}`
      : `${least.toLocaleString("en-US")} to ${most.toLocaleString("en-US")}`

const bounded = (what, least, most, unit = "") => {
  const said = range(least, most)
  return said === null ? what : `${what}, ${said}${unit}`
}

/** A UUIDv7, whose pattern says less to a person than its name. */
const uuidV7 = /-7\[0-9a-f\]\{3\}-/

const ofType = (schema, link) => {
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
export const typeOf = (said, link) => {
  const schema = unwrapped(said)
  if (isRef(schema)) return link(schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1))
  if (schema.enum !== undefined) return schema.enum.map((each) => `\`${JSON.stringify(each)}\``).join(" or ")
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => typeOf(each, link)).join(" or ")
  return ofType(schema, link)
}

/** The fields of an object, `{ name, type, optional, meaning }`; null where the schema is no object of fields. */
export const fieldsOf = (schema, link) =>
  schema.properties === undefined
    ? null
    : Object.entries(schema.properties).map(([name, property]) => ({
        name,
        type: typeOf(property, link),
        optional: !(schema.required ?? []).includes(name),
        meaning: property.description ?? "",
      }))

/** The named schemas that some refer to, and those that these refer to, without themselves; sorted. */
export const referredBy = (names) => {
  const found = new Set()
  const visit = (name) =>
    typesIn(definition(name)).forEach((each) => {
      if (found.has(each) || names.includes(each)) return
      found.add(each)
      visit(each)
    })
  names.forEach(visit)
  return [...found].sort()
}

/** The names that a schema refers to. */
const typesIn = (schema) => [...JSON.stringify(schema).matchAll(/"\$ref":"[^"]*\/(\w+)"/g)].map(([, name]) => name)
