/**
 * A model stream that a test controls: the test decides what it sends and how it ends. One hold may answer several requests (of
 * an agent that tries again): each gets everything from the start.
 */
import { Effect } from "effect"
import type { ModelRequest } from "./ModelRequest.js"

/** `completed`: as the protocol wants it; `eof`: the body ends early; `reset`: the TCP connection is reset. */
export type HoldEnd = "completed" | "eof" | "reset"

export interface Hold {
  /** Streams this text now. */
  readonly say: (text: string) => void
  /** Ends the stream. Later texts are dropped. */
  readonly end: (how?: HoldEnd) => void
  /** The first request that was answered with this hold. */
  readonly reached: Effect.Effect<ModelRequest>
  /** A client of this hold has gone before its end: an interrupt, or a time limit of the agent. */
  readonly left: Effect.Effect<void>
  /** How many requests were answered with it up to now. */
  readonly uses: () => number
  /** For the steps of a protocol: the texts for one request, and how they ended. */
  readonly attach: (request: ModelRequest, left: AbortSignal) => HeldStream
}

export interface HeldStream {
  readonly texts: AsyncIterable<string>
  /** Null: the client left first. Known when the texts are over. */
  readonly ending: () => HoldEnd | null
}

/** A promise and what settles it. Settling again has no effect. */
const latch = <A>() => {
  let settle: (value: A) => void = () => undefined
  const promise = new Promise<A>((resolve) => {
    settle = resolve
  })
  return { settle, value: Effect.promise(() => promise) }
}

export const makeHold = (): Hold => {
  const said: string[] = []
  const waiting = new Set<() => void>()
  const reached = latch<ModelRequest>()
  const left = latch<void>()
  let uses = 0
  let end: HoldEnd | null = null

  const wake = () => {
    for (const resume of waiting) resume()
    waiting.clear()
  }

  const attach = (request: ModelRequest, signal: AbortSignal): HeldStream => {
    uses += 1
    reached.settle(request)
    // Outside of the stream below, because a client may leave before the stream is read.
    const leave = () => {
      if (end === null) left.settle()
      wake()
    }
    if (signal.aborted) leave()
    else signal.addEventListener("abort", leave, { once: true })
    async function* texts() {
      for (let heard = 0; ; ) {
        while (heard < said.length && !signal.aborted) yield said[heard++] ?? ""
        if (signal.aborted || end !== null) return
        await new Promise<void>((resolve) => waiting.add(resolve))
      }
    }
    return { texts: texts(), ending: () => (signal.aborted ? null : end) }
  }

  return {
    say: (text) => {
      if (end !== null) return
      said.push(text)
      wake()
    },
    end: (how = "completed") => {
      end ??= how
      wake()
    },
    reached: reached.value,
    left: left.value,
    uses: () => uses,
    attach,
  }
}
