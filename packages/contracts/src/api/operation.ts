/** The parts of a route in the OpenAPI document beside its parameters and bodies: problems, headers and streams. */
import * as OpenApi from "@effect/platform/OpenApi"
import { type ProblemSlug, problems } from "./Problem.js"
import { commandCall } from "./problemSets.js"

/** Headers of answers. */
const headers = {
  Sequence: { type: "integer", description: "Sequence of the log that the answer is true for." },
  ETag: {
    type: "string",
    description: "Version of the resource: send it as `If-None-Match`, or as `If-Match` of a command.",
  },
  Link: {
    type: "string",
    description: 'Of an answer as lines or as CSV: paths of the pages beside it, `rel="next"` and `rel="prev"`.',
  },
  Location: { type: "string", description: "Path of what the call made." },
  "Retry-After": { type: "integer", description: "After how many seconds the same call may be tried again." },
  "WWW-Authenticate": { type: "string", description: "`Bearer`: the scheme of the token." },
} as const

export type AnswerHeader = keyof typeof headers

/** Headers of calls that no handler decodes. */
const callHeaders = {
  "If-None-Match": "The `ETag` that was read: while it is still that version the answer is 304, without a body.",
  "Last-Event-ID": "Of a stream: the `id` of the last event that came. It wins over `after`.",
} as const

export interface OperationFacts {
  /** The problems that it can answer with, and no others. */
  readonly problems: readonly ProblemSlug[]
  /** Headers of its successful answer. */
  readonly headers?: readonly AnswerHeader[]
  /** Headers that it looks at. */
  readonly takes?: readonly (keyof typeof callHeaders)[]
  /** Other media types of the successful answer: media type → component. */
  readonly alsoAnswers?: Readonly<Record<string, string>>
  /** Other media types of the body: media type → component. */
  readonly alsoTakes?: Readonly<Record<string, string>>
  /** True: the body may be left out. */
  readonly bodyOptional?: true
}

interface Content {
  readonly [mediaType: string]: unknown
}

interface Parameter {
  readonly name: string
  readonly in: string
}

interface Response {
  readonly description: string
  readonly content?: Content
}

/** What the derivation of the document makes of a route, as far as it is looked at here. */
interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses?: { readonly [status: string]: Response }
}

const reference = (component: string) => ({ schema: { $ref: `#/components/schemas/${component}` } })

const media = (types: Readonly<Record<string, string>> = {}): Content =>
  Object.fromEntries(Object.entries(types).map(([type, component]) => [type, reference(component)]))

const headersOf = (names: readonly AnswerHeader[]) =>
  Object.fromEntries(
    names.map((name) => {
      const { description, type } = headers[name]
      return [name, { description, schema: { type } }]
    }),
  )

/** The answers with problems, one a status: each names the problems that it may be. */
const refusals = (slugs: readonly ProblemSlug[]) => {
  const statuses = [...new Set(slugs.map((slug) => problems[slug].status))].sort((a, b) => a - b)
  return Object.fromEntries(
    statuses.map((status) => {
      const own = slugs.filter((slug) => problems[slug].status === status).sort()
      const extra: readonly AnswerHeader[] =
        status === 429 ? ["Retry-After"] : status === 401 ? ["WWW-Authenticate"] : []
      return [
        String(status),
        {
          description: own.map((slug) => `\`${slug}\`: ${problems[slug].title}.`).join(" "),
          ...(extra.length === 0 ? {} : { headers: headersOf(extra) }),
          content: { "application/problem+json": reference("ProblemDetails") },
        },
      ]
    }),
  )
}

/** `if-match` → `If-Match`, as the field is written. */
const fieldName = (name: string): string => name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())

const parametersOf = (parameters: readonly Parameter[] = [], takes: OperationFacts["takes"] = []) => [
  ...parameters.map((parameter) =>
    parameter.in === "header" ? { ...parameter, name: fieldName(parameter.name) } : parameter,
  ),
  ...takes.map((name) => ({
    name,
    in: "header",
    required: false,
    schema: { type: "string" },
    description: callHeaders[name],
  })),
]

const bodyOf = ({ requestBody }: Operation, { alsoTakes, bodyOptional }: OperationFacts) =>
  requestBody === undefined
    ? {}
    : {
        requestBody: {
          ...requestBody,
          required: bodyOptional !== true,
          content: { ...requestBody.content, ...media(alsoTakes) },
        },
      }

const answersOf = ({ responses = {} }: Operation, { alsoAnswers, headers: names = [], takes }: OperationFacts) => {
  const named = names.length === 0 ? {} : { headers: headersOf(names) }
  const good = Object.entries(responses)
    .filter(([status]) => Number(status) < 400)
    .map(([status, response]) => [
      status,
      { ...response, ...named, content: { ...response.content, ...media(alsoAnswers) } },
    ])
  const unchanged = { "304": { description: "It is still the version that `If-None-Match` names.", ...named } }
  return { ...Object.fromEntries(good), ...(takes?.includes("If-None-Match") === true ? unchanged : {}) }
}

const operationOf = (facts: OperationFacts) => (operation: Operation) => ({
  ...operation,
  parameters: parametersOf(operation.parameters, facts.takes),
  ...bodyOf(operation, facts),
  responses: { ...answersOf(operation, facts), ...refusals(facts.problems) },
})

/** Describes a route; the first sentence is the summary. */
export const described = (description: string, facts: OperationFacts) =>
  OpenApi.annotations({ description, summary: description.split(". ")[0] ?? "", transform: operationOf(facts) })

/** A command: what it answers, beside the problems that every command may meet. */
export const command = (
  refusals: readonly ProblemSlug[],
  more: Pick<OperationFacts, "bodyOptional"> = {},
): OperationFacts => ({ problems: [...commandCall, ...refusals], headers: ["Sequence", "Location"], ...more })

/** A route that reads one thing which has a version. */
export const resourceRead = (slugs: readonly ProblemSlug[]): OperationFacts => ({
  problems: slugs,
  headers: ["Sequence", "ETag"],
  takes: ["If-None-Match"],
})

/** A route that reads what has none. */
export const read = (slugs: readonly ProblemSlug[]): OperationFacts => ({ problems: slugs, headers: ["Sequence"] })

/** A route that reads a page of a list: by `Accept` also as lines of JSON, or as CSV, whose cursors are in `Link`. */
export const listRead = (slugs: readonly ProblemSlug[]): OperationFacts => ({
  problems: slugs,
  headers: ["Sequence", "Link"],
  alsoAnswers: { "application/x-ndjson": "EntryLines", "text/csv": "EntryTable" },
})

/** A route that reads a page of events, or a stream of them. */
export const eventRead = (slugs: readonly ProblemSlug[]): OperationFacts => ({
  ...read(slugs),
  takes: ["Last-Event-ID"],
  alsoAnswers: { "text/event-stream": "EventStream" },
})
