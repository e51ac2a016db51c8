/** An adapter check as a whole: a server, the proxy before it, and the report at the end. */
import { join } from "node:path"
import type { AdapterReport } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, type Scope } from "effect"
import { toProblem } from "../problems/toProblem.js"
import { serve } from "../serve/serve.js"
import { temporaryDirectory } from "../temporaryDirectory.js"
import { openAdapterProxy } from "./adapterProxy.js"
import { adapterReport } from "./adapterReport.js"

export interface AdapterCheckOptions {
  /** The server that the proxy passes calls on to; null: one of its own, with a data directory that ends with the scope. */
  readonly upstream: URL | null
  /** Whether faults are made. */
  readonly faults: boolean
  /** Port of the proxy; 0 for a free one. */
  readonly port: number
}

export interface RunningCheck {
  /** The address that the adapter is to call. */
  readonly url: string
  /** File with the token that the adapter is to send; null: the token of the server that was named. */
  readonly tokenFile: string | null
  /** Judges what was seen until now. */
  readonly report: Effect.Effect<AdapterReport>
  /** That the server went away meanwhile, so that not everything could be judged; null: it did not. */
  readonly serverLost: Effect.Effect<Problem | null>
}

/** A server with an empty data directory, for the life of the scope. */
const ownServer = Effect.gen(function* () {
  const serving = yield* serve({
    dataDir: join(yield* temporaryDirectory, "data"),
    host: "127.0.0.1",
    port: 0,
    allowRemote: false,
    allowedHosts: [],
    config: null,
    inferenceGateway: false,
    accessLog: false,
    loadExample: false,
  })
  return { upstream: new URL(serving.url), tokenFile: serving.tokenFile }
})

/** Fails with `server-not-running` where nothing answers. */
const requireServer = (upstream: URL): Effect.Effect<void, Problem> =>
  Effect.tryPromise({
    try: async () => {
      const { ok } = await fetch(new URL("livez", upstream.href.replace(/\/*$/, "/")))
      if (!ok) throw new Error("no Threadfold")
    },
    catch: () => new Problem({ slug: "server-not-running", detail: `No server answers at ${upstream.origin}.` }),
  })

/** Starts a check for the life of the scope. */
export const openAdapterCheck = ({
  faults,
  port,
  upstream: named,
}: AdapterCheckOptions): Effect.Effect<RunningCheck, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const { tokenFile, upstream } =
      named === null ? yield* ownServer : yield* Effect.as(requireServer(named), { upstream: named, tokenFile: null })
    const { trace, url } = yield* Effect.mapError(openAdapterProxy(upstream, { faults, port }), toProblem)
    const serverLost = Effect.map(trace, ({ lostAt }) =>
      lostAt === null
        ? null
        : new Problem({
            slug: "server-not-running",
            detail: `The server at ${upstream.origin} went away during the check.`,
          }),
    )
    return { url, tokenFile, report: Effect.map(trace, adapterReport), serverLost }
  })
