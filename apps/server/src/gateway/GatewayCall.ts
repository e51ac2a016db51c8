/**
 * One call of a model on its way through: the bytes pass as they come, both ways, at the pace of the slower side. Of its answer only
 * what completes an item, and what ends it, waits for the log. Everything that can end a call ends here, once.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http"
import type { AttemptInput, Signal } from "@threadfold/providers"
import { type AnswerReading, document, eventStream, mustWait, refusal, type Step } from "./AnswerReading.js"
import { type AttemptOfCall, endAtStop } from "./AttemptOfCall.js"
import { type BodyDecoder, bodyDecoder } from "./bodyDecoder.js"
import { inform, passedOn, upstreamRequestIdOf } from "./callHeaders.js"

/** What both sides of a call are. */
export interface CallSides {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly upstream: ClientRequest
}

/** What the agent is told when its call does not reach the model. */
export const unreachable = (message: string): string =>
  JSON.stringify({ type: "error", error: { type: "upstream_unreachable", code: "upstream_unreachable", message } })

const readingOf = (answer: IncomingMessage, attempt: AttemptOfCall): AnswerReading => {
  const status = answer.statusCode ?? 0
  if (status >= 400) return refusal(status)
  const isDocument = /[/+]json\b/i.test(answer.headers["content-type"] ?? "")
  return isDocument ? document(attempt.reader) : eventStream(attempt.reader)
}

export class GatewayCall {
  private isOver = false
  private answer: IncomingMessage | null = null
  private reading: AnswerReading | null = null
  private decoder: BodyDecoder | "plain" | null = "plain"
  /** Bytes of the body that are still to come; null: not known. */
  private left: number | null = null
  private isFinished = false
  /** What has come of the body in this tick. */
  private arrived: Buffer[] = []
  /** What is under way, so that an end comes after it. */
  private work: Promise<void> = Promise.resolve()
  private tasks = 0

  /**
   * @param attempt null: the call is none of a model, and passes unseen
   * @param isAgentOpen whether the route of the call is open still
   */
  constructor(
    private readonly sides: CallSides,
    private readonly attempt: AttemptOfCall | null,
    private readonly isAgentOpen: () => boolean,
    private readonly onOver: () => void,
  ) {
    const { request, response, upstream } = sides
    response.sendDate = false
    upstream.on("information", (answer) => inform(sides, answer))
    upstream.once("response", (answer) => this.answered(answer))
    upstream.on("error", (error) => {
      // What comes behind the end of an answer that is whole is about the connection alone.
      if (this.answer?.complete !== true) this.broken(error)
    })
    // The agent's end of the connection, whatever it was doing: waiting for the model, reading, or not reading.
    response.once("close", () => this.abandoned())
    if (attempt !== null) {
      request.on("data", (chunk: Buffer) => attempt.requested(chunk))
      request.once("end", () => attempt.sent())
    }
    request.pipe(upstream)
  }

  /**
   * The gateway stops. Where the agent still runs, the attempt ends `failed`, and the agent sees its connection break. Where it was
   * ended before, it has left the call, also when its socket has not said so yet.
   */
  async stop(): Promise<void> {
    this.end(endAtStop(this.isAgentOpen()), () => this.cut())
    await this.work
  }

  private answered(answer: IncomingMessage): void {
    this.answer = answer
    const { response } = this.sides
    const { attempt } = this
    if (attempt !== null) {
      attempt.answered(upstreamRequestIdOf(answer.headers))
      this.reading = readingOf(answer, attempt)
      this.decoder = bodyDecoder(answer.headers["content-encoding"])
      if (this.decoder === null) attempt.note({ type: "unreadable" })
      const length = Number(answer.headers["content-length"])
      this.left = Number.isSafeInteger(length) && answer.headers["content-length"] !== undefined ? length : null
    }
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, passedOn(answer.rawHeaders, answer.headers))
    // With the first bytes, where they are here already; at once where the body is still to come.
    setImmediate(() => {
      if (!response.writableEnded && !response.destroyed) response.flushHeaders()
    })
    answer.on("data", (chunk: Buffer) => this.received(chunk))
    answer.once("end", () => this.ended(answer))
    answer.on("error", (error) => this.broken(error))
    answer.once("close", () => {
      if (!answer.complete) this.broken(new Error("the connection was closed in the middle of the answer"))
    })
    response.on("drain", () => this.goOn())
  }

  /** Small chunks that one read of the socket brings pass as one: each write costs more than the bytes of it. */
  private received(chunk: Buffer): void {
    if (this.isOver) return
    if (this.arrived.push(chunk) === 1) process.nextTick(() => this.flush())
  }

  private flush(): void {
    const { arrived } = this
    const [first] = arrived
    if (first === undefined) return
    this.arrived = []
    this.passed(arrived.length === 1 ? first : Buffer.concat(arrived))
  }

  private passed(chunk: Buffer): void {
    if (this.left !== null) this.left -= chunk.length
    const { attempt, decoder, reading } = this
    if (attempt === null || reading === null || decoder === null) return this.write(chunk)
    if (decoder === "plain" && this.tasks === 0) {
      const steps = reading.push(chunk)
      const last = this.lastSteps(reading, chunk)
      if (steps.every(({ signals }) => !mustWait(signals)) && last.length === 0) {
        this.write(chunk)
        for (const { signals } of steps) attempt.note({ type: "signals", signals })
        return
      }
      return this.during(() => this.passSteps(chunk, [...steps, ...last], attempt))
    }
    this.during(async () => {
      const steps = decoder === "plain" ? reading.push(chunk) : await this.decoded(decoder, reading, chunk)
      await this.passSteps(chunk, [...steps, ...this.lastSteps(reading, chunk)], attempt)
    })
  }

  /** What the body says as a whole, with its last bytes. */
  private lastSteps(reading: AnswerReading, chunk: Buffer): readonly Step[] {
    if (this.left !== 0 || this.isFinished) return []
    this.isFinished = true
    const signals = reading.finish()
    return signals.length === 0 ? [] : [{ from: Math.max(0, chunk.length - 1), signals }]
  }

  private decoded(decoder: BodyDecoder, reading: AnswerReading, chunk: Buffer): Promise<readonly Step[]> {
    return new Promise((resolve) => {
      const steps: Step[] = []
      decoder.decode(
        chunk,
        // A place in the decoded bytes is none in the chunk: the whole of it waits.
        (piece) => steps.push(...reading.push(piece).map(({ signals }) => ({ from: 0, signals }))),
        () => {
          if (!decoder.isReadable()) this.attempt?.note({ type: "unreadable" })
          resolve(steps)
        },
      )
    })
  }

  /** Passes a chunk: at once up to the first frame that must wait, the rest once what it says is recorded. */
  private async passSteps(chunk: Buffer, steps: readonly Step[], attempt: AttemptOfCall): Promise<void> {
    const from = steps.find(({ signals }) => mustWait(signals))?.from ?? chunk.length
    if (from > 0) {
      this.write(chunk.subarray(0, from))
      // What may pass leaves before the work of recording begins: a write goes out at the end of its tick.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    // What is in one chunk is recorded together.
    await attempt.tell({ type: "signals", signals: steps.flatMap(({ signals }) => signals) })
    if (from < chunk.length) this.write(chunk.subarray(from))
  }

  /** Nothing more is read while this is under way. */
  private during(task: () => Promise<void>): void {
    this.answer?.pause()
    this.tasks += 1
    this.work = this.work.then(task).then(() => {
      this.tasks -= 1
      if (this.tasks === 0) this.goOn()
    })
  }

  private write(bytes: Uint8Array): void {
    const { response } = this.sides
    if (response.destroyed || response.writableEnded) return
    if (!response.write(bytes)) this.answer?.pause()
  }

  private goOn(): void {
    if (this.tasks === 0 && !this.sides.response.writableNeedDrain) this.answer?.resume()
  }

  private ended(answer: IncomingMessage): void {
    this.flush()
    const { response } = this.sides
    const finish = (): void => {
      if (Object.keys(answer.trailers).length > 0 && !response.destroyed) response.addTrailers(answer.trailers)
      response.end()
    }
    // Of a compressed body a piece may still be under way: the whole of it is read after that.
    if (this.tasks > 0) this.during(() => this.tellOf(this.wholeBody()))
    else {
      const signals = this.wholeBody()
      if (signals.length > 0) this.during(() => this.tellOf(signals))
    }
    this.end({ type: "ended" }, finish)
  }

  /** What the body says as a whole, where that was not said with its last bytes. */
  private wholeBody(): readonly Signal[] {
    const signals = this.isFinished ? [] : (this.reading?.finish() ?? [])
    this.isFinished = true
    return signals
  }

  private async tellOf(signals: readonly Signal[]): Promise<void> {
    if (signals.length > 0) await this.attempt?.tell({ type: "signals", signals })
  }

  private broken(error: Error): void {
    this.end({ type: "broken", error: `The connection to the model broke: ${error.message}.` }, () => {
      const { response } = this.sides
      if (response.headersSent || response.destroyed) return this.cut()
      const body = unreachable(`Threadfold's gateway could not reach the model: ${error.message}.`)
      response.writeHead(502, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
      response.end(body)
    })
  }

  private abandoned(): void {
    if (this.isOver) return
    this.end({ type: "gone", reason: "The agent closed the call before its end." }, () => undefined)
    this.sides.upstream.destroy()
  }

  private cut(): void {
    this.sides.upstream.destroy()
    this.sides.response.destroy()
  }

  /** The one path to the end of a call: after what is under way, once. */
  private end(input: AttemptInput, finish: () => void): void {
    if (this.isOver) return
    this.flush()
    this.isOver = true
    this.work = this.work
      .then(() => this.attempt?.tell(input))
      .then(() => {
        if (this.decoder !== "plain") this.decoder?.close()
        finish()
        this.onOver()
      })
  }
}
