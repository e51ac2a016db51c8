/**
 * The handshake of a WebSocket through the gateway: the model accepts it first, then the agent's is accepted with the model's headers
 * and subprotocol. A refusal goes back to the agent as it came, so that it does what it does without a gateway.
 */
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { WebSocket, WebSocketServer } from "ws"
import { passedOn } from "./callHeaders.js"
import { unreachable } from "./GatewayCall.js"
import type { SocketLimits } from "./GatewaySocket.js"

/** An agent's request for a WebSocket. */
export interface UpgradeRequest {
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** Bytes that came after the request. */
  readonly head: Buffer
}

/** What comes of it. */
export interface HandshakeListener {
  /** Both sides are open. `answer`: the model's. */
  readonly opened: (agent: WebSocket, model: WebSocket, answer: IncomingMessage) => void
  /** The model refused it. */
  readonly refused: () => void
  /** It came to nothing. */
  readonly over: () => void
}

const pairs = (raw: readonly string[]): readonly (readonly [string, string])[] =>
  raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ""] as const] : []))

/** The headers that are passed: those of the handshake itself belong to each side. */
const headersOf = ({ headers, rawHeaders }: IncomingMessage): readonly (readonly [string, string])[] =>
  pairs(passedOn(rawHeaders, headers)).filter(([name]) => !/^sec-websocket-/i.test(name))

const byName = (headers: readonly (readonly [string, string])[]): Record<string, string[]> => {
  const found: Record<string, string[]> = {}
  for (const [name, value] of headers) found[name] = [...(found[name] ?? []), value]
  return found
}

const listOf = (value: string | undefined): readonly string[] =>
  (value ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "")

/** Answers an agent without a WebSocket, and closes its connection. */
export const answerUpgrade = (
  socket: Duplex,
  status: string,
  headers: readonly (readonly [string, string])[],
  body: string,
): void => {
  const lines = [...headers, ["Content-Length", String(Buffer.byteLength(body))], ["Connection", "close"]]
  socket.end(`HTTP/1.1 ${status}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`)
}

const passRefusal = (socket: Duplex, answer: IncomingMessage): void => {
  const { statusCode = 502, statusMessage = "" } = answer
  // The body comes without its chunks. It ends with the connection.
  const headers = headersOf(answer).filter(([name]) => !/^transfer-encoding$/i.test(name))
  const lines = [...headers, ["Connection", "close"]].map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join("")}\r\n`, "latin1")
  answer.once("error", () => socket.destroy())
  answer.pipe(socket)
}

/** Begins it. Returns what ends it where it is not over yet. @param url of the model's side */
export const handshake = (
  { head, request, socket }: UpgradeRequest,
  url: string,
  limits: SocketLimits,
  listener: HandshakeListener,
): (() => void) => {
  const { headers } = request
  const model = new WebSocket(url, [...listOf(headers["sec-websocket-protocol"])], {
    headers: byName(headersOf(request)),
    // Between the agent and us nothing is compressed: it is one machine.
    perMessageDeflate: /permessage-deflate/i.test(headers["sec-websocket-extensions"] ?? ""),
    maxPayload: limits.answerBytes,
    handshakeTimeout: limits.handshakeMs,
    followRedirects: false,
  })
  let answer: IncomingMessage | null = null
  let isSettled = false
  const stop = (): void => {
    socket.destroy()
    model.terminate()
  }
  const over = (): void => {
    model.terminate()
    listener.over()
  }
  socket.on("error", () => undefined)
  socket.once("close", over)
  model.on("error", (error) => {
    if (isSettled) return
    isSettled = true
    const body = unreachable(`Threadfold's gateway could not reach the model: ${error.message}.`)
    answerUpgrade(socket, "502 Bad Gateway", [["Content-Type", "application/json"]], body)
  })
  model.once("upgrade", (accepted) => {
    answer = accepted
  })
  model.once("unexpected-response", (_request, refusal: IncomingMessage) => {
    isSettled = true
    listener.refused()
    passRefusal(socket, refusal)
  })
  model.once("open", () => {
    isSettled = true
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.requestBytes,
      handleProtocols: () => (model.protocol === "" ? false : model.protocol),
    })
    server.once("headers", (lines: string[]) => {
      if (answer !== null) lines.push(...headersOf(answer).map(([name, value]) => `${name}: ${value}`))
    })
    server.handleUpgrade(request, socket, head, (agent) => {
      socket.off("close", over)
      if (answer !== null) listener.opened(agent, model, answer)
    })
  })
  return stop
}
