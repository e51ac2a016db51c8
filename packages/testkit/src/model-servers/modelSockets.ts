/** The WebSocket half of a mock model server: each message of an agent is a request, each frame of the answer is a message. */
import type { IncomingMessage, Server } from "node:http"
import type { Duplex } from "node:stream"
import { type WebSocket, WebSocketServer } from "ws"
import { parseBody } from "./ModelRequest.js"
import type { Frame, Reply } from "./Step.js"

/** How a protocol speaks over WebSockets. */
export interface SocketProtocol {
  /** Path of the connection. */
  readonly path: string
  /** What is answered to a message that generates nothing, without a step; null: it is a request to the model. */
  readonly warmUp: (body: unknown, ordinal: number) => readonly Frame[] | null
  /** Names of the frames that end an answer: the connection stays open after them, and is closed where an answer has none. */
  readonly terminals: ReadonlySet<string>
}

/** What the server does with what comes over its WebSockets. */
export interface SocketWork {
  /** Null: there is no step for it, or its script failed; the reply says so. */
  readonly take: (message: IncomingMessage, body: unknown, left: AbortSignal) => Reply
  readonly arrivedAt: (path: string) => void
  /** An answer begins to be written, or is written. */
  readonly writing: (by: 1 | -1) => void
}

export interface ModelSockets {
  readonly cutAll: () => void
  /** Connections that are open. */
  readonly open: () => number
}

/** Bytes that wait for an agent from which on nothing more is said to it. */
const highWater = 1024 * 1024

const send = (socket: WebSocket, data: unknown): Promise<void> =>
  new Promise((resolve) => {
    const isFull = socket.bufferedAmount > highWater
    socket.send(JSON.stringify(data), () => {
      if (isFull) resolve()
    })
    if (!isFull) resolve()
  })

const write = async (socket: WebSocket, reply: Reply, terminals: ReadonlySet<string>): Promise<void> => {
  if (reply.kind === "status") {
    const body = typeof reply.body === "object" ? reply.body : {}
    return send(socket, { type: "error", status: reply.status, ...body, headers: reply.headers })
  }
  if (reply.kind === "deferred") return send(socket, await reply.body)
  let last = ""
  for await (const { data, event } of reply.frames) {
    if (socket.readyState !== socket.OPEN) return
    await send(socket, data)
    last = event
  }
  if (reply.ending() === "reset") {
    // After what was said has left this process.
    await new Promise<void>((resolve) => socket.ping("", undefined, () => resolve()))
    socket.terminate()
  } else if (!terminals.has(last)) socket.close(1000)
}

/** Has the server take WebSockets. */
export const modelSockets = (server: Server, protocol: SocketProtocol, work: SocketWork): ModelSockets => {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true })
  let warmUps = 0

  const serve = (message: IncomingMessage, socket: WebSocket): void => {
    const left = new AbortController()
    let before: Promise<void> = Promise.resolve()
    const answer = async (body: unknown): Promise<void> => {
      const warm = protocol.warmUp(body, warmUps + 1)
      if (warm !== null) {
        warmUps += 1
        for (const { data } of warm) await send(socket, data)
        return
      }
      work.writing(1)
      await write(socket, work.take(message, body, left.signal), protocol.terminals)
      work.writing(-1)
    }
    socket.on("error", () => undefined)
    socket.once("close", () => left.abort())
    // One after the other, as the API answers them.
    socket.on("message", (data) => {
      before = before.then(() => answer(parseBody(String(data))))
    })
  }

  server.on("upgrade", (message: IncomingMessage, stream: Duplex, head: Buffer) => {
    const path = new URL(message.url ?? "/", "http://localhost").pathname
    work.arrivedAt(path)
    if (path !== protocol.path) return void stream.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n")
    sockets.handleUpgrade(message, stream, head, (socket) => serve(message, socket))
  })
  return {
    cutAll: () => {
      for (const socket of sockets.clients) socket.terminate()
    },
    open: () => sockets.clients.size,
  }
}
