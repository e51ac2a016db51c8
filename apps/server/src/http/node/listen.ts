/**
 * The listening socket: Node's HTTP server with its bounds, and a shutdown that open streams cannot hold up
 * (`server.close` alone waits for them for ever).
 */
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { ProblemSlug } from "@threadfold/contracts/problem"
import { Data, Effect, type Scope } from "effect"
import { recordDuration } from "../../telemetry/durations.js"
import type { Metrics } from "../Metrics.js"
import type { HttpLimits } from "../options.js"
import { rawProblem, sendProblem } from "../problemAnswer.js"
import { holdsBack, setBodyDeadline } from "./bodyArrival.js"
import { mustBeRead } from "./mustBeRead.js"
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
  (metrics: Metrics, answerMs: number) => (error: Error & { readonly code?: string }, socket: Duplex) => {
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

/** Measures how long an answer takes. A stream of events lasts as long as its reader likes. */
const measureAnswer = (response: ServerResponse): void => {
  const begun = performance.now()
  response.once("close", () => {
    if (String(response.getHeader("content-type")).startsWith("text/event-stream")) return
    recordDuration("http_request", (performance.now() - begun) / 1e3, {})
  })
}

export interface Listening {
  /** The port that was bound. */
  readonly port: number
  /** Sets who answers; until then every call is told that the service is not ready. */
  readonly serve: (handler: RequestListener) => void
  /** A caller on this connection has shown the token. */
  readonly known: (socket: Socket) => void
}

const starting: RequestListener = (request, response) =>
  sendProblem(request, response, { slug: "unavailable", detail: "The server is starting." })

/** Listens for the life of the scope. */
export const listen = (
  host: string,
  port: number,
  limits: HttpLimits,
  metrics: Metrics,
): Effect.Effect<Listening, CannotListen, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Listening & { readonly server: Server }, CannotListen>((resume) => {
      let current = starting
      const server = createServer({
        maxHeaderSize: limits.headerBytes,
        // Each body has a deadline of its own: see below.
        requestTimeout: 0,
        headersTimeout: limits.requestMs,
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
      const take: RequestListener = (request, response) => {
        measureAnswer(response)
        mustBeRead(response, limits.answerMs)
        setBodyDeadline(request, limits.requestMs, () => garbledCall(tooLate(), request.socket))
        current(request, response)
      }
      server.on("request", take)
      server.on("checkContinue", (request, response) => {
        holdsBack(request, response)
        take(request, response)
      })
      // An unknown expectation is no reason to answer with anything but a problem.
      server.on("checkExpectation", (request, response) => current(request, response))
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
    }),
    ({ server }) => close(server, limits.shutdownMs),
  )
