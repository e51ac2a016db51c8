/** Server-sent events out of pieces of text, as the HTML standard reads them. */

/** One dispatched event. */
export interface SseEvent {
  /** Last id that was seen, up to this event; null: none yet. */
  readonly id: string | null
  readonly event: string
  readonly data: string
}

/** Reads a stream piece by piece; keeps what a piece leaves unfinished. */
export class SseParser {
  private rest = ""
  private data: string[] = []
  private event = ""
  private id: string | null = null
  /** Milliseconds that the server asked to wait before the next connection; null: it asked for none. */
  retryMs: number | null = null

  /** The events that are complete with this piece, in order. */
  push(text: string): readonly SseEvent[] {
    const lines = `${this.rest}${text}`.split(/\r\n|\n|\r(?!$)/)
    this.rest = lines.pop() ?? ""
    const events: SseEvent[] = []
    for (const line of lines) {
      const done = this.line(line)
      if (done !== null) events.push(done)
    }
    return events
  }

  private line(line: string): SseEvent | null {
    if (line === "") return this.dispatch()
    const colon = line.indexOf(":")
    if (colon === 0) return null
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1)
    switch (name) {
      case "data":
        this.data.push(value)
        break
      case "event":
        this.event = value
        break
      case "id":
        if (!value.includes("\0")) this.id = value
        break
      case "retry":
        if (/^\d+$/.test(value)) this.retryMs = Number(value)
        break
    }
    return null
  }

  private dispatch(): SseEvent | null {
    const { data, event, id } = this
    this.data = []
    this.event = ""
    return data.length === 0 ? null : { id, event: event === "" ? "message" : event, data: data.join("\n") }
  }
}
