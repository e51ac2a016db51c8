/**
 * The proxy of an adapter check: it passes every call on to a Threadfold, records those about attached sessions, and makes the
 * faults of the plan. It decides nothing about what it sees; the checks do.
 */
import {
  type ClientRequest,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http"
import { urlToHttpOptions } from "node:url"
import { SessionView } from "@threadfold/contracts"
import { AttachedSession } from "@threadfold/contracts/api"
import { type ProblemSlug, problemDetails, problems } from "@threadfold/contracts/problem"
import { Clock, Data, Effect, FiberSet, Option, Schema, type Scope } from "effect"
import { mediaTypeOf } from "../http/node/body.js"
import { CannotListen } from "../http/node/Listener.js"
import type { Call, Trace } from "./Call.js"
import { type Fault, faultOfPush, retryAfterSeconds } from "./faultPlan.js"

const host = "127.0.0.1"

export interface AdapterProxy {
  /** The address that the adapter is to call. */
  readonly url: string
  /** What was seen until now. */
  readonly trace: Effect.Effect<Trace>
}

/** The server gave no whole answer. */
class NoAnswer extends Data.TaggedError("NoAnswer") {}

/** What a call is about. */
type Target = Pick<Call, "operation" | "sessionId">

/** A call whose body has been read. */
interface Received extends Target {
  readonly number: number
  readonly startedAt: number
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: Buffer
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/**
 * What a call is about; null: not about an attached session. As the server does, it takes several slashes for one, and a last
 * one for none: an adapter may join its paths to an address that ends with a slash.
 */
const targetOf = ({ method, url = "" }: IncomingMessage): Target | null => {
  const [, sessionId, name] = /^\/+v1\/+sessions\/+([^/?]+)(?:\/+(\w+))?\/*(?:\?.*)?$/i.exec(url) ?? []
  if (sessionId === undefined) return null
  const below = name?.toLowerCase()
  if (method === "PUT" && below === undefined) return { operation: "open", sessionId }
  if (method === "DELETE" && below === undefined) return { operation: "close", sessionId }
  if (method !== "POST") return null
  if (below === "events") return { operation: "push", sessionId }
  if (below === "heartbeat") return { operation: "heartbeat", sessionId }
  return below === "close" ? { operation: "close", sessionId } : null
}

/** Headers that belong to one connection, or are said anew for the next one; and compression, as the checks read the answers. */
const ofConnection: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "transfer-encoding",
])

const passedOn = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name)))

/** The whole body of a request or of an answer. */
const wholeBody = (message: IncomingMessage): Effect.Effect<Buffer, NoAnswer> =>
  Effect.async((resume) => {
    const parts: Buffer[] = []
    message
      .on("data", (part: Buffer) => parts.push(part))
      .once("end", () => resume(Effect.succeed(Buffer.concat(parts))))
      .once("error", () => resume(new NoAnswer()))
      .once("close", () => resume(new NoAnswer()))
  })

/** The head of a call to the server. */
interface CallHead {
  readonly method: string
  /** The request target, as the adapter wrote it. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
}

/** The path of the server's address, without the slash that a target begins with. */
const basePath = ({ pathname }: URL): string => pathname.replace(/\/+$/, "")

/**
 * Begins a call to the server. The target is joined as text: it need not be a path, and read as an address it could name another
 * host. Throws where Node refuses to send it.
 */
const callServer = (upstream: URL, { headers, method, target }: CallHead): ClientRequest =>
  request({
    ...urlToHttpOptions(upstream),
    path: target.startsWith("/") ? `${basePath(upstream)}${target}` : target,
    method,
    headers,
  })

/** A call to the server, and its whole answer. */
const ask = (
  upstream: URL,
  { body, headers, ...head }: CallHead & Pick<Answer, "body">,
): Effect.Effect<Answer, NoAnswer> =>
  Effect.flatMap(
    Effect.async<IncomingMessage, NoAnswer>((resume) => {
      callServer(upstream, { ...head, headers: { ...passedOn(headers), "content-length": String(body.length) } })
        .once("response", (response) => resume(Effect.succeed(response)))
        .on("error", () => resume(new NoAnswer()))
        .end(body)
    }),
    (response) =>
      Effect.map(wholeBody(response), (whole) => ({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: whole,
      })),
  )

/** Does something for a call; where that throws, its connection is cut: no call may end the check. */
const orCut = (response: ServerResponse, act: () => void): void => {
  try {
    act()
  } catch {
    response.destroy()
  }
}

/** Passes on a call that is about no attached session, piece by piece: it may be a stream that does not end. */
const passOn = (upstream: URL, incoming: IncomingMessage, response: ServerResponse): void => {
  const { headers, method = "", url = "" } = incoming
  const outgoing = callServer(upstream, { method, target: url, headers: passedOn(headers) })
  outgoing.once("response", (answer) =>
    orCut(response, () => {
      response.writeHead(answer.statusCode ?? 0, passedOn(answer.headers))
      response.flushHeaders()
      answer.on("error", () => response.destroy()).pipe(response)
    }),
  )
  outgoing.on("error", () => response.destroy())
  response.once("close", () => outgoing.destroy())
  incoming.pipe(outgoing)
}

const send = (response: ServerResponse, { body, headers, status }: Answer): void => {
  response.writeHead(status, { ...passedOn(headers), "content-length": body.length })
  response.end(body)
}

/** The answer of a server that is busy. */
const refusal = (slug: ProblemSlug, headers: IncomingHttpHeaders): Answer => ({
  status: problems[slug].status,
  headers: { "content-type": "application/problem+json", ...headers },
  body: Buffer.from(JSON.stringify(problemDetails(slug, "The adapter check refuses this call once."))),
})

const refusals: { readonly [F in Fault]?: Answer } = {
  "too-many-requests": refusal("too-many-requests", { "retry-after": String(retryAfterSeconds) }),
  unavailable: refusal("unavailable", {}),
}

const leaseOf = Schema.decodeOption(Schema.parseJson(AttachedSession.pick("leaseMs")))
const endOf = Schema.decodeOption(Schema.parseJson(SessionView.pick("endedAt")))

/**
 * A proxy on a free loopback port, or on the one that is named, for the life of the scope.
 *
 * @param upstream the server that calls are passed on to
 * @param faults whether it makes faults
 */
export const openAdapterProxy = (
  upstream: URL,
  { faults, port }: { readonly faults: boolean; readonly port: number },
): Effect.Effect<AdapterProxy, CannotListen, Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* FiberSet.makeRuntime<never>()
    const calls: Call[] = []
    const leases = new Map<string, number>()
    const lapses = new Map<string, number>()
    let arrived = 0
    let pushes = 0
    /** The session whose calls are cut until its lease has lapsed. */
    let cutOff: string | null = null
    let lostAt: number | null = null

    /** After a call without an answer: whether the server is there at all. One connection that broke is no loss of it. */
    const lookForServer = (arrivedAt: number): Effect.Effect<void> =>
      ask(upstream, { method: "GET", target: "/livez", headers: {}, body: Buffer.alloc(0) }).pipe(
        Effect.catchTag("NoAnswer", () =>
          Effect.sync(() => {
            lostAt ??= arrivedAt
          }),
        ),
        Effect.asVoid,
      )

    const record = (
      { body, number, operation, request, sessionId, startedAt }: Received,
      outcome: Pick<Call, "status" | "fault" | "answer">,
    ) =>
      Effect.map(Clock.currentTimeMillis, (endedAt) => {
        const mediaType = mediaTypeOf(request.headers["content-type"])
        const { method = "", url: path = "" } = request
        const about = { number, method, path, operation, sessionId, startedAt, endedAt }
        calls.push({ ...about, mediaType, body: body.toString(), ...outcome })
      })

    const cut = (received: Received, fault: Fault | null, answer = "") =>
      Effect.zipRight(
        Effect.sync(() => received.response.destroy()),
        record(received, { status: null, fault, answer }),
      )

    /** Whether the server has ended the session that is cut off. It is asked with the adapter's own token. */
    const hasLapsed = (sessionId: string, { headers }: IncomingMessage): Effect.Effect<boolean> =>
      ask(upstream, {
        method: "GET",
        target: `/v1/sessions/${sessionId}`,
        headers: { authorization: headers.authorization },
        body: Buffer.alloc(0),
      }).pipe(
        Effect.map(({ body }) => Option.exists(endOf(body.toString()), ({ endedAt }) => endedAt !== null)),
        Effect.orElseSucceed(() => false),
      )

    /** Whether a call is to be cut because its session is cut off, or because it opens a new one meanwhile. */
    const isCutOff = ({ operation, request, sessionId, startedAt }: Received): Effect.Effect<boolean> =>
      Effect.gen(function* () {
        const session = cutOff
        const isNew = operation === "open" && !leases.has(sessionId)
        if (session === null || (session !== sessionId && !isNew)) return false
        if (!(yield* hasLapsed(session, request))) return true
        lapses.set(session, startedAt)
        cutOff = null
        return false
      })

    /** The fault that a call meets; null: none. */
    const faultOf = ({ operation, sessionId }: Received): Fault | null => {
      if (operation !== "push") return null
      pushes += 1
      return faults ? faultOfPush(pushes, leases.get(sessionId) ?? null) : null
    }

    const handle = (received: Received): Effect.Effect<void> =>
      Effect.gen(function* () {
        const { body, operation, request, response, sessionId } = received
        if (yield* isCutOff(received)) return yield* cut(received, "lease-lapse")
        const fault = faultOf(received)
        if (fault === "lease-lapse") {
          cutOff = sessionId
          return yield* cut(received, fault)
        }
        const refused = fault === null ? undefined : refusals[fault]
        if (refused !== undefined) {
          yield* record(received, { status: refused.status, fault, answer: "" })
          return send(response, refused)
        }
        const { headers, method = "", url = "" } = request
        const answer = yield* ask(upstream, { method, target: url, headers, body })
        const text = answer.body.toString()
        if (fault === "lost-answer") return yield* cut(received, fault, text)
        if (operation === "open") Option.map(leaseOf(text), ({ leaseMs }) => leases.set(sessionId, leaseMs))
        // First recorded, then sent: what the adapter does next comes later.
        yield* record(received, { status: answer.status, fault, answer: text })
        send(response, answer)
      }).pipe(
        Effect.catchTag("NoAnswer", () => Effect.zipRight(lookForServer(received.startedAt), cut(received, null))),
      )

    /** Reads the body of a call about a session, and handles it; where the body does not arrive, or handling it breaks, it is cut. */
    const receive = (target: Target, incoming: IncomingMessage, response: ServerResponse): Effect.Effect<void> =>
      Effect.gen(function* () {
        arrived += 1
        const number = arrived
        const startedAt = yield* Clock.currentTimeMillis
        const body = yield* wholeBody(incoming)
        yield* handle({ ...target, number, startedAt, request: incoming, response, body })
      }).pipe(Effect.catchAllCause(() => Effect.sync(() => response.destroy())))

    const server = createServer((incoming, response) => {
      const target = targetOf(incoming)
      if (target === null) orCut(response, () => passOn(upstream, incoming, response))
      else run(receive(target, incoming, response))
    })
    yield* Effect.acquireRelease(
      Effect.async<void, CannotListen>((resume) => {
        server
          .once("error", ({ message }) => resume(new CannotListen({ host, port, reason: message })))
          .listen(port, host, () => resume(Effect.void))
      }),
      () =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        }),
    )
    const address = server.address()
    const bound = address === null || typeof address === "string" ? port : address.port
    return {
      url: `http://${host}:${bound}`,
      trace: Effect.map(Clock.currentTimeMillis, (endedAt) => ({
        calls: [...calls].sort((a, b) => a.number - b.number),
        endedAt,
        lapses: new Map(lapses),
        lostAt,
      })),
    }
  })
