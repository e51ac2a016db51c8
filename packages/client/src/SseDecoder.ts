/** Server-sent events out of pieces of text, with a bound on what one event may hold. */
import { createParser } from "eventsource-parser"

/** One dispatched event. */
export interface SseEvent {
  /** Last id that was seen, up to this event; null: none yet. */
  readonly id: string | null
  readonly event: string
  readonly data: string
}

/** Longest event that is taken, characters: more than the longest line that a server takes from an adapter makes of itself. */
export const maxEventLength = 32 * 1024 * 1024

/** Reads a stream piece by piece; keeps what a piece leaves unfinished. */
export class SseDecoder {
  private found: SseEvent[] = []
  private id: string | null = null
  /** Milliseconds that the server asked to wait before the next connection; null: it asked for none. */
  retryMs: number | null = null
  /** True: an event was longer than it may be. Nothing more is read. */
  tooLong = false
  private readonly parser

  constructor(maxBufferSize: number = maxEventLength) {
    this.parser = createParser({
      maxBufferSize,
      onEvent: ({ data, event, id }) => {
        if (id !== undefined) this.id = id
        this.found.push({ id: this.id, event: event ?? "message", data })
      },
      onRetry: (ms) => {
        this.retryMs = ms
      },
      onError: ({ type }) => {
        if (type === "max-buffer-size-exceeded") this.tooLong = true
      },
    })
  }

  /** The events that are complete with this piece, in order. */
  push(text: string): readonly SseEvent[] {
    if (this.tooLong) return []
    this.parser.feed(text)
    const { found } = this
    this.found = []
    return found
  }
}
