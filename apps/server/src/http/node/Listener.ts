/**
 * The listening socket: Node's HTTP server with its bounds, and a shutdown that open streams cannot hold up
 * (`server.close` alone waits for them for ever).
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { ProblemSlug } from "@threadfold/contracts/problem"
import { Context, Data, Effect, Layer } from "effect"
import { recordDuration } from "../../telemetry/durations.js"
import { wholeAnswer } from "../compressed.js"
import { HttpLimits, type HttpLimitValues } from "../HttpLimits.js"
import { type MetricCounters, Metrics } from "../Metrics.js"
import { rawProblem, sendProblem } from "../problemAnswer.js"
import { holdsBack, watchBodies } from "./bodyArrival.js"
import { makePlaces } from "./places.js"

/** Sockets that went silent are asked for a sign of life after so long, ms. */
const keepAliveProbeMs = 30_000
/** How often a shutdown looks whether connections have become idle, ms. */
const idleCheckMs = 20

const garbled = (
  error: Error & { readonly code?: string },
): { readonly slug: ProblemSlug; readonly detail: string } => {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return { slug: "payload-too-large", detail: "The head of the request is too long." }
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { slug: "invalid-request", detail: "The request did not arrive in time." }
    default:
      return { slug: "invalid-request", detail: "That is no HTTP/1.1 request." }
  }
}

/** Destroys a connection that we have ended: to end it alone would leave it open for as long as the caller likes. */
const destroyEnded = (socket: Duplex, answerMs: number): void => {
  const destroy = () => {
    socket.destroy()
  }
  // Not at once: bytes that come after that would make the system throw away our answer, too.
  const late = setTimeout(destroy, answerMs)
  socket.once("close", () => clearTimeout(late))
  if (socket.readableEnded) socket.once("finish", destroy)
  else socket.once("end", destroy).resume()
}

/** What Node tells of a call whose head came too late; here of one whose body did. */
const tooLate = () =>
  Object.assign(new Error("the body did not arrive in time"), { code: "ERR_HTTP_REQUEST_TIMEOUT" as const })

const answerGarbled =
  (metrics: MetricCounters, answerMs: number) => (error: Error & { readonly code?: string }, socket: Duplex) => {
    // Node tells of a late request again and again, until its connection is gone.
    if (socket.destroyed || socket.writableEnded) return
    metrics.garbled += 1
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy()
      return
    }
    const { slug, detail } = garbled(error)
    socket.end(rawProblem(slug, detail))
    destroyEnded(socket, answerMs)
  }

/** The address cannot be bound. */
export class CannotListen extends Data.TaggedError("CannotListen")<{
  readonly host: string
  readonly port: number
  /** The words of the system. */
  readonly reason: string
}> {
  override get message(): string {
    return `${this.host}:${this.port} cannot be listened on (${this.reason}).`
  }
}

const cannotListen = (host: string, port: number) => (error: unknown) =>
  new CannotListen({ host, port, reason: error instanceof Error ? error.message : String(error) })

/**
 * Takes no more connections, lets calls that are under way end, closes what is idle meanwhile, and cuts the rest. Plain
 * timers: a finalizer is not interruptible, so no race of effects would ever lose.
 */
const close = (server: Server, graceMs: number): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs)
    const late = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearInterval(idle)
      clearTimeout(late)
      resume(Effect.void)
    })
  })

/** The answer that a socket is being emptied of. */
const emptying = new WeakMap<Socket, ServerResponse>()

/**
 * An answer that is whole has to be read in time: else its connection is held for as long as the caller likes. From the end of an
 * answer on, its socket may go without any progress for so long; then Node destroys it. Answers to calls
 * that were sent ahead get the socket when those before them are out.
 */
const mustBeRead = (response: ServerResponse, limitMs: number): void => {
  const watch = (socket: Socket): void => {
    if (response.writableFinished) return
    emptying.set(socket, response)
    socket.setTimeout(limitMs)
    response.once("finish", () => {
      // The next answer may have the socket already. Where there is none, Node has set its limit for an idle connection.
      if (emptying.get(socket) !== response) return
      emptying.delete(socket)
      if (socket.timeout === limitMs) socket.setTimeout(0)
    })
  }
  let isWatched = false
  const begin = (): void => {
    if (isWatched) return
    isWatched = true
    if (response.socket === null) response.once("socket", watch)
    else watch(response.socket)
  }
  // What happens once anyway is listened to by `on`: `once` makes a function and takes it away again for each call.
  response.on("prefinish", () => {
    // What the system has taken whole, as it does most answers, is not in the socket any more.
    if (response.socket?.writableLength !== 0) begin()
  })
  response.on(wholeAnswer, begin)
}

/** Calls that may wait on one connection for the answers before theirs. */
const mostWaiting = 256

/** By connection with a call under way: how the calls begin that wait behind it. */
const waiting = new WeakMap<Socket, (() => void)[]>()

/**
 * Begins a call when the one before it on its connection is answered. Calls may be sent ahead; their answers go out in order, and so
 * must their effects: a short push would overtake the long one before it. False, and nothing begins: too many wait.
 */
const inTurn = ({ socket }: IncomingMessage, response: ServerResponse, begin: () => void): boolean => {
  const start = (): void => {
    response.on("close", () => {
      const next = socket.destroyed ? undefined : waiting.get(socket)?.shift()
      if (next === undefined) waiting.delete(socket)
      else next()
    })
    begin()
  }
  const queue = waiting.get(socket)
  if (queue === undefined) {
    waiting.set(socket, [])
    start()
    return true
  }
  if (queue.length >= mostWaiting) return false
  queue.push(start)
  return true
}

/** Measures how long an answer takes. A stream of events lasts as long as its reader likes. */
const measureAnswer = (response: ServerResponse): void => {
  const begun = performance.now()
  response.on("close", () => {
    if (String(response.getHeader("content-type")).startsWith("text/event-stream")) return
    recordDuration("http_request", (performance.now() - begun) / 1e3)
  })
}

export interface Address {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
}

export interface Listening {
  /** The port that was bound. */
  readonly port: number
  /** Sets who answers; until then every call is answered with `unavailable`. */
  readonly serve: (handler: RequestListener) => void
  /** A caller on this connection has shown the token. */
  readonly known: (socket: Socket) => void
}

const starting: RequestListener = (request, response) =>
  sendProblem(request, response, { slug: "unavailable", detail: "The server is starting." })

const open = (
  { host, port }: Address,
  limits: HttpLimitValues,
  metrics: MetricCounters,
): Effect.Effect<Listening & { readonly server: Server }, CannotListen> =>
  Effect.async((resume) => {
    let current = starting
    const server = createServer({
      maxHeaderSize: limits.headerBytes,
      // Each body has a deadline of its own: see below.
      requestTimeout: 0,
      headersTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: Math.min(1_000, limits.requestMs),
      // The gate looks at the Host header itself: its answer is a problem.
      requireHostHeader: false,
      insecureHTTPParser: false,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveProbeMs,
    })
    const places = makePlaces(limits, () => {
      metrics.refusedConnections += 1
    })
    server.on("connection", (socket: Socket) => {
      metrics.connections += 1
      socket.once("close", () => {
        metrics.connections -= 1
      })
      places.take(socket)
    })
    const garbledCall = answerGarbled(metrics, limits.answerMs)
    const watchBody = watchBodies(limits.requestMs, ({ socket }) => garbledCall(tooLate(), socket))
    const take: RequestListener = (request, response) => {
      measureAnswer(response)
      mustBeRead(response, limits.answerMs)
      const hasPlace = inTurn(request, response, () => {
        watchBody(request)
        current(request, response)
      })
      if (hasPlace) return
      metrics.refused("too-many-requests")
      sendProblem(request, response, {
        slug: "too-many-requests",
        detail: `${mostWaiting} calls wait on this connection for their answers.`,
      })
    }
    server.on("request", take)
    server.on("checkContinue", (request, response) => {
      holdsBack(request, response)
      take(request, response)
    })
    // An unknown expectation is no reason to answer with anything but a problem.
    server.on("checkExpectation", take)
    server.on("clientError", garbledCall)
    server.once("error", (error) => resume(Effect.fail(cannotListen(host, port)(error))))
    server.listen({ host, port }, () => {
      const address = server.address()
      if (address === null || typeof address === "string") {
        return resume(Effect.fail(cannotListen(host, port)(new Error("no address"))))
      }
      const serve = (handler: RequestListener) => {
        current = handler
      }
      return resume(Effect.succeed({ server, port: address.port, serve, known: places.known }))
    })
  })

/** The socket of the server. */
export class Listener extends Context.Tag("@threadfold/server/Listener")<Listener, Listening>() {
  /** Listens for the life of the layer. */
  static readonly layer = (address: Address): Layer.Layer<Listener, CannotListen, HttpLimits | Metrics> =>
    Layer.scoped(
      Listener,
      Effect.gen(function* () {
        const limits = yield* HttpLimits
        return yield* Effect.acquireRelease(open(address, limits, yield* Metrics), ({ server }) =>
          close(server, limits.shutdownMs),
        )
      }),
    )
}
