/** What the derivation of the OpenAPI 3.1 document cannot know: who needs a token, and what an error looks like. */

/** Paths that need no token, besides those under `/assets/`. */
export const publicPaths: readonly string[] = ["/", "/docs", "/openapi.json", "/livez"]

/** Schemas by which the derivation describes decode errors of its own; ours are problems like all others. */
const foreign: ReadonlySet<string> = new Set(["HttpApiDecodeError", "Issue", "PropertyKey"])

type Fields<A> = Readonly<Record<string, A>>

const mapFields = <A, B>(fields: Fields<A>, f: (value: A, name: string) => B): Fields<B> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, f(value, name)]))

interface Response {
  readonly description: string
}

interface Operation {
  readonly responses: Fields<Response>
}

const asProblem = (response: Response, status: string): unknown =>
  Number(status) < 400
    ? response
    : {
        description: response.description,
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/ProblemDetails" } } },
      }

/** The paths of the document, each operation with its security and with problems as its errors. */
export const documentPaths = (paths: Fields<Fields<Operation>>): Fields<Fields<unknown>> =>
  mapFields(paths, (item, path) =>
    mapFields(item, (operation) => ({
      ...operation,
      security: publicPaths.includes(path) ? [] : [{ bearer: [] }],
      responses: mapFields(operation.responses, asProblem),
    })),
  )

/** The components of the document, without what nothing refers to any more. */
export const documentComponents = (schemas: Fields<unknown>): Fields<unknown> => ({
  schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => !foreign.has(name))),
  securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
})
