/**
 * The inference gateway: a proxy on loopback between agents and their models. It passes every byte as it comes, and has the attempts
 * that the calls are recorded (docs/how-to/trace-model-calls.md).
 */
import * as http from "node:http"
import * as https from "node:https"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import { InferenceGateway, InferenceRecorder } from "@threadfold/orchestrator"
import { type HeldSecrets, type ModelProtocol, protocolOf, socketProtocolOf } from "@threadfold/providers"
import { Effect, Layer, Metric, Runtime, type Scope } from "effect"
import { AttemptOfCall } from "./AttemptOfCall.js"
import { nativeOf, passedOn, secretsOfCall, upstreamRequestIdOf } from "./callHeaders.js"
import { GatewayCall } from "./GatewayCall.js"
import { defaultSocketLimits, GatewaySocket, type SocketLimits } from "./GatewaySocket.js"
import { type Destination, type GatewaySettings, Routes } from "./Routes.js"
import { answerUpgrade, handshake } from "./socketHandshake.js"

/** Calls at a time. */
const mostCalls = 4_096
/** How long an idle connection to a model is kept, ms: shorter than model servers keep it, so that none is used as it closes. */
const idleUpstreamMs = 4_000
/** How long an idle connection of an agent is kept, ms: longer than agents keep it. */
const idleAgentMs = 120_000

/** WebSockets that agents asked for, and that their models refused. */
export const refusedWebSockets = Metric.counter("threadfold_inference_websockets_refused", {
  description: "WebSockets that agents asked for through the inference gateway, and that their models refused.",
  incremental: true,
})

/** Calls and WebSockets under way, until they are over. */
interface UnderWay {
  readonly stop: () => Promise<void> | void
}

const errorBody = (message: string): string => JSON.stringify({ error: { type: "gateway_error", message } })

const refuse = (response: http.ServerResponse, status: number, message: string): void => {
  const body = errorBody(message)
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
  response.end(body)
}

const listen = (server: http.Server): Effect.Effect<number> =>
  Effect.async((resume) => {
    server.once("error", (error) => resume(Effect.die(error)))
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed(port))
    })
  })

const close = (server: http.Server): Effect.Effect<void> =>
  Effect.async((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** Opens the gateway for the life of the scope. */
const open = (
  settings: GatewaySettings,
  secrets: HeldSecrets,
  limits: SocketLimits,
): Effect.Effect<InferenceGateway["Type"], never, InferenceRecorder | Scope.Scope> =>
  Effect.gen(function* () {
    const recorder = yield* InferenceRecorder
    const clock = yield* Effect.clock
    const runtime = yield* Effect.runtime<never>()
    const run = Runtime.runPromise(runtime)
    const runSync = Runtime.runSync(runtime)
    const calls = new Set<UnderWay>()
    const agents = {
      http: new http.Agent({ keepAlive: true, timeout: idleUpstreamMs }),
      https: new https.Agent({ keepAlive: true, timeout: idleUpstreamMs }),
    }
    let origin = ""
    let isStopping = false
    const routes = new Routes(() => origin)

    /** The attempt of a call with these headers. */
    const begun = (
      { route, search }: Destination,
      headers: http.IncomingHttpHeaders,
      protocol: ModelProtocol,
      native = nativeOf(headers),
    ): AttemptOfCall => {
      const reader = protocol.reader()
      const startedAt = clock.unsafeCurrentTimeMillis()
      const opened = () => {
        const held = secretsOfCall(headers, new URLSearchParams(search), secrets, route.secret)
        return runSync(recorder.begin(route.at, { startedAt, reader, native, secrets: held }))
      }
      return new AttemptOfCall(opened, reader, protocol, run)
    }

    /** Why nothing more is taken; null: it is. */
    const fullFor = (what: string): string | null =>
      isStopping
        ? "The server stops."
        : calls.size >= mostCalls
          ? `More than ${mostCalls} ${what} are under way.`
          : null

    const handle = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      const found = routes.find(request.url ?? "")
      if (found === null) return refuse(response, 404, "No session of Threadfold has this address.")
      const full = fullFor("calls")
      if (full !== null) return refuse(response, 503, full)
      const { base, path, search } = found
      const isTls = base.protocol === "https:"
      const upstream = (isTls ? https : http).request({
        agent: isTls ? agents.https : agents.http,
        host: base.hostname.replace(/^\[|\]$/g, ""),
        port: base.port === "" ? (isTls ? 443 : 80) : base.port,
        method: request.method,
        path: search === "" ? path : `${path}?${search}`,
        headers: ["Host", base.host, ...passedOn(request.rawHeaders, request.headers)],
        setHost: false,
      })
      const sides = { request, response, upstream }
      const isOpen = () => found.route.isOpen
      const protocol = protocolOf(request.method ?? "", path)
      const attempt = protocol === null ? null : begun(found, request.headers, protocol)
      const call = new GatewayCall(sides, attempt, isOpen, () => calls.delete(call))
      calls.add(call)
    }

    const upgrade = (request: http.IncomingMessage, socket: Duplex, head: Buffer): void => {
      const refuseIt = (status: string, message: string): void =>
        answerUpgrade(socket, status, [["Content-Type", "application/json"]], errorBody(message))
      socket.on("error", () => undefined)
      const found = routes.find(request.url ?? "")
      if (found === null) return refuseIt("404 Not Found", "No session of Threadfold has this address.")
      const full = fullFor("calls")
      if (full !== null) return refuseIt("503 Service Unavailable", full)
      const { base, path, route, search } = found
      const origin = `${base.protocol === "https:" ? "wss" : "ws"}://${base.host}`
      const protocol = socketProtocolOf(path)
      let underWay: UnderWay = {
        stop: handshake({ request, socket, head }, `${origin}${path}${search === "" ? "" : `?${search}`}`, limits, {
          refused: () => runSync(Metric.increment(refusedWebSockets)),
          over: () => calls.delete(underWay),
          opened: (agent, model, answer) => {
            calls.delete(underWay)
            const opened = new GatewaySocket(agent, model, protocol, {
              limits,
              begin: (asked, of) => begun(found, request.headers, of, nativeOf({ ...request.headers, ...asked.names })),
              upstreamRequestId: upstreamRequestIdOf(answer.headers),
              isAgentOpen: () => route.isOpen,
              onOver: () => calls.delete(opened),
            })
            underWay = opened
            calls.add(opened)
          },
        }),
      }
      calls.add(underWay)
    }

    const server = http.createServer({ keepAliveTimeout: idleAgentMs, requestTimeout: 0 }, handle)
    server.on("upgrade", upgrade)
    const port = yield* Effect.acquireRelease(listen(server), () => close(server))
    origin = `http://127.0.0.1:${port}`
    yield* Effect.addFinalizer(() =>
      Effect.promise(async () => {
        isStopping = true
        await Promise.all([...calls].map((call) => call.stop()))
        agents.http.destroy()
        agents.https.destroy()
      }),
    )
    return {
      open: (agent, threadId) =>
        Effect.sync(() => {
          const how = settings.get(agent.name)
          return how === undefined ? null : routes.open(threadId, how)
        }),
      close: (threadId) => Effect.sync(() => routes.close(threadId)),
      closeConnection: (connectionId) => Effect.sync(() => routes.closeConnection(connectionId)),
    }
  })

/** The gateway for these agents; with none it is off, and nothing listens. */
export const gatewayLive = (
  settings: GatewaySettings,
  secrets: HeldSecrets,
  limits: SocketLimits = defaultSocketLimits,
) =>
  settings.size === 0
    ? Layer.empty
    : Layer.scoped(InferenceGateway, open(settings, secrets, limits)).pipe(Layer.provide(InferenceRecorder.layer))
