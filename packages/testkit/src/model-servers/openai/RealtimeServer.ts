/**
 * A mock of a realtime model over WebSocket (the OpenAI Realtime protocol), on a free loopback port for as long as its scope is open.
 * It answers what a session must answer; what the voice says and does, and what goes wrong, the test says.
 */
import { createServer, type IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { Effect, type Scope } from "effect"
import { type WebSocket, WebSocketServer } from "ws"
import { close, listen } from "../ModelServer.js"

/** A message of either side. */
export type RealtimeMessage = Readonly<Record<string, unknown>> & { readonly type: string }

const isMessage = (value: unknown): value is RealtimeMessage =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {}

/** Messages that are kept of a connection: enough for any test. */
const kept = 2_048

/** What a server does with connections that come. */
export interface RealtimeBehaviour {
  /** HTTP status with which connections are refused; null: they are taken. */
  refuses: number | null
  /** True: a connection is taken and never answered, as by a peer that is gone. */
  isSilent: boolean
  /** True: the answer to `session.update` is an error. */
  refusesSession: boolean
  /** Whether a message that puts something in is confirmed; one that is not is taken all the same, and confirmed by `confirm`. */
  confirms: (message: RealtimeMessage) => boolean
}

/** One connection of a client. */
export class RealtimeSocket {
  /** What the client sent, oldest first. */
  readonly received: RealtimeMessage[] = []
  private readonly waiting = new Set<() => void>()
  private items = 0
  private responses = 0
  private active: string | null = null
  isOpen = true
  /** The code with which the client closed it; null: it is open, or was cut. */
  closeCode: number | null = null

  constructor(
    private readonly socket: WebSocket,
    /** Path and query of the connection. */
    readonly url: string,
    readonly authorization: string | undefined,
    private readonly behaviour: RealtimeBehaviour,
  ) {
    socket.on("message", (data) => {
      const message: unknown = JSON.parse(String(data))
      if (!isMessage(message)) return
      this.received.push(message)
      if (this.received.length > kept) this.received.shift()
      if (!this.behaviour.isSilent && this.isAnswered(message)) this.answer(message)
      this.wake()
    })
    socket.on("close", (code) => {
      this.isOpen = false
      this.closeCode = code
      this.wake()
    })
    socket.on("error", () => {})
    if (!behaviour.isSilent) this.say({ type: "session.created", session: { id: `sess_${url.length}` } })
  }

  private wake(): void {
    for (const look of this.waiting) look()
  }

  private isAnswered(message: RealtimeMessage): boolean {
    const putsIn = message.type === "conversation.item.create" || message.type === "response.create"
    return !putsIn || this.behaviour.confirms(message)
  }

  /** Confirms the newest message of a type that was put in. */
  confirm(type: "conversation.item.create" | "response.create"): void {
    const message = this.of(type).at(-1)
    if (message !== undefined) this.answer(message)
  }

  private answer(message: RealtimeMessage): void {
    switch (message.type) {
      case "session.update":
        return this.behaviour.refusesSession
          ? this.fail("invalid_request_error", "invalid_value", "This model is not served here.")
          : this.say({ type: "session.updated", session: message.session })
      case "conversation.item.create": {
        this.items += 1
        const item = { id: `item_c${this.items}`, ...fields(message.item) }
        this.say({ type: "conversation.item.added", previous_item_id: null, item })
        return this.say({ type: "conversation.item.done", previous_item_id: null, item })
      }
      case "response.create":
        if (this.active !== null) {
          const text = `Conversation already has an active response in progress: ${this.active}.`
          return this.fail("invalid_request_error", "conversation_already_has_active_response", text)
        }
        return void this.begin()
      case "response.cancel":
        return this.active === null
          ? this.fail("invalid_request_error", "response_cancel_not_active", "Cancellation failed: no active response.")
          : undefined
    }
  }

  /** Sends a message. */
  say(message: RealtimeMessage): void {
    if (this.isOpen) this.socket.send(JSON.stringify(message))
  }

  /** Sends bytes that are no message. */
  sayRaw(text: string): void {
    if (this.isOpen) this.socket.send(text)
  }

  /** Sends an error of the API. */
  fail(type: string, code: string, message: string): void {
    this.say({ type: "error", event_id: "event_error", error: { type, code, message, param: null, event_id: null } })
  }

  /** Whether a response is under way. */
  get isSpeaking(): boolean {
    return this.active !== null
  }

  /** Begins a response; its id. */
  begin(): string {
    this.responses += 1
    const id = `resp_${this.responses}`
    this.active = id
    this.say({ type: "response.created", response: { id, status: "in_progress" } })
    return id
  }

  /** Ends the response. */
  finish(status: "completed" | "cancelled" | "failed" = "completed"): void {
    const id = this.active ?? "resp_0"
    this.active = null
    this.say({ type: "response.done", response: { id, status } })
  }

  /** The voice says a text: pieces of its transcript, audio beside them, and the whole. */
  speaks(text: string, audio: readonly string[] = []): void {
    if (this.active === null) this.begin()
    this.items += 1
    const id = `item_v${this.items}`
    this.say({
      type: "conversation.item.added",
      item: { id, type: "message", role: "assistant", status: "in_progress", content: [] },
    })
    for (const delta of text.match(/\S+\s*/g) ?? []) {
      this.say({ type: "response.output_audio_transcript.delta", item_id: id, response_id: this.active, delta })
    }
    for (const delta of audio) {
      this.say({ type: "response.output_audio.delta", item_id: id, response_id: this.active, delta })
    }
    this.say({ type: "response.output_audio_transcript.done", item_id: id, response_id: this.active, transcript: text })
    this.finish()
  }

  /** The user is heard to say a text. */
  hears(text: string): void {
    this.items += 1
    const id = `item_u${this.items}`
    this.say({ type: "input_audio_buffer.speech_started", item_id: id, audio_start_ms: 0 })
    this.say({ type: "input_audio_buffer.speech_stopped", item_id: id, audio_end_ms: 1 })
    this.say({ type: "conversation.item.added", item: { id, type: "message", role: "user", content: [] } })
    this.say({ type: "conversation.item.input_audio_transcription.delta", item_id: id, delta: text })
    this.say({ type: "conversation.item.input_audio_transcription.completed", item_id: id, transcript: text })
  }

  /** The voice hands work off, by the function that the session offers for it. */
  handsOff(callId: string, prompt: string, name = this.workFunction): void {
    const args = JSON.stringify({ prompt })
    const item = { id: `fc_${callId}`, type: "function_call", name, call_id: callId, arguments: "" }
    if (this.active === null) this.begin()
    this.say({ type: "conversation.item.added", item })
    this.say({
      type: "response.function_call_arguments.done",
      item_id: item.id,
      call_id: callId,
      name,
      arguments: args,
    })
    this.say({ type: "conversation.item.done", item: { ...item, status: "completed", arguments: args } })
    this.finish()
  }

  /** The first function that the session offers. */
  private get workFunction(): string {
    const updates = this.received.filter(({ type }) => type === "session.update")
    const { tools } = fields(updates.at(-1)?.session)
    const [first] = Array.isArray(tools) ? tools.map(fields) : []
    return typeof first?.name === "string" ? first.name : "background_agent"
  }

  /** Messages of a type that the client sent. */
  of(type: string): readonly RealtimeMessage[] {
    return this.received.filter((message) => message.type === type)
  }

  /** Texts that the client wants to be said. */
  get speeches(): readonly string[] {
    return this.of("response.create").flatMap(({ response }) => {
      const { instructions } = fields(response)
      return typeof instructions === "string" ? [instructions.slice(instructions.lastIndexOf(": ") + 2)] : []
    })
  }

  /** Texts of items that the client put in. */
  get texts(): readonly string[] {
    return this.of("conversation.item.create").flatMap(({ item }) => {
      const { content, output } = fields(item)
      if (typeof output === "string") return [output]
      const parts = Array.isArray(content) ? content.map(fields) : []
      return parts.flatMap(({ text }) => (typeof text === "string" ? [text] : []))
    })
  }

  /** Waits until the client has done something. */
  until(isSo: (socket: RealtimeSocket) => boolean): Effect.Effect<void> {
    return Effect.async((resume) => {
      const look = (): void => {
        if (!isSo(this)) return
        this.waiting.delete(look)
        resume(Effect.void)
      }
      this.waiting.add(look)
      look()
      return Effect.sync(() => this.waiting.delete(look))
    })
  }

  /** Waits until the client has closed it. */
  get gone(): Effect.Effect<void> {
    return this.until(({ isOpen }) => !isOpen)
  }

  /** Closes it in good order. */
  close(code = 1000): void {
    this.socket.close(code)
  }

  /** Cuts it, as a network that goes away. */
  cut(): void {
    this.socket.terminate()
  }
}

export interface RealtimeServer {
  readonly port: number
  /** Base URL, as a client of the API is given it: `http://127.0.0.1:PORT/v1`. */
  readonly baseUrl: string
  /** The same without the path. */
  readonly origin: string
  readonly behaviour: RealtimeBehaviour
  /** Connections so far, oldest first. */
  readonly sockets: () => readonly RealtimeSocket[]
  /** The n-th connection (from 1); waits for it. */
  readonly socket: (ordinal: number) => Effect.Effect<RealtimeSocket>
  /** How many connections were refused. */
  readonly refused: () => number
}

/** A server of the protocol. */
export const realtimeServer: Effect.Effect<RealtimeServer, never, Scope.Scope> = Effect.gen(function* () {
  const behaviour: RealtimeBehaviour = { refuses: null, isSilent: false, refusesSession: false, confirms: () => true }
  const sockets: RealtimeSocket[] = []
  const waiting = new Set<() => void>()
  let refused = 0
  const upgrades = new WebSocketServer({ noServer: true })
  const server = createServer((_, response) => response.writeHead(404).end())
  server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if (behaviour.refuses !== null) {
      refused += 1
      stream.end(`HTTP/1.1 ${behaviour.refuses} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    upgrades.handleUpgrade(request, stream, head, (socket) => {
      sockets.push(new RealtimeSocket(socket, request.url ?? "", request.headers.authorization, behaviour))
      for (const look of waiting) look()
    })
  })
  const cutAll = Effect.sync(() => {
    for (const socket of upgrades.clients) socket.terminate()
  })
  const port = yield* Effect.acquireRelease(listen(server, 0), () => Effect.zipRight(cutAll, close(server)))
  const origin = `http://127.0.0.1:${port}`
  return {
    port,
    origin,
    baseUrl: `${origin}/v1`,
    behaviour,
    sockets: () => sockets,
    socket: (ordinal) =>
      Effect.async<RealtimeSocket>((resume) => {
        const look = (): void => {
          const found = sockets[ordinal - 1]
          if (found === undefined) return
          waiting.delete(look)
          resume(Effect.succeed(found))
        }
        waiting.add(look)
        look()
        return Effect.sync(() => waiting.delete(look))
      }),
    refused: () => refused,
  }
})
