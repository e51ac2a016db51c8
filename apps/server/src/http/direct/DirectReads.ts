/**
 * Reads that are answered at once: the handler of a route runs to its end where the call comes in, without the router, a fiber or a
 * span of its own. Only what succeeds is answered here. A call that would wait, that fails, or that is unusual in any way takes the
 * way of all others, which says what is wrong with it.
 */
import type { IncomingHttpHeaders } from "node:http"
import * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api, unknownIn } from "@threadfold/contracts/api"
import type { LogReader } from "@threadfold/event-log"
import { Chunk, Context, Effect, Exit, Layer, Option, Runtime, Schema } from "effect"
import { LRUCache } from "lru-cache"
import { placeAt } from "../../moments/momentProtocol.js"

/** What a handler looks at, besides the parameters of its call. */
interface DirectRequest {
  readonly url: string
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

/** A call that was read. */
interface Call {
  readonly route: DirectRoute
  readonly ids: unknown
  readonly values: unknown
  /** Sequence that the log must have reached; below it the call has to wait. */
  readonly sequence: number
}

/** Calls whose parameters are kept decoded … */
const keptCalls = 1_024
/** … and the longest target of one, characters. */
const longestTarget = 512

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

    const read = (target: string): Call | null => {
      const at = target.indexOf("?")
      const path = at === -1 ? target : target.slice(0, at)
      for (const route of routes) {
        const found = route.pattern.exec(path)
        if (found === null) continue
        const query = new URLSearchParams(at === -1 ? "" : target.slice(at + 1))
        const said = Object.fromEntries(query)
        if (Object.keys(said).length !== query.size || query.has("wait")) return null
        // An earlier moment is read in another thread.
        if (query.has("at") || placeAt(query.get("cursor") ?? undefined) !== null) return null
        if (unknownIn(route.params, said, "parameter") !== null) return null
        const ids = route.decodePath(Object.fromEntries(route.names.map((name, index) => [name, found[index + 1]])))
        const values = route.decodeParams(said)
        if (Option.isNone(ids) || Option.isNone(values)) return null
        return { route, ids: ids.value, values: values.value, sequence: Number(query.get("min-sequence") ?? 0) }
      }
      return null
    }

    /** Calls by their target: a UI asks for the same pages again and again. */
    const calls = new LRUCache<string, Call>({ max: keptCalls })
    const callOf = (target: string): Call | null => {
      const call = calls.get(target) ?? read(target)
      if (call !== null && target.length <= longestTarget) calls.set(target, call)
      return call
    }

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
        const call = callOf(target)
        if (call === null || call.sequence > log.published()) return null
        const response = call.route.run(call.ids, call.values, { headers, url: target })
        return response === null ? null : { response, route: call.route.path }
      },
    }
  })
}
