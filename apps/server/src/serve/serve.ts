/**
 * The server as a whole, on one page: own the data directory, open the writer in a thread of its own, read through a
 * connection that cannot write, run the agents, listen, announce the address.
 */
import { dirname } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { Engine, type EngineService } from "@threadfold/engine"
import { acquireOwnership, databaseFile } from "@threadfold/event-log"
import { Context, Effect, Layer, Option, type Scope } from "effect"
import { configuredAgents, gatewaySettings, namedAgents } from "../config/configuredAgents.js"
import { readVariable, variables } from "../config/Environment.js"
import { Prices } from "../config/Prices.js"
import { requirePlatform } from "../config/platform.js"
import { readConfig } from "../config/readConfig.js"
import { ServerSecrets } from "../config/ServerSecrets.js"
import { checkAgent } from "../doctor/agents.js"
import { AgentChecks } from "../http/HttpOptions.js"
import { type BoundServer, type OpenServerError, openHttpServer } from "../http/HttpServerLive.js"
import { isLoopback } from "../http/security/Hosts.js"
import { loadToken } from "../http/security/Token.js"
import { importLimits } from "../imports/ImportSettings.js"
import { version } from "../installed.js"
import { toProblem } from "../problems/toProblem.js"
import { loadExample } from "./example.js"
import { servicesLive } from "./graph.js"
import { untilLockIsLost, warnOfStorage } from "./storageWatch.js"

export interface ServeOptions {
  readonly dataDir: string
  readonly host: string
  /** The port; null: the usual one, or one after it where that is taken. */
  readonly port: number | null
  /** Must be true for an address that other machines can reach. */
  readonly allowRemote: boolean
  /** Names under which it may be called there. */
  readonly allowedHosts: readonly string[]
  /** Origins of UIs that may call, as browsers send them. */
  readonly allowedOrigins?: readonly string[]
  /** The configuration; null: that of the data directory, if it has one. */
  readonly config: string | null
  /** True: the model calls of every agent are recorded, unless its configuration says otherwise. */
  readonly inferenceGateway: boolean
  /** False: no line for the calls that change something, nor for refusals. */
  readonly accessLog: boolean
  /** True: it runs statements over the views. */
  readonly sql?: boolean
  /** Import the example into an empty log first. */
  readonly loadExample: boolean
}

/** Where Threadfold usually listens, and how many ports after it are tried. */
export const usualPort = 7420
const portsToTry = 20

export interface Serving extends BoundServer {
  /** Real path of the data directory. */
  readonly directory: string
  /** Events that the example added; 0 where it was not loaded. */
  readonly example: number
  /** Names of the agents that threads can be made with. */
  readonly agents: readonly string[]
  /** The log and its writer, for those who run it in their own process. */
  readonly engine: EngineService
  /** Fails where it cannot go on serving: another process may own the directory. Never succeeds. */
  readonly broken: Effect.Effect<never, Problem>
}

/** Ports in the order in which they are tried. */
const candidates = (port: number | null): readonly number[] =>
  port === null ? Array.from({ length: portsToTry }, (_, index) => usualPort + index) : [port]

/** The first server that can be bound. A port that is taken leads to the next one, everything else is a failure. */
const firstFree = <R>(
  ports: readonly number[],
  open: (port: number) => Effect.Effect<BoundServer, OpenServerError, R>,
): Effect.Effect<BoundServer, OpenServerError, R> => {
  const [port = 0, ...others] = ports
  return others.length === 0 ? open(port) : Effect.catchTag(open(port), "CannotListen", () => firstFree(others, open))
}

/**
 * Serves a data directory for the life of the scope. The directory is owned before anything in it is opened and before
 * a port is bound.
 */
export const serve = (options: ServeOptions): Effect.Effect<Serving, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    yield* requirePlatform
    const { allowRemote, host } = options
    if (!isLoopback(host) && !allowRemote) {
      return yield* new Problem({
        slug: "invalid-request",
        detail: `${host} can be reached from other machines: that needs --allow-remote.`,
      })
    }
    const found = yield* readConfig(options.dataDir, options.config)
    const { announcePort, directory } = yield* acquireOwnership(options.dataDir, { version })
    const secrets = new ServerSecrets(yield* loadToken(directory))
    const gateway = gatewaySettings(namedAgents(found, directory), options.inferenceGateway)
    const agents = yield* configuredAgents(found, directory, secrets, gateway)
    const file = databaseFile(directory)
    const example = options.loadExample ? yield* loadExample(file) : 0
    const services = yield* Layer.build(servicesLive(file, agents, found.config, secrets, gateway))
    const imports = importLimits(
      found.config.imports ?? {},
      dirname(found.file ?? directory),
      Option.getOrNull(yield* readVariable(variables.importsRoot)),
    )
    const http = {
      imports,
      dataDir: directory,
      host,
      allowRemote,
      allowedHosts: options.allowedHosts,
      allowedOrigins: options.allowedOrigins ?? [],
      version,
      secrets,
      sql: options.sql === true,
      ...(options.accessLog ? {} : { accessLog: null }),
    }
    const bound = yield* firstFree(candidates(options.port), (port) => openHttpServer({ ...http, port })).pipe(
      Effect.provide(services),
      Effect.provideService(Prices, found.config.prices ?? {}),
      Effect.provideService(AgentChecks, { check: (name) => checkAgent(found, directory, name) }),
    )
    yield* announcePort(bound.port)
    const engine = Context.get(services, Engine)
    yield* warnOfStorage(engine)
    return {
      ...bound,
      directory,
      example,
      agents: agents.map(({ name }) => name),
      engine,
      broken: Effect.mapError(untilLockIsLost(engine), toProblem),
    }
  }).pipe(Effect.mapError(toProblem))
