/**
 * The HTTP half of every mock model server: it listens on a free loopback port for as long as its scope is open, keeps
 * what agents ask, and answers with the steps of its script. The protocols add what a body means and how errors look.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { Effect, type Scope } from "effect"
import { type ModelRequest, parseBody, type ReadBody } from "./ModelRequest.js"
import { modelSockets, type SocketProtocol } from "./modelSockets.js"
import type { Reply, Script, StatusReply, Step } from "./Step.js"
import { writeReply, writeStatus } from "./writeReply.js"

export interface ModelServerOptions {
  /** What to answer; more can be added later. None: every request is answered with status 400. */
  readonly script?: Script
  /** Port to listen on, where a test needs one that an agent already knows; a free one unless set. */
  readonly port?: number
  /** True: it takes WebSockets, too, where its protocol has them. Else it answers them with status 426. */
  readonly webSocket?: boolean
}

export interface ModelServer {
  readonly port: number
  /** What an agent is given as the base URL of its model provider. */
  readonly baseUrl: string
  /** Adds steps to the end of the script; none are taken by a script that is a function. */
  readonly enqueue: (...steps: readonly Step[]) => void
  /** How many steps of the list are not used yet. */
  readonly remaining: () => number
  /** The last 256 requests to the model, oldest first. */
  readonly requests: () => readonly ModelRequest[]
  /** The n-th request to the model (from 1); waits for it. Fails the test where it is no longer kept. */
  readonly request: (ordinal: number) => Effect.Effect<ModelRequest>
  /** How many requests found no step: a script that is too short, or an agent that asks more than the test thinks. */
  readonly unscripted: () => number
  /** Everything else that was asked, as `METHOD /path`, the last 256. */
  readonly others: () => readonly string[]
  /** How many answers are being written now. */
  readonly openStreams: () => number
  /** WebSockets that are open. */
  readonly openSockets: () => number
  /** Ends every connection at once, as a network that goes away; the server itself stays. */
  readonly dropConnections: () => void
}

/** What a protocol is: which request is one to the model, how to read it, and what else agents ask for. */
export interface Protocol {
  /** Added to `http://127.0.0.1:PORT`. */
  readonly basePath: string
  readonly isModelRequest: (method: string, path: string) => boolean
  readonly read: ReadBody
  /** The answer to anything else; null: not found. */
  readonly other: (method: string, path: string) => StatusReply | null
  readonly error: (status: number, message: string) => StatusReply
  /** How it speaks over WebSockets; absent: it does not. */
  readonly socket?: SocketProtocol
}

/** Requests and other lines that are kept: enough for any test, and no leak in one that runs for hours. */
const kept = 256

const keep = <A>(list: A[], value: A): void => {
  list.push(value)
  if (list.length > kept) list.shift()
}

const readText = async (message: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString("utf8")
}

/** Listens on loopback. @param port 0: a free one @returns the port */
export const listen = (server: Server, port: number): Effect.Effect<number> =>
  Effect.async((resume) => {
    server.once("error", (error) => resume(Effect.die(error)))
    server.listen(port, "127.0.0.1", () => {
      const address = server.address()
      resume(
        typeof address === "object" && address !== null ? Effect.succeed(address.port) : Effect.dieMessage("no port"),
      )
    })
  })

/** Closes a server and its connections; those that were upgraded are their owner's. */
export const close = (server: Server): Effect.Effect<void> =>
  Effect.async((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** A server of this protocol; gone, with all its connections, when the scope closes. */
export const modelServer = (
  protocol: Protocol,
  options: ModelServerOptions = {},
): Effect.Effect<ModelServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { script = [] } = options
    const steps: Step[] = typeof script === "function" ? [] : [...script]
    const requests: ModelRequest[] = []
    const others: string[] = []
    const waiting = new Map<number, ((request: ModelRequest) => void)[]>()
    let count = 0
    let unscripted = 0
    let open = 0

    const arrived = (message: IncomingMessage, path: string, body: unknown): ModelRequest => {
      count += 1
      const request: ModelRequest = {
        ordinal: count,
        method: message.method ?? "",
        path,
        headers: message.headers,
        body,
        ...protocol.read(body),
      }
      keep(requests, request)
      for (const resume of waiting.get(count) ?? []) resume(request)
      waiting.delete(count)
      return request
    }

    const replyTo = (message: IncomingMessage, path: string, body: unknown, left: AbortSignal): Reply => {
      const request = arrived(message, path, body)
      const step = typeof script === "function" ? script(request) : steps.shift()
      if (step !== undefined) return step.reply({ request, left })
      unscripted += 1
      return protocol.error(400, `The script of this mock model has no step for request ${request.ordinal}.`)
    }
    const scriptFailed = (error: unknown): StatusReply =>
      protocol.error(400, `The script of this mock model failed: ${error}`)

    const answerModel = async (message: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
      const left = new AbortController()
      response.once("close", () => left.abort())
      const body = parseBody(await readText(message))
      await writeReply(response, replyTo(message, path, body, left.signal), left.signal)
    }

    const answer = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { method = "" } = message
      const path = new URL(message.url ?? "/", "http://localhost").pathname
      if (message.headers.upgrade !== undefined && path === protocol.socket?.path) {
        return writeStatus(response, protocol.error(426, "There are no WebSockets here."))
      }
      if (protocol.isModelRequest(method, path)) return answerModel(message, response, path)
      keep(others, `${method} ${path}`)
      message.resume()
      writeStatus(response, protocol.other(method, path) ?? protocol.error(404, `There is no ${method} ${path} here.`))
    }

    const server = createServer((message, response) => {
      open += 1
      answer(message, response)
        // Of a script that throws, the agent tells the test; a client that goes in the middle of its request hears nothing.
        .catch((error: unknown) => {
          if (response.headersSent) response.destroy()
          else writeStatus(response, scriptFailed(error))
        })
        .finally(() => {
          open -= 1
        })
    })
    const sockets =
      options.webSocket !== true || protocol.socket === undefined
        ? null
        : modelSockets(server, protocol.socket, {
            take: (message, body, left) => {
              try {
                return replyTo(message, new URL(message.url ?? "/", "http://localhost").pathname, body, left)
              } catch (error) {
                return scriptFailed(error)
              }
            },
            arrivedAt: (path) => keep(others, `WebSocket ${path}`),
            writing: (by) => {
              open += by
            },
          })
    const port = yield* Effect.acquireRelease(listen(server, options.port ?? 0), () =>
      Effect.zipRight(
        Effect.sync(() => sockets?.cutAll()),
        close(server),
      ),
    )

    return {
      port,
      baseUrl: `http://127.0.0.1:${port}${protocol.basePath}`,
      enqueue: (...more) => {
        steps.push(...more)
      },
      remaining: () => steps.length,
      requests: () => [...requests],
      request: (ordinal) =>
        Effect.async<ModelRequest>((resume) => {
          const known = requests.find((request) => request.ordinal === ordinal)
          if (known !== undefined) return resume(Effect.succeed(known))
          if (ordinal <= count) return resume(Effect.dieMessage(`request ${ordinal} is no longer kept`))
          const list = waiting.get(ordinal) ?? []
          waiting.set(ordinal, [...list, (request) => resume(Effect.succeed(request))])
        }),
      unscripted: () => unscripted,
      others: () => [...others],
      openStreams: () => open,
      openSockets: () => sockets?.open() ?? 0,
      dropConnections: () => {
        server.closeAllConnections()
        sockets?.cutAll()
      },
    }
  })
