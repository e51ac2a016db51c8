/**
 * Reads that are answered at once: the handler of a route runs to its end where the call comes in, without the router, a fiber or a
 * span of its own. Only what succeeds is answered here. A call that would wait, that fails, or that is unusual in any way takes the way of all
 * others, which says what is wrong with it.
 */
import type { IncomingHttpHeaders } from "node:http"
import * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api, unknownIn } from "@threadfold/contracts/api"
import type { LogReader } from "@threadfold/event-log"
import { Chunk, Context, Effect, Exit, Layer, Option, Runtime, Schema } from "effect"

/** What a handler looks at, besides the parameters of its call. */
interface DirectRequest {
  readonly headers: IncomingHttpHeaders
}

type Run = (path: unknown, urlParams: unknown, request: DirectRequest) => HttpServerResponse.HttpServerResponse | null

type Decode = (value: unknown) => Option.Option<unknown>

/** The answer to a read, and the route that gave it, as the API declares it. */
export interface DirectAnswer {
  readonly response: HttpServerResponse.HttpServerResponse
  readonly route: string
}

interface DirectRoute {
  readonly path: string
  readonly pattern: RegExp
  readonly names: readonly string[]
  readonly decodePath: Decode
  readonly params: Schema.Schema.All
  readonly decodeParams: Decode
  readonly run: Run
}

/** What is declared of a route. */
interface Endpoint {
  readonly path: string
  readonly pathSchema: Option.Option<Schema.Schema.All>
  readonly urlParamsSchema: Option.Option<Schema.Schema.All>
}

/** The declared endpoints by group and name. */
const endpoints: ReadonlyMap<string, Endpoint> = (() => {
  const found = new Map<string, Endpoint>()
  HttpApi.reflect(Api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint, group }) => void found.set(`${group.identifier} ${endpoint.name}`, endpoint),
  })
  return found
})()

const nothing = Schema.Struct({})

/** What the API declares needs no service to be decoded. */
const decoderOf = (schema: Option.Option<Schema.Schema.All>): Decode =>
  Schema.decodeUnknownOption(Schema.make<unknown>(Option.getOrElse(schema, () => nothing).ast))

/** Ids are compared as they were sent: a path with anything else in it is decoded on the other way. */
const segment = "([A-Za-z0-9_.-]+)"

const routeOf = (endpoint: Endpoint, run: Run): DirectRoute => {
  const parts = endpoint.path.split("/")
  return {
    path: endpoint.path,
    pattern: new RegExp(`^${parts.map((part) => (part.startsWith(":") ? segment : part)).join("/")}$`),
    names: parts.filter((part) => part.startsWith(":")).map((part) => part.slice(1)),
    decodePath: decoderOf(endpoint.pathSchema),
    params: Option.getOrElse<Schema.Schema.All, Schema.Schema.All>(endpoint.urlParamsSchema, () => nothing),
    decodeParams: decoderOf(endpoint.urlParamsSchema),
    run,
  }
}

/** Parameters that make a call wait. */
const waits = (params: URLSearchParams, log: LogReader): boolean =>
  params.has("wait") || Number(params.get("min-sequence") ?? 0) > log.published()

/** Routes whose handlers wait for nothing but the database. */
export class DirectReads extends Context.Tag("@threadfold/server/DirectReads")<
  DirectReads,
  {
    /** Takes the handlers of these names of a group. */
    readonly take: <E, Provides, R, Left extends HttpApiEndpoint.HttpApiEndpoint.Any>(
      names: readonly string[],
      handlers: HttpApiBuilder.Handlers<E, Provides, R, Left>,
    ) => Effect.Effect<HttpApiBuilder.Handlers<E, Provides, R, Left>, never, R>
    /** The answer to a GET; null: the call has to take the other way. */
    readonly answer: (target: string, headers: IncomingHttpHeaders, log: LogReader) => DirectAnswer | null
  }
>() {
  static readonly layer = Layer.sync(DirectReads, () => {
    const routes: DirectRoute[] = []
    return {
      take: <E, Provides, R, Left extends HttpApiEndpoint.HttpApiEndpoint.Any>(
        names: readonly string[],
        handlers: HttpApiBuilder.Handlers<E, Provides, R, Left>,
      ) =>
        Effect.map(Effect.runtime<R>(), (runtime) => {
          const runSync = Runtime.runSyncExit(runtime)
          for (const { endpoint, handler } of Chunk.toReadonlyArray(handlers.handlers)) {
            const declared = endpoints.get(`${handlers.group.identifier} ${endpoint.name}`)
            if (declared === undefined || !names.includes(endpoint.name)) continue
            routes.push(
              routeOf(declared, (path, urlParams, request) => {
                const exit = runSync(Effect.suspend(() => handler({ path, urlParams, request })))
                return Exit.isSuccess(exit) && HttpServerResponse.isServerResponse(exit.value) ? exit.value : null
              }),
            )
          }
          return handlers
        }),
      answer: (target, headers, log) => {
        if ((headers.accept ?? "").toLowerCase().includes("text/event-stream")) return null
        const at = target.indexOf("?")
        const path = at === -1 ? target : target.slice(0, at)
        for (const { decodeParams, decodePath, names, params, path: route, pattern, run } of routes) {
          const found = pattern.exec(path)
          if (found === null) continue
          const query = new URLSearchParams(at === -1 ? "" : target.slice(at + 1))
          const given = Object.fromEntries(query)
          if (Object.keys(given).length !== query.size || waits(query, log)) return null
          if (unknownIn(params, given, "parameter") !== null) return null
          const ids = decodePath(Object.fromEntries(names.map((name, index) => [name, found[index + 1]])))
          const values = decodeParams(given)
          if (Option.isNone(ids) || Option.isNone(values)) return null
          const response = run(ids.value, values.value, { headers })
          return response === null ? null : { response, route }
        }
        return null
      },
    }
  })
}
