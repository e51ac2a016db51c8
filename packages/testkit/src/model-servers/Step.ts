/** What a mock model server answers one request with. The steps of each protocol make these. */
import type { ModelRequest } from "./ModelRequest.js"

/** One server-sent event; its data is written as JSON. */
export interface Frame {
  readonly event: string
  readonly data: unknown
}

/** How a body ends: properly (even where what it says is not complete), or with a TCP reset in the middle of it. */
export type Ending = "end" | "reset"

export interface StatusReply {
  readonly kind: "status"
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Written as JSON. */
  readonly body: unknown
}

/** Status 200 and headers go out with the first frame: a stream that says nothing at first has not even answered. */
export interface StreamReply {
  readonly kind: "stream"
  readonly frames: Iterable<Frame> | AsyncIterable<Frame>
  /** Asked once the frames are all sent. */
  readonly ending: () => Ending
}

/** A JSON body that is known later, for a client that did not ask for a stream. */
export interface DeferredReply {
  readonly kind: "deferred"
  readonly body: Promise<unknown>
  readonly ending: () => Ending
}

export type Reply = StatusReply | StreamReply | DeferredReply

export interface StepContext {
  readonly request: ModelRequest
  /** Aborts when the client closes its connection, or the server goes. */
  readonly left: AbortSignal
}

/** One answer of the script; it is used for one request. */
export interface Step {
  /** For messages, for example `plain`. */
  readonly name: string
  readonly reply: (context: StepContext) => Reply
}

/** A list is used up in the order in which requests come in; a function is asked for every request. */
export type Script = readonly Step[] | ((request: ModelRequest) => Step)

/** Token counts that a mock model reports, as Threadfold counts them: the input includes the cached tokens. */
export interface ModelUsage {
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
}

/** The default token counts of a step: four different numbers, so that a test can tell them apart. */
export const defaultUsage: ModelUsage = {
  inputTokens: 120,
  cachedInputTokens: 20,
  outputTokens: 30,
  reasoningTokens: 5,
}

/** A text in `count` pieces of about the same length, none of them empty; fewer where the text has fewer characters. */
export const inPieces = (text: string, count: number): readonly string[] => {
  // By code points: half of a surrogate pair is no text.
  const characters = Array.from(text)
  const size = Math.max(1, Math.ceil(characters.length / Math.max(1, count)))
  const pieces: string[] = []
  for (let start = 0; start < characters.length; start += size) {
    pieces.push(characters.slice(start, start + size).join(""))
  }
  return pieces
}

/** How a text is streamed: in this many pieces, or in exactly these. */
export type Deltas = number | readonly string[]

/** The pieces of a text; three, where nothing else is said. */
export const piecesOf = (text: string, deltas: Deltas = 3): readonly string[] =>
  typeof deltas === "number" ? inPieces(text, deltas) : deltas
