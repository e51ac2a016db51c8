/** Steps of a mock Anthropic model: what it answers to one request, streamed or not as the request wants it. */
import type { Effect, Scope } from "effect"
import { text as asText, get } from "../../oracle/readWire.js"
import type { Hold } from "../Hold.js"
import type { ModelRequest } from "../ModelRequest.js"
import { type ModelServer, type ModelServerOptions, modelServer } from "../ModelServer.js"
import type { Deltas } from "../Step.js"
import { defaultUsage, type Ending, type Frame, type ModelUsage, type Reply, type Step } from "../Step.js"
import { type Block, blockFrames, openText, wholeBlock } from "./contentBlocks.js"
import {
  blockStop,
  errorFrame,
  message as messageBody,
  messageDelta,
  messageStart,
  messageStop,
  type StopReason,
  textDelta,
} from "./messageFrames.js"
import { errorReply, messagesProtocol } from "./messagesProtocol.js"

export interface MessageOptions {
  /** Token counts of this request; what is not named is as in `defaultUsage`. Reasoning has no count of its own here. */
  readonly usage?: Partial<ModelUsage>
  /** Why the model stops; `tool_use` where it calls a tool, else `end_turn`, unless set. */
  readonly stopReason?: StopReason
}

export interface TextOptions extends MessageOptions {
  /** In how many pieces, or in which, the text is streamed. */
  readonly deltas?: Deltas
}

const usageOf = ({ usage }: MessageOptions): ModelUsage => ({ ...defaultUsage, ...usage })
const idOf = (request: ModelRequest): string => `msg_${request.ordinal}`
const modelOf = (request: ModelRequest): string => asText(get(request.body, "model")) ?? "mock-model"
const isStreamed = (request: ModelRequest): boolean => get(request.body, "stream") === true

const stopReasonOf = (blocks: readonly Block[], options: MessageOptions): StopReason =>
  options.stopReason ?? (blocks.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn")

/** A message of these blocks, in this order. */
export const message = (blocks: readonly Block[], options: MessageOptions = {}, name = "message"): Step => ({
  name,
  reply: ({ request }): Reply => {
    const usage = usageOf(options)
    const stopReason = stopReasonOf(blocks, options)
    const { ordinal } = request
    if (!isStreamed(request)) {
      const content = blocks.map((block, index) => wholeBlock(ordinal, index, block))
      const body = messageBody(idOf(request), modelOf(request), usage, { content, stopReason })
      return { kind: "status", status: 200, headers: {}, body }
    }
    function* frames() {
      yield messageStart(idOf(request), modelOf(request), usage)
      for (const [index, block] of blocks.entries()) yield* blockFrames(ordinal, index, block)
      yield messageDelta(stopReason, usage)
      yield messageStop
    }
    return { kind: "stream", frames: frames(), ending: () => "end" }
  },
})

/** A text, and the turn is over. */
export const plain = (text: string, options: TextOptions = {}): Step =>
  message([{ type: "text", text, deltas: options.deltas }], options, "plain")

/** A text of so many deltas, as fast as the agent reads them. */
export const long = (count: number, options: MessageOptions & { readonly delta?: (index: number) => string } = {}) => {
  const delta = options.delta ?? ((index: number) => `word${index} `)
  const deltas = Array.from({ length: count }, (_, index) => delta(index))
  return message([{ type: "text", text: "", deltas }], options, "long")
}

/** Thinking and then, where there is a text, a text. */
export const thinking = (thought: string, text?: string, options: TextOptions = {}): Step => {
  const rest: readonly Block[] = text === undefined ? [] : [{ type: "text", text, deltas: options.deltas }]
  return message([{ type: "thinking", thinking: thought }, ...rest], options, "thinking")
}

export interface ToolOptions extends MessageOptions {
  /** What the model says before it calls the tool. */
  readonly say?: string
  /** Id of the call. */
  readonly id?: string
}

/** A call of a tool. The agent's next request brings its result, and uses the next step. */
export const tool = (name: string, input: unknown, options: ToolOptions = {}): Step => {
  const first: readonly Block[] = options.say === undefined ? [] : [{ type: "text", text: options.say }]
  return message([...first, { type: "tool_use", name, input, id: options.id }], options, `tool ${name}`)
}

/** A shell command through the agent's tool `Bash`. */
export const command = (cmd: string, options: ToolOptions = {}): Step =>
  tool("Bash", { command: cmd, description: "a scripted command" }, options)

/** A file through the agent's tool `Write`. */
export const write = (path: string, content: string, options: ToolOptions = {}): Step =>
  tool("Write", { file_path: path, content }, options)

/** How far a message comes that breaks off: nothing but its start, in the middle of a text, or after that text. */
export type CutAt = "start" | "text" | "block"

/** A body that is not streamed has no middle to show: it breaks off, whichever way. */
const cut = (name: string, ending: Ending, text: string, at: CutAt): Step => ({
  name,
  reply: ({ request }): Reply => {
    const id = idOf(request)
    const model = modelOf(request)
    if (!isStreamed(request)) {
      const whole = { content: [{ type: "text", text }], stopReason: "end_turn" } as const
      return {
        kind: "deferred",
        body: Promise.resolve(messageBody(id, model, defaultUsage, whole)),
        ending: () => "reset",
      }
    }
    function* frames() {
      yield messageStart(id, model, defaultUsage)
      if (at === "start") return
      yield* openText(0, [text])
      if (at === "block") yield blockStop(0)
    }
    return { kind: "stream", frames: frames(), ending: () => ending }
  },
})

/** The body ends before the message does. */
export const eof = (text = "partial", at: CutAt = "text"): Step => cut("eof", "end", text, at)

/** The TCP connection is reset before the message ends. */
export const reset = (text = "partial", at: CutAt = "text"): Step => cut("reset", "reset", text, at)

export interface StatusOptions {
  /** Seconds, for the header `retry-after`. */
  readonly retryAfter?: number
  readonly message?: string
}

/** An HTTP error instead of a message: 429 rate limit, 500 fault, 529 overloaded … */
export const status = (code: number, { message: text, retryAfter }: StatusOptions = {}): Step => {
  const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }
  return { name: `status ${code}`, reply: () => errorReply(code, text ?? `mock status ${code}`, headers) }
}

/** An error event in the middle of a stream, for example `overloaded_error` or `api_error`. */
export const failed = (type = "overloaded_error", text = "the mock model failed"): Step => ({
  name: "failed",
  reply: ({ request }): Reply => {
    if (!isStreamed(request)) return errorReply(type === "overloaded_error" ? 529 : 500, text)
    const frames: readonly Frame[] = [
      messageStart(idOf(request), modelOf(request), defaultUsage),
      errorFrame(type, text),
    ]
    return { kind: "stream", frames, ending: () => "end" }
  },
})

export interface HangOptions extends MessageOptions {
  /** True: not even the HTTP status comes before the hold says something. */
  readonly silent?: boolean
}

/** A text that comes as the test wants it to; see {@link Hold}. Where no stream was asked for, it comes at the end. */
export const hang = (hold: Hold, options: HangOptions = {}): Step => ({
  name: "hang",
  reply: ({ left, request }): Reply => {
    const usage = usageOf(options)
    const stopReason = options.stopReason ?? "end_turn"
    const id = idOf(request)
    const model = modelOf(request)
    const held = hold.attach(request, left)
    if (!isStreamed(request)) {
      const collect = async () => {
        const said: string[] = []
        for await (const text of held.texts) said.push(text)
        return messageBody(id, model, usage, { content: [{ type: "text", text: said.join("") }], stopReason })
      }
      return { kind: "deferred", body: collect(), ending: () => (held.ending() === "completed" ? "end" : "reset") }
    }
    async function* frames() {
      let begun = false
      const begin = function* () {
        if (!begun) yield* [messageStart(id, model, usage), ...openText(0, [])]
        begun = true
      }
      if (options.silent !== true) yield* begin()
      for await (const text of held.texts) {
        yield* begin()
        yield textDelta(0, text)
      }
      if (held.ending() !== "completed") return
      yield* begin()
      yield blockStop(0)
      yield messageDelta(stopReason, usage)
      yield messageStop
    }
    return { kind: "stream", frames: frames(), ending: () => (held.ending() === "reset" ? "reset" : "end") }
  },
})

export type { Block } from "./contentBlocks.js"
export type { StopReason } from "./messageFrames.js"

/** A mock of the Anthropic Messages API: give `baseUrl` to Claude agents as `ANTHROPIC_BASE_URL`. */
export const server = (options: ModelServerOptions = {}): Effect.Effect<ModelServer, never, Scope.Scope> =>
  modelServer(messagesProtocol, options)
