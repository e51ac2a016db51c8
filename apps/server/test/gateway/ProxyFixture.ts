/** The gateway over a real engine, a thread whose session runs a turn, and an upstream that does what a test wants, byte by byte. */
import { mkdtempSync, rmSync } from "node:fs"
import * as http from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { checkLog, mintId } from "@threadfold/core"
import { Engine, type EngineService, sha256 } from "@threadfold/engine"
import { engineOn } from "@threadfold/engine/fixtures"
import { decodeRow } from "@threadfold/event-log"
import { type Agent, InferenceGateway } from "@threadfold/orchestrator"
import { Projections } from "@threadfold/projections"
import { Context, Effect, ExecutionStrategy, Exit, Layer, Schedule, Scope } from "effect"
import { gatewayLive } from "../../src/gateway/GatewayServer.js"
import { defaultSocketLimits, type SocketLimits } from "../../src/gateway/GatewaySocket.js"
import { readSide } from "../../src/serve/graph.js"
import { testAgent } from "../http/support/TestOrchestration.js"

const base = 1_700_000_000_000
const idOf = (label: string): string => mintId(sha256, base, label)
export const ids = { thread: idOf("thread"), session: idOf("session"), connection: idOf("connection") }

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-proxy-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

/** What answers a call of the upstream. */
export type Answering = (request: http.IncomingMessage, response: http.ServerResponse) => void

/** A server whose answers the test gives one by one. */
export const upstream = Effect.gen(function* () {
  const waiting: Answering[] = []
  const sockets = new Set<Socket>()
  const server = http.createServer((request, response) => {
    const answering = waiting.shift()
    if (answering === undefined) response.writeHead(500).end()
    else answering(request, response)
  })
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  yield* Effect.acquireRelease(
    Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
    () =>
      Effect.promise(() => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()))
        server.closeAllConnections()
        return closed
      }),
  )
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    next: (answering: Answering): void => void waiting.push(answering),
    connections: () => sockets.size,
  }
})

/** The agent's side of the gateway: its base URL, and what the log says of its calls. */
export const proxyFixture = (
  url: string,
  options: {
    readonly secrets?: readonly string[]
    readonly engine?: (engine: EngineService) => EngineService
    readonly limits?: Partial<SocketLimits>
  } = {},
) =>
  Effect.gen(function* () {
    const file = join(yield* folder, "threadfold.db")
    const agent: Agent = { ...testAgent, name: "a", settings: {} }
    const secrets = { values: options.secrets ?? [], onRedacted: () => undefined }
    const storage = yield* Layer.build(readSide(file).pipe(Layer.provideMerge(engineOn({ file }))))
    const engine = Context.get(storage, Engine)
    const other = options.engine?.(engine)
    const recorded = Layer.mergeAll(
      Layer.succeed(Engine, other === undefined ? engine : { ...other, trySubmit: other.submit }),
      Layer.succeed(Projections, Context.get(storage, Projections)),
    )
    // The gateway is stopped before what it stands on, or by the test.
    const life = yield* Effect.flatMap(Effect.scope, (scope) => Scope.fork(scope, ExecutionStrategy.sequential))
    const gateway = yield* Layer.build(
      gatewayLive(new Map([["a", { upstream: null, env: {} }]]), secrets, {
        ...defaultSocketLimits,
        ...options.limits,
      }).pipe(Layer.provide(recorded)),
    ).pipe(Scope.extend(life))
    const projections = Context.get(storage, Projections)
    let seq = 0
    const says = (type: string, payload: unknown, turnId?: string) =>
      Effect.suspend(() => {
        seq += 1
        const native = turnId === undefined ? null : { turnId }
        const event = { type, payload, native, channel: "agent", seq, at: base + seq }
        const to = { streamId: ids.thread }
        return Effect.orDie(engine.submit({ drafts: [{ to, sessionId: ids.session, actor: "provider", event }] }))
      })
    yield* says("session.started", { provider: "codex", mode: "managed", connectionId: ids.connection })
    yield* says("turn.started", {}, "t1")
    const opened = yield* Effect.flatMap(InferenceGateway, (service) => service.open(agent, ids.thread)).pipe(
      Effect.provide(gateway),
    )
    if (opened === null) return yield* Effect.dieMessage("the gateway is off")
    opened.bind(ids.connection)
    const log = Effect.map(Effect.orDie(engine.log.read({ streamId: ids.thread, limit: 10_000 })), (rows) =>
      rows.map(decodeRow),
    )
    const attempts = Effect.map(
      Effect.orDie(projections.threadSnapshot(ids.thread)),
      ({ snapshot }) => snapshot.inferences,
    )
    return {
      baseUrl: opened.route.through(url),
      /** The same of another model. */
      baseUrlOf: (other: string) => opened.route.through(other),
      /** The agent is ended, as the orchestrator tells the gateway. */
      agentEnds: Context.get(gateway, InferenceGateway).closeConnection(ids.connection),
      /** Stops the gateway. */
      stop: Scope.close(life, Exit.void),
      engine,
      says,
      log,
      attempts,
      anomalies: Effect.map(Effect.orDie(projections.threadSnapshot(ids.thread)), ({ snapshot }) => snapshot.anomalies),
      /** Waits until so many attempts have ended. */
      ended: (count = 1) =>
        Effect.repeat(attempts, {
          until: (all) => all.length >= count && all.every(({ status }) => status !== "running"),
          schedule: Schedule.spaced("5 millis"),
        }).pipe(Effect.zipRight(attempts)),
      violations: Effect.map(log, (events) => checkLog(ids.thread, events)),
    }
  })

/** One frame of a Responses stream. */
export const frame = (type: string, fields: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
export const itemFrame = (index: number, more: object = {}): string =>
  frame("response.output_item.done", { output_index: index, item: { type: "message", id: `msg_${index}`, ...more } })
export const completedFrame = frame("response.completed", { response: { id: "resp_1", usage: { output_tokens: 3 } } })
export const sse = { "content-type": "text/event-stream", "x-request-id": "req_1" }

/** A call of the agent. Resolves with the answer once its headers are here. */
export const callModel = (
  baseUrl: string,
  {
    body = '{"model":"m"}',
    headers = {},
    path = "/responses",
  }: { readonly body?: string; readonly headers?: http.OutgoingHttpHeaders; readonly path?: string } = {},
): Promise<http.IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = http.request(`${baseUrl}${path}`, { method: "POST", agent: false, headers })
    request.once("response", resolve)
    request.once("error", reject)
    request.end(body)
  })

/** The whole of a body, and whether it came to its end. */
export const bodyOf = (answer: http.IncomingMessage): Promise<{ readonly body: Buffer; readonly whole: boolean }> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = []
    answer.on("data", (chunk: Buffer) => chunks.push(chunk))
    answer.once("error", () => undefined)
    answer.once("close", () => resolve({ body: Buffer.concat(chunks), whole: answer.complete }))
  })
