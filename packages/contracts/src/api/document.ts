/** Completes the derived OpenAPI 3.1 document: which routes need a token, how schemas are written, and the components of events. */
import { eventComponent, eventComponents } from "./eventComponents.js"
import { componentExamples } from "./examples.js"

/** Paths of the web page's sign-in: they need no token, and are called by the server's own page alone. */
export const signInPaths: readonly string[] = ["/v1/page/exchange", "/v1/page/challenges", "/v1/page/tokens"]

/** Paths that need no token, besides those under `/assets/`. */
export const publicPaths: readonly string[] = ["/", "/docs", "/openapi.json", "/livez", ...signInPaths]

/** Schemas of decode errors that the derivation adds. They are left out, because such an error is answered as a problem. */
const foreign: ReadonlySet<string> = new Set(["HttpApiDecodeError", "Issue", "PropertyKey"])

interface Fields {
  readonly [name: string]: unknown
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})

const mapFields = (fields: Fields, f: (value: unknown, name: string) => unknown): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, f(value, name)]))

/** A schema as OpenAPI 3.1 has it: a description stands beside its reference, and no schema has an `$id`. */
const tidy = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(tidy)
  if (!isFields(value)) return value
  const { $id, allOf, ...rest } = value
  const [only, ...others] = Array.isArray(allOf) ? allOf : []
  const alone = others.length === 0 && isFields(only) && "$ref" in only
  return {
    ...(alone ? only : {}),
    ...mapFields(rest, tidy),
    ...(alone || allOf === undefined ? {} : { allOf: tidy(allOf) }),
  }
}

const prefix = "#/components/schemas/"

/** The components that a part of the document refers to. */
const referred = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(referred)
  if (!isFields(value)) return []
  const { $ref } = value
  return [
    ...(typeof $ref === "string" && $ref.startsWith(prefix) ? [$ref.slice(prefix.length)] : []),
    ...Object.values(value).flatMap(referred),
  ]
}

/** The components that `roots` reach, directly or through others. */
const reached = (roots: readonly string[], schemas: Fields): ReadonlySet<string> => {
  const found = new Set<string>()
  const waiting = [...roots]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue
    found.add(next)
    waiting.push(...referred(schemas[next]))
  }
  return found
}

/** An answer may grow: a reader skips the fields that it does not know. */
const open = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(open)
  if (!isFields(value)) return value
  const { additionalProperties, ...rest } = value
  return {
    ...mapFields(rest, open),
    ...(additionalProperties === undefined || additionalProperties === false
      ? {}
      : { additionalProperties: open(additionalProperties) }),
  }
}

/** Lenient bodies: a field that is not known is reported and does not refuse the body. */
const lenient: ReadonlySet<string> = new Set(["ProviderEvents"])

/** The parts of an operation that are sent, and refused where they have a field that is not known. */
const strictBodies = (paths: Fields): readonly string[] =>
  Object.values(paths)
    .flatMap((item) => Object.values(fieldsOf(item)))
    .flatMap((operation) => referred(fieldsOf(operation).requestBody))
    .filter((name) => !lenient.has(name))

/** The document, each operation with its security, each component in its final shape. */
export const openApiDocument = (document: Fields): Fields => {
  const derived = fieldsOf(tidy(fieldsOf(fieldsOf(document.components).schemas)))
  const event = eventComponent(fieldsOf(fieldsOf(derived.Event).properties))
  const schemas: Fields = { ...derived, ...eventComponents, Event: event }
  const paths = fieldsOf(tidy(document.paths))
  const strict = reached(strictBodies(paths), schemas)
  const components = Object.entries(schemas)
    .filter(([name]) => !foreign.has(name))
    .map(([name, schema]) => {
      const examples = componentExamples[name]
      const shown = strict.has(name) ? schema : open(schema)
      return [name, examples === undefined ? shown : { ...fieldsOf(shown), examples }]
    })
  return {
    ...document,
    paths: mapFields(paths, (item, path) =>
      mapFields(fieldsOf(item), (operation) => ({
        ...fieldsOf(operation),
        security: publicPaths.includes(path) ? [] : [{ bearer: [] }],
      })),
    ),
    components: {
      schemas: Object.fromEntries(components),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "The token in the `token` file of the data directory." },
      },
    },
  }
}
