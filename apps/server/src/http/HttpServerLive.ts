/**
 * The HTTP server as one layer: over an engine, its projections and the services that run agents it opens a port, and closes it in
 * time when its scope ends, with streams open or not.
 */
import { resolve } from "node:path"
import type { SqlClient } from "@effect/sql/SqlClient"
import { Problem } from "@threadfold/contracts/problem"
import type { Engine, WorkReads } from "@threadfold/engine"
import type {
  AgentListings,
  AgentLogins,
  Agents,
  AttachedSessions,
  Blobs,
  Configurations,
  CurrentReaperPolicy,
  Messages,
  Orchestrator,
  Reaper,
  VoiceRuns,
} from "@threadfold/orchestrator"
import type { Projections } from "@threadfold/projections"
import { Context, Effect, Layer, type Scope } from "effect"
import { Forks } from "../forks/Forks.js"
import { ImportJobs } from "../imports/ImportJobs.js"
import { defaultImportLimits, ImportSettings } from "../imports/ImportSettings.js"
import { KeptUploads } from "../imports/KeptUploads.js"
import { pageFolder } from "../installed.js"
import { MomentReads } from "../moments/MomentReads.js"
import { ProjectionJobs } from "../projections/ProjectionJobs.js"
import { Purges } from "../purges/Purges.js"
import { CurrentReplay } from "../replay/CurrentReplay.js"
import { SearchReads } from "../search/SearchReads.js"
import { Subscriptions } from "../subscriptions/Subscriptions.js"
import { linesTo } from "./accessLog.js"
import { announce } from "./Discovery.js"
import { DirectPushes } from "./direct/DirectPushes.js"
import { DirectReads } from "./direct/DirectReads.js"
import { HttpLimits } from "./HttpLimits.js"
import { type HttpOptions, ServerVersion } from "./HttpOptions.js"
import { Metrics } from "./Metrics.js"
import { type CannotListen, Listener } from "./node/Listener.js"
import { PageAccess } from "./page/PageAccess.js"
import { PageFiles } from "./page/PageFiles.js"
import { type GateOptions, requestListener } from "./requestListener.js"
import { SqlAllowed } from "./routes/sqlRoutes.js"
import { hostPolicy, isLoopback, pageLink, urlHost } from "./security/Hosts.js"
import { loadToken, tokenFile } from "./security/Token.js"
import { EventFeed } from "./stream/EventFeed.js"
import { InboxFeed } from "./stream/InboxFeed.js"
import { RowFeed } from "./stream/RowFeed.js"

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
  /** A new link to the web page: it lets one browser in, once, for a minute. */
  readonly newPageLink: Effect.Effect<string>
}

/** The bound address of the server of this process. */
export class HttpServer extends Context.Tag("@threadfold/server/HttpServer")<HttpServer, BoundServer>() {}

/** What the server needs from below. */
export type HttpNeeds =
  | AgentListings
  | AgentLogins
  | Agents
  | AttachedSessions
  | Configurations
  | Blobs
  | CurrentReaperPolicy
  | Engine
  | Messages
  | Orchestrator
  | Projections
  | Reaper
  | VoiceRuns
  | SqlClient
  | WorkReads

/** How the opening of the server fails. */
export type OpenServerError = Problem | CannotListen

const requireLoopback = (host: string, allowRemote: boolean): Effect.Effect<void, Problem> =>
  isLoopback(host) || allowRemote
    ? Effect.void
    : Effect.fail(
        new Problem({
          slug: "invalid-request",
          detail: `${host} can be reached from other machines; that must be allowed explicitly.`,
        }),
      )

/** Answers on the port that is bound, and says where it is. */
const serve = (
  { allowedHosts, allowedOrigins, dataDir, host, version }: Omit<HttpOptions, "host"> & { readonly host: string },
  gate: Omit<GateOptions, "policy">,
) =>
  Effect.gen(function* () {
    const listener = yield* Listener
    const { port } = listener
    const policy = hostPolicy(port, host, allowedHosts, allowedOrigins)
    listener.serve(yield* requestListener({ ...gate, policy }))
    const url = `http://${urlHost(host)}:${port}`
    const file = tokenFile(dataDir)
    yield* announce(dataDir, { url, pid: process.pid, version, tokenFile: file })
    const { newCode } = yield* PageAccess
    const newPageLink = Effect.map(newCode, ({ code }) => pageLink(url, code))
    return { url, host, port, token: gate.token, tokenFile: file, newPageLink }
  })

/** What the routes share. */
const shared = Layer.mergeAll(
  DirectPushes.layer,
  DirectReads.layer,
  EventFeed.layer,
  Forks.layer,
  ImportJobs.layer,
  ProjectionJobs.layer,
  Layer.provideMerge(KeptUploads.layer, Purges.layer),
  RowFeed.layer,
  InboxFeed.layer,
  Subscriptions.layer,
)

/** The options of the server as services. */
const settings = (options: HttpOptions) =>
  Layer.mergeAll(
    HttpLimits.layer(options.limits),
    Metrics.layer(options.secrets),
    Layer.succeed(ServerVersion, options.version),
    MomentReads.layer(options.dataDir),
    SearchReads.layer(options.dataDir),
    Layer.succeed(SqlAllowed, options.sql ?? false),
    Layer.succeed(CurrentReplay, options.replay ?? null),
    Layer.succeed(ImportSettings, { ...(options.imports ?? defaultImportLimits), directory: options.dataDir }),
  )

/** The server as a layer. */
export const HttpServerLive = (given: HttpOptions): Layer.Layer<HttpServer, OpenServerError, HttpNeeds> =>
  // Its scope ends after the server's: the last answers are written to the access log, too.
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const { allowRemote = false, host = "127.0.0.1", port = 0 } = given
      const accessLog = given.accessLog === undefined ? yield* linesTo(process.stderr) : given.accessLog
      // What the discovery file names must be right from every working directory.
      const options = { ...given, host, dataDir: resolve(given.dataDir) }
      yield* requireLoopback(host, allowRemote)
      const token = yield* loadToken(options.dataDir)
      return Layer.scoped(HttpServer, serve(options, { accessLog, token, refuse: options.refuse ?? null })).pipe(
        Layer.provide(shared),
        Layer.provide(PageAccess.layer(options.dataDir, token)),
        Layer.provide(PageFiles.layer(options.pageFolder ?? pageFolder)),
        // The port is bound before the streams are made and closed after them: their end lets its connections go.
        Layer.provide(Listener.layer({ host, port })),
        Layer.provide(settings(options)),
      )
    }),
  )

/** Opens the server for the life of the scope. */
export const openHttpServer = (
  options: HttpOptions,
): Effect.Effect<BoundServer, OpenServerError, HttpNeeds | Scope.Scope> =>
  Effect.map(Layer.build(HttpServerLive(options)), Context.get(HttpServer))
