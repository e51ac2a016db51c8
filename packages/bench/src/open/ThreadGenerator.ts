/** Generates the events of one thread: each becomes an event draft with the next number of its channel. */
import { mintId } from "@threadfold/core"
import { type EventDraft, type Submission, sha256 } from "@threadfold/engine"

/** An event without its number. */
export interface GeneratedEvent {
  readonly type: string
  readonly payload: unknown
  readonly native: Readonly<Record<string, string>>
  /** Absent: the agent's; null: one of our own, without a session. */
  readonly channel?: string | null
}

/** Deltas of one turn. */
const DELTAS = 20

export class ThreadGenerator {
  readonly streamId: string
  private readonly sessionId: string
  private readonly numbers = new Map<string, number>()
  private turns = 0
  private events = 0

  constructor(
    name: string,
    private readonly startAt: number,
  ) {
    this.streamId = mintId(sha256, startAt, `thread ${name}`)
    this.sessionId = mintId(sha256, startAt, `session ${name}`)
  }

  /** Events that it has made. */
  get made(): number {
    return this.events
  }

  submission(...events: readonly GeneratedEvent[]): Submission {
    return { drafts: events.map((event) => this.draftOf(event)) }
  }

  begin(): Submission {
    return this.submission({ type: "session.started", payload: { provider: "codex", mode: "managed" }, native: {} })
  }

  /** A turn up to its end: a message of some words, and one more `beside` it. */
  turn(beside: readonly GeneratedEvent[]): Submission {
    this.turns += 1
    const ids = { turnId: `turn-${this.turns}` }
    const native = { ...ids, itemId: "message" }
    const words = Array.from({ length: DELTAS }, () => ({
      type: "content.delta",
      payload: { stream: "text", delta: "word " },
      native,
    }))
    const ended = { kind: "agent_message", status: "completed", text: "word ".repeat(DELTAS) }
    return this.submission(
      { type: "turn.started", payload: {}, native: ids },
      { type: "item.started", payload: { kind: "agent_message" }, native },
      ...words,
      ...beside,
      { type: "item.completed", payload: ended, native },
    )
  }

  /** The end of that turn. */
  end(): Submission {
    const native = { turnId: `turn-${this.turns}` }
    return this.submission({ type: "turn.completed", payload: { outcome: "completed" }, native })
  }

  private draftOf({ channel = "agent", native, payload, type }: GeneratedEvent): EventDraft {
    this.events += 1
    const at = this.startAt + this.events
    const to = { streamId: this.streamId }
    if (channel === null) {
      const eventId = mintId(sha256, at, `event ${this.streamId} ${this.events}`)
      return { to, sessionId: null, actor: "client", event: { type, payload, native, channel, seq: null, at, eventId } }
    }
    const seq = (this.numbers.get(channel) ?? 0) + 1
    this.numbers.set(channel, seq)
    // What a client asked for is an event of ours, or of a recording: no agent may send it.
    const actor = channel === "client" ? "import" : "provider"
    return { to, sessionId: this.sessionId, actor, event: { type, payload, native, channel, seq, at } }
  }
}
