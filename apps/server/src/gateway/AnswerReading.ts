/**
 * Reads the body of one answer as it passes: which of its bytes must wait for a commit, and what they say. An answer is a stream of
 * events, or one JSON document. No more of either is held than the bound of one event.
 */
import { maxFrameBytes, type ProtocolReader, type Signal, SseFrames } from "@threadfold/providers"

/** What a piece of the body says, and the place in the piece from which on it must wait until that is recorded. */
export interface Step {
  readonly from: number
  readonly signals: readonly Signal[]
}

export interface AnswerReading {
  /** The steps of a piece of the decoded body, in order. */
  readonly push: (piece: Uint8Array) => readonly Step[]
  /** The body is whole. What it says by that. */
  readonly finish: () => readonly Signal[]
}

/** Whether this must be in the log before the consumer hears of it. */
export const mustWait = (signals: readonly Signal[]): boolean => signals.some(({ type }) => type !== "evidence")

/** A body of server-sent events. */
export const eventStream = (reader: ProtocolReader): AnswerReading => {
  const frames = new SseFrames(reader.reads)
  return {
    push: (piece) =>
      frames.push(piece).flatMap(({ frame, start }) => {
        const signals = reader.frame(frame)
        return signals.length === 0 ? [] : [{ from: start, signals }]
      }),
    finish: () => [],
  }
}

/** A body of which the whole is needed, up to the bound. `read`: what it says. */
const wholeBody = (read: (text: string) => readonly Signal[]): AnswerReading => {
  const pieces: Uint8Array[] = []
  let bytes = 0
  return {
    push: (piece) => {
      bytes += piece.length
      if (bytes <= maxFrameBytes) pieces.push(Uint8Array.from(piece))
      else pieces.length = 0
      return []
    },
    finish: () => read(bytes <= maxFrameBytes ? Buffer.concat(pieces).toString("utf8") : ""),
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A JSON document. */
export const document = (reader: ProtocolReader): AnswerReading =>
  wholeBody((text) => {
    const body = parsed(text)
    // A body that is too long to be read, or no JSON, was still answered as a whole.
    return body === undefined ? [{ type: "terminal", outcome: "completed" }] : reader.body(body, text.length)
  })

/** Longest text of an error that is kept, characters. */
const longestError = 2_000

const messageIn = (body: unknown): string | null => {
  if (typeof body !== "object" || body === null) return null
  const error: unknown = "error" in body ? body.error : "detail" in body ? body.detail : body
  if (typeof error === "string") return error
  if (typeof error !== "object" || error === null || !("message" in error)) return null
  return typeof error.message === "string" ? error.message : null
}

/** The answer to a call that was refused. */
export const refusal = (status: number): AnswerReading =>
  wholeBody((text) => {
    const said = messageIn(parsed(text)) ?? text.trim()
    const error = said === "" ? `HTTP ${status}` : `HTTP ${status}: ${said.slice(0, longestError)}`
    return [{ type: "terminal", outcome: "failed", error }]
  })
