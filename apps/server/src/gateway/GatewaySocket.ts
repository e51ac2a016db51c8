/**
 * One WebSocket of an agent on its way through to its model: messages pass unchanged both ways, at the pace of the slower side. Each
 * request on it is one call of a model. Of the answers only what completes an item, and what ends one, waits for the log. Whatever ends
 * the connection ends the calls that run on it, once.
 */
import {
  type AttemptInput,
  frameOfMessage,
  type ModelProtocol,
  type ProtocolReader,
  requestInMessage,
  type Signal,
  type SocketRequest,
  streamOfMessage,
} from "@threadfold/providers"
import { WebSocket } from "ws"
import { mustWait } from "./AnswerReading.js"
import { type AttemptOfCall, endAtStop } from "./AttemptOfCall.js"

/** The limits of one connection. */
export interface SocketLimits {
  /** Longest message of the agent, bytes. */
  readonly requestBytes: number
  /** Longest message of the model, bytes. */
  readonly answerBytes: number
  /** How often the model is asked whether it is there, ms. One that is not heard of in two such times is gone. */
  readonly pingMs: number
  /** How long a side may take to confirm a close, ms. */
  readonly closeMs: number
  /** How long the model may take to accept a WebSocket, ms. */
  readonly handshakeMs: number
}

export const defaultSocketLimits: SocketLimits = {
  // Requests bring images, and are held as a whole before they pass.
  requestBytes: 64 * 1024 * 1024,
  answerBytes: 16 * 1024 * 1024,
  pingMs: 20_000,
  closeMs: 2_000,
  handshakeMs: 60_000,
}

/** Bytes that wait to be sent to a side from which on the other one is not read. */
const highWater = 1024 * 1024
/** Requests of a connection that may be without their answer at a time. Agents ask one after the other. */
const mostRequests = 16

/** Pings without an answer after which a model is gone to which a request is still being sent. */
const mostMissedWhileSending = 15

/** Codes of the protocol: an endpoint goes away; a rule was broken; a message is too long. */
const code = { goesAway: 1001, policy: 1008, tooLong: 1009 } as const

interface Message {
  readonly data: Buffer
  readonly isBinary: boolean
}

/** A request that has no end of its answer yet. */
interface Asked {
  /** Null: nothing is generated for it, and it is not recorded. */
  readonly attempt: AttemptOfCall | null
  readonly reader: ProtocolReader
  readonly streamId: string | null
  isAnswered: boolean
}

/** Closes a side as the other one was closed. Codes that no side may send stand for a connection that was cut. */
const closeLike = (side: WebSocket, closedWith: number, reason: Buffer): void => {
  const isSendable =
    (closedWith >= 1000 && closedWith <= 1014 && ![1004, 1005, 1006].includes(closedWith)) || closedWith >= 3000
  if (isSendable) side.close(closedWith, reason)
  else if (closedWith === 1005) side.close()
  else side.terminate()
}

/** The message of a WebSocket, as the library gives it here: one buffer. */
const bufferOf = (data: Buffer | ArrayBuffer | Buffer[]): Buffer =>
  Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)

/** What a connection needs to know of its surroundings. */
export interface SocketSurroundings {
  readonly limits: SocketLimits
  /** Begins the attempt of a request. */
  readonly begin: (request: SocketRequest, protocol: ModelProtocol) => AttemptOfCall
  /** The model's id of the connection, which stands for that of each call. */
  readonly upstreamRequestId: string | null
  readonly isAgentOpen: () => boolean
  readonly onOver: () => void
}

export class GatewaySocket {
  private readonly asked: Asked[] = []
  /** Messages of the model that have not passed yet, in order. */
  private readonly arrived: Message[] = []
  private arrivedBytes = 0
  private isPlanned = false
  /** A recording that is under way; what comes after it waits. */
  private work: Promise<void> = Promise.resolve()
  private isRecording = false
  private ending: Promise<void> | null = null
  private whyBroken: string | null = null
  private isTooLong = false
  /** Pings since the model was heard of. */
  private missed = 0
  private readonly watch: NodeJS.Timeout

  /** @param protocol null: the connection carries no calls of a model, and passes unseen */
  constructor(
    private readonly agent: WebSocket,
    private readonly model: WebSocket,
    private readonly protocol: ModelProtocol | null,
    private readonly around: SocketSurroundings,
  ) {
    agent.on("message", (data, isBinary) => this.said({ data: bufferOf(data), isBinary }))
    agent.on("error", () => undefined)
    agent.once("close", (closedWith, reason) => this.left(closedWith, reason))
    model.on("message", (data, isBinary) => this.received({ data: bufferOf(data), isBinary }))
    for (const sign of ["ping", "pong"] as const) {
      model.on(sign, () => {
        this.missed = 0
      })
    }
    model.on("error", (error) => {
      this.whyBroken ??= error.message
      this.isTooLong ||= "code" in error && error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH"
    })
    model.once("close", (closedWith, reason) => this.closed(closedWith, reason))
    this.watch = setInterval(() => this.look(), around.limits.pingMs)
  }

  /** The gateway stops. */
  async stop(): Promise<void> {
    this.end(endAtStop(this.around.isAgentOpen()), () => this.cut())
    await this.ending
    this.cut()
  }

  /** A message of the agent. It leaves before it is looked at. */
  private said(message: Message): void {
    if (this.ending !== null) return
    const { protocol } = this
    if (!this.around.isAgentOpen()) return this.refuse("The session of this connection is over.")
    this.pass(message, this.agent, this.model)
    const request = protocol === null || message.isBinary ? null : requestInMessage(message.data)
    if (protocol === null || request === null) return
    if (this.asked.length >= mostRequests)
      return this.refuse(`More than ${mostRequests} requests are without an answer.`)
    const attempt = request.generates ? this.around.begin(request, protocol) : null
    attempt?.sent(request.model)
    const reader = attempt?.reader ?? protocol.reader()
    this.asked.push({ attempt, reader, streamId: request.streamId, isAnswered: false })
  }

  /** The agent broke a rule of ours: it is told so, and its calls are cancelled. */
  private refuse(why: string): void {
    this.end({ type: "gone", reason: why }, () => undefined)
    this.closeSoon(this.agent, () => this.agent.close(code.policy, why))
    this.closeSoon(this.model, () => this.model.close(code.goesAway))
  }

  private received(message: Message): void {
    this.missed = 0
    if (this.ending !== null) return
    this.arrived.push(message)
    this.arrivedBytes += message.data.length
    // What a paused socket has read already still comes, and may grow by decompression: no more than that may wait.
    if (this.arrivedBytes + this.agent.bufferedAmount > 2 * this.around.limits.answerBytes) {
      this.isTooLong = true
      this.whyBroken ??= "more came at a time than may wait"
      return this.model.terminate()
    }
    if (this.isPlanned) return
    this.isPlanned = true
    // What one read of the socket brings is recorded together.
    process.nextTick(() => {
      this.isPlanned = false
      this.passOn()
    })
  }

  /** Passes what has arrived, up to the first message that must be recorded first; that, and what came with it, after its commit. */
  private passOn(): void {
    while (!this.isRecording) {
      const message = this.take()
      if (message === undefined) return this.goOn()
      const first = this.read(message)
      if (mustWait(first.signals)) return this.record(message, first)
      this.pass(message, this.model, this.agent)
      if (first.signals.length > 0) first.asked?.attempt?.note({ type: "signals", signals: first.signals })
    }
  }

  private take(): Message | undefined {
    const message = this.arrived.shift()
    this.arrivedBytes -= message?.data.length ?? 0
    return message
  }

  private record(message: Message, { asked, signals }: Heard): void {
    const held = [message]
    const told = [...signals]
    const isOver = (): boolean => told.some(({ type }) => type === "terminal")
    // Of one answer alone: what follows on its end is another call's.
    while (!isOver() && this.asked.length === 1) {
      const next = this.take()
      if (next === undefined) break
      held.push(next)
      told.push(...this.read(next).signals)
    }
    if (isOver() && asked !== null) this.asked.splice(this.asked.indexOf(asked), 1)
    this.isRecording = true
    if (!this.model.isPaused) this.model.pause()
    this.work = Promise.resolve(asked?.attempt?.tell({ type: "signals", signals: told })).then(() => {
      for (const one of held) this.pass(one, this.model, this.agent)
      this.isRecording = false
      this.passOn()
    })
  }

  /** What a message says, and of which request. */
  private read({ data, isBinary }: Message): Heard {
    if (isBinary || this.asked.length === 0) return { asked: null, signals: [] }
    const asked = this.askedBy(data)
    if (!asked.isAnswered) {
      asked.isAnswered = true
      asked.attempt?.answered(this.around.upstreamRequestId)
    }
    const frame = frameOfMessage(data, asked.reader)
    return { asked, signals: frame === null ? [] : asked.reader.frame(frame) }
  }

  /** The request that a message answers: the oldest one, of its own stream where the agent uses several. */
  private askedBy(data: Buffer): Asked {
    const [oldest] = this.asked
    if (oldest === undefined) throw new Error("nothing was asked")
    if (this.asked.every(({ streamId }) => streamId === oldest.streamId)) return oldest
    const streamId = streamOfMessage(data)
    return this.asked.find((one) => one.streamId === streamId) ?? oldest
  }

  /** Sends a message on. The side that it came from is not read while too much waits. */
  private pass({ data, isBinary }: Message, from: WebSocket, to: WebSocket): void {
    if (to.readyState !== WebSocket.OPEN) return
    to.send(data, { binary: isBinary }, () => {
      if (from === this.model) this.goOn()
      else if (from.isPaused && to.bufferedAmount < highWater) from.resume()
    })
    if (to.bufferedAmount >= highWater && !from.isPaused) from.pause()
  }

  private goOn(): void {
    const isFree = !this.isRecording && this.agent.bufferedAmount < highWater
    if (isFree && this.model.isPaused) this.model.resume()
  }

  /** The agent has closed its side, or has gone. */
  private left(closedWith: number, reason: Buffer): void {
    this.end({ type: "gone", reason: "The agent closed the WebSocket before the end of the call." }, () => undefined)
    // A model that is not read does not hear of a close.
    if (this.model.isPaused) this.model.resume()
    this.closeSoon(this.model, () => closeLike(this.model, closedWith, reason))
    this.over()
  }

  /** The model has closed its side, or has gone. */
  private closed(closedWith: number, reason: Buffer): void {
    const why =
      this.whyBroken ??
      (closedWith === 1006 ? "it was cut" : `code ${closedWith}${reason.length > 0 ? `, ${reason}` : ""}`)
    this.end({ type: "broken", error: `The WebSocket to the model closed before the end of the call: ${why}.` }, () => {
      if (this.isTooLong)
        this.closeSoon(this.agent, () => this.agent.close(code.tooLong, "A message of the model is too long."))
      else this.closeSoon(this.agent, () => closeLike(this.agent, closedWith, reason))
    })
    this.over()
  }

  /** Asks the model whether it is there. */
  private look(): void {
    // An agent that is not read is found gone by a write alone.
    if (this.agent.isPaused) this.agent.ping()
    if (this.model.readyState !== WebSocket.OPEN) return
    // While it is not read, its answers are not either.
    if (this.model.isPaused) {
      this.missed = 0
      return
    }
    // A long request on a slow line goes before the question.
    if (this.missed >= (this.model.bufferedAmount > 0 ? mostMissedWhileSending : 1)) {
      this.whyBroken ??= "it is not heard of any more"
      return this.model.terminate()
    }
    this.missed += 1
    this.model.ping()
  }

  private closeSoon(side: WebSocket, close: () => void): void {
    if (side.readyState === WebSocket.CLOSED) return
    close()
    const timer = setTimeout(() => side.terminate(), this.around.limits.closeMs)
    side.once("close", () => clearTimeout(timer))
  }

  private cut(): void {
    this.agent.terminate()
    this.model.terminate()
  }

  /** The one path to the end of a connection: after what has arrived, once. */
  private end(input: AttemptInput, finish: () => void): void {
    if (this.ending !== null) return
    this.ending = this.settle(input).then(finish)
  }

  private async settle(input: AttemptInput): Promise<void> {
    do {
      this.passOn()
      await this.work
    } while (this.isRecording || this.arrived.length > 0)
    await Promise.all(this.asked.splice(0).map(({ attempt }) => attempt?.tell(input)))
  }

  private over(): void {
    const isOver = [this.agent, this.model].every(({ readyState }) => readyState === WebSocket.CLOSED)
    if (!isOver) return
    clearInterval(this.watch)
    void this.ending?.then(this.around.onOver)
  }
}

/** What a message says. */
interface Heard {
  /** Null: it answers no request. */
  readonly asked: Asked | null
  readonly signals: readonly Signal[]
}
