/** Steps of a mock OpenAI model: what it answers to one request. */
import type { Effect, Scope } from "effect"
import type { Hold } from "../Hold.js"
import { type ModelServer, type ModelServerOptions, modelServer } from "../ModelServer.js"
import type { Deltas } from "../Step.js"
import { defaultUsage, type Ending, type Frame, type ModelUsage, type Step, type StepContext } from "../Step.js"
import { closeMessage, type Output, openMessage, outputFrames } from "./outputItems.js"
import {
  completed,
  created,
  failed as failedFrame,
  incomplete as incompleteFrame,
  responseIds,
  textDelta,
} from "./responseFrames.js"
import { errorReply, responsesProtocol } from "./responsesProtocol.js"

export interface ResponseOptions {
  /** Token counts of this request; what is not named is as in `defaultUsage`. */
  readonly usage?: Partial<ModelUsage>
}

export interface TextOptions extends ResponseOptions {
  /** In how many pieces, or in which, the text is streamed. */
  readonly deltas?: Deltas
}

type Frames = (context: StepContext) => Iterable<Frame> | AsyncIterable<Frame>

const stream = (name: string, frames: Frames, ending: Ending = "end"): Step => ({
  name,
  reply: (context) => ({ kind: "stream", frames: frames(context), ending: () => ending }),
})

const usageOf = ({ usage }: ResponseOptions): ModelUsage => ({ ...defaultUsage, ...usage })

/** Whatever frames one wants, after `response.created` and before the proper end of the body. */
export const frames = (list: readonly Frame[]): Step =>
  stream("frames", function* ({ request }) {
    yield created(responseIds(request.ordinal).response)
    yield* list
  })

/** A response of these output items, in this order, that completes. */
export const response = (outputs: readonly Output[], options: ResponseOptions = {}, name = "response"): Step =>
  stream(name, function* ({ request }) {
    const ids = responseIds(request.ordinal)
    yield created(ids.response)
    for (const [index, output] of outputs.entries()) yield* outputFrames(ids, index, output)
    yield completed(ids.response, usageOf(options))
  })

/** A message, and the turn is over. */
export const plain = (text: string, options: TextOptions = {}): Step =>
  response([{ type: "message", text, deltas: options.deltas }], options, "plain")

/** A message of so many deltas, as fast as the agent reads them. */
export const long = (count: number, options: ResponseOptions & { readonly delta?: (index: number) => string } = {}) => {
  const delta = options.delta ?? ((index: number) => `word${index} `)
  return stream("long", function* ({ request }) {
    const ids = responseIds(request.ordinal)
    const pieces: string[] = []
    yield created(ids.response)
    yield* openMessage(ids, 0, [])
    for (let index = 0; index < count; index += 1) {
      const piece = delta(index)
      pieces.push(piece)
      yield textDelta(0, ids.item("msg", 0), piece)
    }
    yield* closeMessage(ids, 0, pieces.join(""))
    yield completed(ids.response, usageOf(options))
  })
}

/** A reasoning summary of these parts and then, where there is a text, a message. */
export const reasoning = (summary: string | readonly string[], text?: string, options: TextOptions = {}): Step => {
  const parts = typeof summary === "string" ? [summary] : summary
  const message: readonly Output[] = text === undefined ? [] : [{ type: "message", text, deltas: options.deltas }]
  return response([{ type: "reasoning", summary: parts }, ...message], options, "reasoning")
}

export interface ToolOptions extends ResponseOptions {
  /** What the model says before it calls the tool. */
  readonly say?: string
  readonly callId?: string
  /** The namespace in which Codex offers the tool, for example `multi_agent_v1`. */
  readonly namespace?: string
}

const sayFirst = (say: string | undefined): readonly Output[] =>
  say === undefined ? [] : [{ type: "message", text: say }]

/** A call of a tool with JSON arguments. The agent's next request brings its output, and uses the next step. */
export const tool = (name: string, args: unknown, options: ToolOptions = {}): Step =>
  response(
    [...sayFirst(options.say), { type: "function", name, args, callId: options.callId, namespace: options.namespace }],
    options,
    `tool ${name}`,
  )

/** A shell command through Codex's own tool; `more` for its other arguments, for example a justification. */
export const command = (cmd: string, more: Readonly<Record<string, unknown>> = {}, options: ToolOptions = {}): Step =>
  tool("exec_command", { cmd, ...more }, options)

export interface PatchOptions extends ToolOptions {
  /**
   * `shell` (default): `apply_patch` in a shell command, which Codex recognizes for every model. `custom`: the free-text
   * tool `apply_patch`, which Codex offers only to models that it knows (for example `gpt-5.5`).
   */
  readonly through?: "shell" | "custom"
}

/** A patch in Codex's own format, from `*** Begin Patch` to `*** End Patch`. */
export const patch = (text: string, options: PatchOptions = {}): Step => {
  if (options.through !== "custom") return command(`apply_patch <<'PATCH'\n${text}\nPATCH`, {}, options)
  const call: Output = { type: "custom", name: "apply_patch", input: text, callId: options.callId }
  return response([...sayFirst(options.say), call], options, "patch")
}

/** How far a response comes that breaks off: nothing but its start, in the middle of a message, or after that message. */
export type CutAt = "start" | "text" | "item"

const cut = (name: string, ending: Ending, text: string, at: CutAt): Step =>
  stream(
    name,
    function* ({ request }) {
      const ids = responseIds(request.ordinal)
      yield created(ids.response)
      if (at === "item") yield* outputFrames(ids, 0, { type: "message", text })
      if (at === "text") yield* openMessage(ids, 0, [text])
    },
    ending,
  )

/** The body ends before the response does. */
export const eof = (text = "partial", at: CutAt = "text"): Step => cut("eof", "end", text, at)

/** The TCP connection is reset before the response ends. */
export const reset = (text = "partial", at: CutAt = "text"): Step => cut("reset", "reset", text, at)

export interface StatusOptions {
  /** Seconds, for the header `retry-after`. */
  readonly retryAfter?: number
  readonly message?: string
}

/** An HTTP error instead of a stream. */
export const status = (code: number, { message, retryAfter }: StatusOptions = {}): Step => {
  const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }
  return { name: `status ${code}`, reply: () => errorReply(code, message ?? `mock status ${code}`, headers) }
}

/** `response.failed`, for example `context_length_exceeded` or `server_error`. */
export const failed = (code = "server_error", message = "the mock model failed"): Step =>
  stream("failed", function* ({ request }) {
    const { response: id } = responseIds(request.ordinal)
    yield created(id)
    yield failedFrame(id, code, message)
  })

/** `response.incomplete` after a message, for example for `max_output_tokens`. */
export const incomplete = (reason = "max_output_tokens", text = "partial", options: ResponseOptions = {}): Step =>
  stream("incomplete", function* ({ request }) {
    const ids = responseIds(request.ordinal)
    yield created(ids.response)
    yield* outputFrames(ids, 0, { type: "message", text })
    yield incompleteFrame(ids.response, reason, usageOf(options))
  })

export interface HangOptions extends ResponseOptions {
  /** A whole message that comes before the one that the test says. */
  readonly first?: string
  /** True: not even the HTTP status comes before the hold says something. */
  readonly silent?: boolean
}

/** A message that comes as the test wants it to; see {@link Hold}. */
export const hang = (hold: Hold, options: HangOptions = {}): Step => ({
  name: "hang",
  reply: ({ left, request }) => {
    const ids = responseIds(request.ordinal)
    const held = hold.attach(request, left)
    async function* heldFrames() {
      const said: string[] = []
      let begun = false
      const place = options.first === undefined ? 0 : 1
      const begin = function* () {
        if (begun) return
        begun = true
        yield created(ids.response)
        if (options.first !== undefined) yield* outputFrames(ids, 0, { type: "message", text: options.first })
        yield* openMessage(ids, place, [])
      }
      if (options.silent !== true) yield* begin()
      for await (const text of held.texts) {
        yield* begin()
        said.push(text)
        yield textDelta(place, ids.item("msg", place), text)
      }
      if (held.ending() !== "completed") return
      yield* begin()
      yield* closeMessage(ids, place, said.join(""))
      yield completed(ids.response, usageOf(options))
    }
    return { kind: "stream", frames: heldFrames(), ending: () => (held.ending() === "reset" ? "reset" : "end") }
  },
})

export type { Output } from "./outputItems.js"

/** A mock of the OpenAI Responses API: give `baseUrl` to Codex as the `base_url` of a model provider. */
export const server = (options: ModelServerOptions = {}): Effect.Effect<ModelServer, never, Scope.Scope> =>
  modelServer(responsesProtocol, options)
