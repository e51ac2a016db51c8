/** The page of the HTTP API, from its OpenAPI document. */
import { code, page, sentence, slug, table } from "./markdown.js"
import { addComponents, type JsonSchema, type Link, typeOf } from "./schemas.js"
import { about, Mentions, mentioned } from "./shapes.js"

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly schema: JsonSchema
  readonly description: string
}

interface Operation {
  readonly tags: readonly string[]
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
}

/** An operation, and where it is. */
interface Route {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

/** An OpenAPI document, as far as the page looks at it. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly tags: readonly { readonly name: string }[]
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

/** Parameters that are explained once: what every read and every list takes. */
const common = [
  "min-sequence",
  "limit",
  "cursor",
  "order",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "Last-Event-ID",
]

/** Problems that every call may meet, or every call that writes: they are explained once. */
const everywhere = new Set([
  "forbidden-host",
  "forbidden-origin",
  "invalid-request",
  "unauthorized",
  "too-many-requests",
  "unavailable",
  "internal",
  "storage-lost",
])

const operations = (document: OpenApiDocument): readonly Route[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method, path, operation })),
  )

/** Where a parameter that many routes take is described. */
const parameterOf = (document: OpenApiDocument, name: string): Parameter => {
  const found = operations(document)
    .flatMap(({ operation }) => operation.parameters ?? [])
    .find((parameter) => parameter.name === name)
  if (found === undefined) throw new Error(`no route takes ${name}`)
  return found
}

/** The bodies of some media types, in words. */
const bodiesOf = (content: Content | undefined, link: Link): string =>
  Object.entries(content ?? {})
    .map(([type, { schema }], index) => `${typeOf(schema, link)}${index === 0 ? "" : ` (${code(type)})`}`)
    .join(" or ")

const problemsOf = (responses: Operation["responses"]): readonly string[] =>
  Object.values(responses).flatMap(({ content, description }) =>
    content?.["application/problem+json"] === undefined
      ? []
      : [...description.matchAll(/`([a-z-]+)`:/g)]
          .map(([, found = ""]) => found)
          .filter((each) => !everywhere.has(each)),
  )

const operation = (
  { method, path, operation: { description, parameters = [], requestBody, responses } }: Route,
  link: Link,
): readonly string[] => {
  const own = parameters.filter(({ name }) => !common.includes(name))
  const shared = parameters.filter(({ name }) => common.includes(name)).map(({ name }) => code(name))
  const good = Object.entries(responses).filter(([status]) => Number(status) < 300)
  const content = good[0]?.[1].content
  const refused = problemsOf(responses)
  return [
    `### ${method.toUpperCase()} ${path}`,
    "",
    sentence(description ?? ""),
    "",
    ...(requestBody === undefined
      ? []
      : [`Body${requestBody.required ? "" : ", may be left out"}: ${bodiesOf(requestBody.content, link)}.`, ""]),
    `Answers ${good.map(([status]) => status).join(" or ")}${content === undefined ? ", without a body" : ` with ${bodiesOf(content, link)}`}.`,
    "",
    ...(shared.length === 0 ? [] : [`Takes ${shared.join(", ")}.`, ""]),
    ...table(
      ["Parameter", "In", "Type", "Meaning"],
      own.map(({ name, in: place, required, schema, description: meaning }) => [
        `${code(name)}${required ? "" : " (optional)"}`,
        place,
        typeOf(schema, link),
        meaning,
      ]),
    ),
    ...(refused.length === 0 ? [] : [`Problems of its own: ${refused.map(code).join(", ")}.`, ""]),
  ]
}

/** The page. `document`: the OpenAPI document; `publicPaths`: what needs no token. */
export const httpPage = (document: OpenApiDocument, publicPaths: readonly string[]): string => {
  const mentions = new Mentions("http.md")
  addComponents(document.components.schemas)
  const routes = document.tags.flatMap(({ name }) => [
    `## ${name}`,
    "",
    ...operations(document)
      .filter(({ operation: { tags } }) => tags.includes(name))
      .flatMap((one) => operation(one, mentions.link)),
  ])
  return page(
    "HTTP API",
    "Send `Authorization: Bearer <token>` with every call; the token is in the `token` file of the data directory. Only",
    `${publicPaths.map(code).join(", ")} and \`/assets/*\` need none.`,
    "",
    "The same as an OpenAPI 3.1 document: [openapi.json](openapi.json), which a running server also gives at `/openapi.json`,",
    "and for reading at `/docs`. Errors are [problems](problems.md).",
    "",
    "- Every read carries a `Sequence` header: the sequence of the log that the answer is true for.",
    "- Single resources carry an `ETag` and take `If-None-Match`.",
    "- Commands answer 202 once they are durable; what follows from them is on its way.",
    "- Lists are pages: `items`, and `next` and `previous`, which are opaque cursors or null.",
    "",
    "Parameters that many routes take:",
    "",
    ...table(
      ["Parameter", "Meaning"],
      common.map((name) => {
        const { description, in: place } = parameterOf(document, name)
        return [code(name), place === "header" ? `Header. ${description}` : description]
      }),
    ),
    `Problems that every call may answer with: ${[...everywhere].map(code).join(", ")}.`,
    "",
    `Routes by group: ${document.tags.map(({ name }) => `[${name}](#${slug(name)})`).join(", ")}.`,
    "",
    ...routes,
    "## Bodies",
    "",
    ...["StreamSynced", "StreamReset", "StreamOverflow"].flatMap((name) => [
      `### ${name}`,
      "",
      ...about(name, mentions.link),
    ]),
    ...mentioned(mentions, "###"),
  )
}
