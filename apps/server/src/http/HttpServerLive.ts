/**
 * The HTTP server as one layer: over an engine and the projections it opens a port, and closes it in time when its
 * scope ends, with streams open or not.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import { resolve } from "node:path"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type { StorageUnavailable } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { Agents, type AttachedSessions, Orchestrator, Reaper } from "@threadfold/orchestrator"
import { Projections } from "@threadfold/projections"
import { Clock, Context, Effect, Layer, type Scope } from "effect"
import { ImportJobs } from "../imports/ImportJobs.js"
import { defaultImportLimits, ImportSettings } from "../imports/ImportSettings.js"
import { makeAccessLog } from "./AccessLog.js"
import { makeApp } from "./app.js"
import { announce } from "./Discovery.js"
import { DirectReads } from "./direct/DirectReads.js"
import { sendDirect } from "./direct/sendDirect.js"
import { Metrics } from "./Metrics.js"
import { hasBody } from "./node/bodyArrival.js"
import { type CannotListen, listen } from "./node/listen.js"
import { type HttpOptions, limitsOf } from "./options.js"
import { sendProblem } from "./problemAnswer.js"
import { HttpServices } from "./Services.js"
import { isPublic, makeGuard, pathOf, type RequestFacts } from "./security/Guard.js"
import { hostPolicy, isLoopback, urlHost } from "./security/Hosts.js"
import { docsPolicy, securityHeaders } from "./security/headers.js"
import { loadToken, tokenFile } from "./security/Token.js"
import { makeEventFeed } from "./stream/eventFeed.js"
import { makeRowFeed } from "./stream/rowFeed.js"

/** A server that listens. */
export interface BoundServer {
  /** Where it is called, for example `http://127.0.0.1:7420`. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** The token that calls carry. */
  readonly token: string
  /** The file that holds it. */
  readonly tokenFile: string
}

/** The bound address of the server of this process. */
export class HttpServer extends Context.Tag("@threadfold/server/HttpServer")<HttpServer, BoundServer>() {}

const factsOf = ({ headersDistinct, url = "" }: IncomingMessage): RequestFacts => ({
  target: url,
  hosts: headersDistinct.host ?? [],
  origin: headersDistinct.origin?.join(", "),
  authorization: headersDistinct.authorization?.join(", "),
})

const requireLoopback = (host: string, allowRemote: boolean): Effect.Effect<void, Problem> =>
  isLoopback(host) || allowRemote
    ? Effect.void
    : Effect.fail(
        new Problem({
          slug: "invalid-request",
          detail: `${host} can be reached from other machines; that must be allowed explicitly.`,
        }),
      )

const standardError = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** What the server stands on. */
export type HttpNeeds = Agents | AttachedSessions | Engine | Orchestrator | Projections | Reaper

/** How the opening of the server fails. */
export type OpenServerError = Problem | CannotListen | StorageUnavailable

/** Opens the server for the life of the scope. */
export const openHttpServer = (
  options: HttpOptions,
): Effect.Effect<BoundServer, OpenServerError, HttpNeeds | Scope.Scope> =>
  Effect.gen(function* () {
    const limits = limitsOf(options)
    // What the discovery file names must be right from every working directory.
    const dataDir = resolve(options.dataDir)
    const host = options.host ?? "127.0.0.1"
    yield* requireLoopback(host, options.allowRemote === true)
    const token = yield* loadToken(dataDir)
    const clock = yield* Clock.clockWith(Effect.succeed)
    const now = () => clock.unsafeCurrentTimeMillis()
    const metrics = yield* Effect.acquireRelease(
      Effect.sync(() => new Metrics(options.secrets)),
      (open) => Effect.sync(() => open.close()),
    )
    const { known, port, serve } = yield* listen(host, options.port ?? 0, limits, metrics)
    const engine = yield* Engine
    const events = yield* makeEventFeed(engine.log, limits.stream, metrics)
    const changes = yield* makeRowFeed(engine, yield* Projections, limits.stream, metrics)
    const imports = { ...(options.imports ?? defaultImportLimits), directory: dataDir }
    const direct = yield* Effect.map(Layer.build(DirectReads.layer), (built) => Context.get(built, DirectReads))
    const app = yield* makeApp(metrics).pipe(
      Effect.provideService(DirectReads, direct),
      Effect.provide(
        yield* Layer.build(ImportJobs.layer.pipe(Layer.provideMerge(Layer.succeed(ImportSettings, imports)))),
      ),
      Effect.provideService(HttpServices, {
        agents: yield* Agents,
        engine,
        events,
        changes,
        limits,
        metrics,
        orchestrator: yield* Orchestrator,
        reaper: yield* Reaper,
        version: options.version,
      }),
    )
    const platform = yield* Layer.build(NodeHttpServer.layerContext)
    const handler = yield* Effect.provide(NodeHttpServer.makeHandler(app), platform)
    const policy = hostPolicy(port, host, options.allowedHosts)
    const guard = makeGuard({ ...limits, token, policy, now })
    const { accessLog = standardError } = options
    const log = accessLog === null ? null : makeAccessLog(accessLog, now)

    const answered = ({ method = "", url = "" }: IncomingMessage, response: ServerResponse) => {
      metrics.answered(response.statusCode)
      log?.({ method, target: url, status: response.statusCode })
    }
    const listener: RequestListener = (request, response) => {
      const { headers, method, url = "" } = request
      response.once("close", () => answered(request, response))
      const refusal = guard(factsOf(request))
      // Every other path has passed with the token.
      if (!isPublic(pathOf(url)) && refusal === null) known(request.socket)
      if (refusal === null && method === "GET" && !hasBody(request)) {
        const answer = direct.answer(url, headers, engine.log)
        if (answer !== null && sendDirect(response, answer)) return
      }
      for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
      if (pathOf(url) === "/docs") response.setHeader("content-security-policy", docsPolicy)
      if (refusal === null) return handler(request, response)
      metrics.refused(refusal.slug)
      return sendProblem(request, response, refusal)
    }
    serve(listener)

    const url = `http://${urlHost(host)}:${port}`
    yield* announce(dataDir, {
      url,
      pid: process.pid,
      version: options.version,
      tokenFile: tokenFile(dataDir),
    })
    return { url, host, port, token, tokenFile: tokenFile(dataDir) }
  })

/** The server as a layer. */
export const HttpServerLive = (options: HttpOptions): Layer.Layer<HttpServer, OpenServerError, HttpNeeds> =>
  Layer.scoped(HttpServer, openHttpServer(options))
