/** The model's and the agent's side of WebSockets through the gateway: the test plays both, message by message. */
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import { Effect } from "effect"
import { WebSocket, WebSocketServer } from "ws"

/** What a side has heard, and how it was closed. */
export class Side {
  readonly heard: (string | Buffer)[] = []
  closedWith: number | null = null
  private readonly waiting = new Set<() => void>()

  constructor(readonly socket: WebSocket) {
    socket.on("message", (data: Buffer, isBinary) => {
      this.heard.push(isBinary ? data : data.toString())
      this.look()
    })
    socket.on("error", () => undefined)
    socket.on("close", (code) => {
      this.closedWith = code
      this.look()
    })
  }

  private look(): void {
    for (const one of [...this.waiting]) one()
  }

  /** Waits until so many messages have come, or it is closed. */
  until(count: number): Promise<readonly (string | Buffer)[]> {
    return this.wait(() => this.heard.length >= count || this.closedWith !== null).then(() => this.heard)
  }

  /** The code with which it was closed. */
  get closed(): Promise<number> {
    return this.wait(() => this.closedWith !== null).then(() => this.closedWith ?? 0)
  }

  private wait(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return
        this.waiting.delete(look)
        resolve()
      }
      this.waiting.add(look)
      look()
    })
  }

  say(...messages: readonly (object | string | Buffer)[]): void {
    for (const one of messages) {
      this.socket.send(typeof one === "string" || Buffer.isBuffer(one) ? one : JSON.stringify(one))
    }
  }
}

export interface SocketModelOptions {
  /** Answers a handshake without taking it; null: takes it. */
  readonly refuses?: (request: IncomingMessage, socket: Duplex) => boolean
  /** Headers of the answer to a handshake. */
  readonly headers?: readonly string[]
  /** False: it does not answer pings, as a peer that is gone. */
  readonly answersPings?: boolean
  /** False: its messages are not compressed. */
  readonly compresses?: boolean
}

/** A model server that takes WebSockets. */
export const socketModel = (options: SocketModelOptions = {}) =>
  Effect.gen(function* () {
    const sides: Side[] = []
    const requests: IncomingMessage[] = []
    const waiting = new Set<() => void>()
    const sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: options.compresses ?? true,
      autoPong: options.answersPings ?? true,
    })
    sockets.on("headers", (lines: string[]) => lines.push(...(options.headers ?? [])))
    const server = createServer()
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      requests.push(request)
      if (options.refuses?.(request, socket) === true) return
      sockets.handleUpgrade(request, socket, head, (opened) => {
        sides.push(new Side(opened))
        for (const look of [...waiting]) look()
      })
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
      () =>
        Effect.promise(() => {
          for (const one of sockets.clients) one.terminate()
          const closed = new Promise<void>((resolve) => server.close(() => resolve()))
          server.closeAllConnections()
          return closed
        }),
    )
    const { port } = server.address() as AddressInfo
    return {
      url: `http://127.0.0.1:${port}/v1`,
      requests,
      /** The n-th connection (from 1). */
      side: (ordinal: number): Promise<Side> =>
        new Promise((resolve) => {
          const look = (): void => {
            const side = sides[ordinal - 1]
            if (side === undefined) return
            waiting.delete(look)
            resolve(side)
          }
          waiting.add(look)
          look()
        }),
    }
  })

export interface AgentSide {
  readonly side: Side
  readonly answer: IncomingMessage
}

/** Opens the agent's side of a WebSocket. Fails with the answer where it is refused. */
export const openAgent = (
  baseUrl: string,
  {
    headers = {},
    path = "/responses",
    protocols = [],
  }: {
    readonly headers?: Readonly<Record<string, string>>
    readonly path?: string
    readonly protocols?: readonly string[]
  } = {},
): Promise<AgentSide | IncomingMessage> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`${baseUrl.replace(/^http/, "ws")}${path}`, [...protocols], { headers })
    const side = new Side(socket)
    let answer: IncomingMessage | undefined
    socket.once("upgrade", (accepted) => {
      answer = accepted
    })
    socket.once("unexpected-response", (_request, refusal: IncomingMessage) => resolve(refusal))
    socket.once("open", () => {
      if (answer !== undefined) resolve({ side, answer })
    })
  })

/** The same where it must be taken. Closed with the scope. */
export const agentSide = (baseUrl: string, options: Parameters<typeof openAgent>[1] = {}) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const opened = await openAgent(baseUrl, options)
      if (!("side" in opened)) throw new Error(`refused with ${opened.statusCode}`)
      return opened
    }),
    ({ side }) => Effect.sync(() => side.socket.terminate()),
  )

/** Messages of the protocol. */
export const create = (more: object = {}) => ({ type: "response.create", model: "m", input: [], ...more })
export const delta = (text = "x") => ({ type: "response.output_text.delta", delta: text })
export const itemDone = (index: number, more: object = {}) => ({
  type: "response.output_item.done",
  output_index: index,
  item: { type: "message", id: `msg_${index}`, ...more },
})
export const created = (id: string) => ({ type: "response.created", response: { id } })
export const done = (id: string) => ({
  type: "response.completed",
  response: { id, usage: { input_tokens: 1, output_tokens: 2 } },
})
