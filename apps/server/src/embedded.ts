/**
 * Threadfold in a process of one's own: a program opens a data directory as `threadfold serve` does, and calls it by `@threadfold/client`.
 * With Effect it is a scoped effect and a layer, without it a promise.
 */

import type { Problem } from "@threadfold/contracts/problem"
import {
  Engine,
  type EngineService,
  type OwnProjection,
  type OwnProjectionFailed,
  type OwnProjectionSpec,
  openOwnProjection,
  type SqlValue,
} from "@threadfold/engine"
import { Cause, Context, Effect, Exit, Layer, Scope } from "effect"
import { EngineStarter } from "./serve/graph.js"
import { type ServeOptions, serve } from "./serve/serve.js"

export type { OwnCheck, OwnProjection, OwnProjectionSpec, SqlValue, Tables } from "@threadfold/engine"
export { OwnProjectionFailed } from "@threadfold/engine"

/** What is opened, and how. Everything but the data directory has a default. */
export interface OpenOptions
  extends Partial<Pick<ServeOptions, "allowedOrigins" | "config" | "inferenceGateway" | "sql">> {
  /** The data directory, which this process then owns. Made where it is not there. */
  readonly dataDir: string
  /** Port on 127.0.0.1; 0, the default: any that is free. */
  readonly port?: number
  /** Projections of one's own, which follow the log while it is open. */
  readonly projections?: readonly OwnProjectionSpec[]
  /**
   * Where the writer works. `thread`, the default: in a worker thread, so that a slow disk never stops the process. `here`: in the thread
   * that calls, for tests.
   */
  readonly writer?: "thread" | "here"
}

/** An open data directory. */
export interface Embedded {
  /** Where it is called, for `connect`: on the loopback, with the token. */
  readonly url: string
  readonly token: string
  /** Names of the agents that threads can be made with. */
  readonly agents: readonly string[]
  /** The log and its writer. */
  readonly engine: EngineService
  /** Projections of one's own, by name. */
  readonly projections: ReadonlyMap<string, OwnProjection>
}

const openWriterHere: (typeof Engine)["layerWorker"] = ({ disk, file }) =>
  Engine.layerInProcess({ file, owner: "held", ...(disk === undefined ? {} : { disk }) })

/** Opens a data directory for the life of the scope. Fails with the problem that `threadfold serve` would tell. */
export const openEmbedded = (
  options: OpenOptions,
): Effect.Effect<Embedded, Problem | OwnProjectionFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { allowedOrigins = [], config = null, dataDir, port = 0, projections = [], writer = "thread" } = options
    const opening = serve({
      dataDir,
      host: "127.0.0.1",
      port,
      allowRemote: false,
      allowedHosts: [],
      allowedOrigins,
      config,
      inferenceGateway: options.inferenceGateway ?? false,
      accessLog: false,
      sql: options.sql ?? false,
      loadExample: false,
    })
    const { agents, directory, engine, token, url } = yield* writer === "here"
      ? Effect.provideService(opening, EngineStarter, { open: openWriterHere })
      : opening
    const own = yield* Effect.forEach(projections, (spec) =>
      Effect.map(openOwnProjection(spec, directory), (opened) => [spec.name, opened] as const),
    ).pipe(Effect.provideService(Engine, engine))
    return { url, token, agents, engine, projections: new Map(own) }
  })

/** An open data directory, as a service. */
export class Threadfold extends Context.Tag("@threadfold/server/Threadfold")<Threadfold, Embedded>() {
  static readonly layer = (options: OpenOptions): Layer.Layer<Threadfold, Problem | OwnProjectionFailed> =>
    Layer.scoped(Threadfold, openEmbedded(options))
}

type Promised<F> = F extends (...args: infer Args) => Effect.Effect<infer A, infer _E>
  ? (...args: Args) => Promise<A>
  : F extends Effect.Effect<infer A, infer _E>
    ? () => Promise<A>
    : never

/** A projection of one's own, in promises. */
export type OpenProjection = { readonly [K in keyof OwnProjection]: Promised<OwnProjection[K]> }

/** An open data directory, in promises. */
export interface OpenThreadfold extends Pick<Embedded, "agents" | "token" | "url"> {
  /** A projection that was opened with it. Throws for another name. */
  readonly projection: (name: string) => OpenProjection
  /** Ends the agents, then the log; what was acknowledged is kept. A second call waits for the first. */
  readonly close: () => Promise<void>
}

/** Rejects with the failure itself. */
const promise = async <A>(effect: Effect.Effect<A, unknown>): Promise<A> => {
  const exit = await Effect.runPromiseExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}

/**
 * Opens a data directory: `connect(await openThreadfold({ dataDir }))`. Rejects with a `Problem`, for example `data-directory-owned` where
 * another process has it.
 */
export const openThreadfold = async (options: OpenOptions): Promise<OpenThreadfold> => {
  const scope = await promise(Scope.make())
  const opened = await promise(
    openEmbedded(options).pipe(
      Scope.extend(scope),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
    ),
  )
  const { agents, projections, token, url } = opened
  let closing: Promise<void> | null = null
  return {
    agents,
    token,
    url,
    projection: (name) => {
      const own = projections.get(name)
      if (own === undefined) throw new Error(`No projection ${name} was opened.`)
      return {
        position: () => promise(own.position),
        reached: (sequence) => promise(own.reached(sequence)),
        query: (sql: string, ...values: readonly SqlValue[]) => promise(own.query(sql, ...values)),
        hash: () => promise(own.hash),
        rebuild: () => promise(own.rebuild),
        check: () => promise(own.check),
      }
    },
    close: () => {
      closing ??= promise(Scope.close(scope, Exit.void))
      return closing
    },
  }
}
