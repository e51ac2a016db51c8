/**
 * What follows from one message, out of the events of its thread: which turn it becomes, what the agent says in it, what
 * it asks, and when it may be over. Pure; the caller looks at the turn when it may be.
 */
import { ContentDelta, type EventEnvelope, ItemCompleted, ItemStarted, type Receipt } from "@threadfold/contracts"
import { Option, Schema } from "effect"
import { turnEndings } from "../../eventTypes.js"

/** What an event means for the one who waits. */
export type Said =
  /** The agent's words as they come. */
  | { readonly kind: "text"; readonly text: string }
  /** It waits for an answer of a person. */
  | { readonly kind: "question"; readonly requestId: string; readonly title: string | null }
  /** Whether it got the message is not known. */
  | { readonly kind: "uncertain" }
  /** The message was taken out of the queue: no turn will come of it. */
  | { readonly kind: "cancelled" }
  /** The turn may have ended: look at it. */
  | { readonly kind: "look"; readonly turnId: string }

const Ref = Schema.Struct({ messageId: Schema.NullishOr(Schema.String) })
const Asked = Schema.Struct({ title: Schema.NullishOr(Schema.String) })

const read = <A, I>(schema: Schema.Schema<A, I>, { payload }: EventEnvelope): A | null =>
  Option.getOrNull(Schema.decodeUnknownOption(schema)(payload))

const endings: ReadonlySet<string> = new Set(turnEndings)
const starts: ReadonlySet<string> = new Set(["turn.started", "item.started"])
const questions: ReadonlySet<string> = new Set(["request.opened", "user-input.requested"])

/**
 * Whether an event may end the turn, so that its row has to be read. The start of another turn may, and so may a user's message in
 * another turn: it may be ours, which went into that turn. The end of a session names no turn and ends the running one.
 */
const mayEnd = (event: EventEnvelope, turn: string): boolean => {
  const { turnId, type } = event
  if (type === "content.delta") return false
  if (type === "item.completed") return turnId !== turn && read(ItemStarted, event)?.kind === "user_message"
  return starts.has(type) ? turnId !== turn : turnId === turn || turnId === null
}

export class Exchange {
  private turn: string | null
  /** The message while it is not decided what becomes of it. */
  private waiting: string | null
  /** The command that took it out of the queue: its turn is requested by the same one. */
  private dequeuedBy: string | null = null
  /** Messages of the agent whose words have come in pieces. */
  private readonly streamed = new Set<string>()
  private readonly speaking = new Set<string>()
  private readonly messages: string[] = []

  constructor({ messageId, turnId }: Pick<Receipt, "messageId" | "turnId">) {
    this.turn = turnId
    this.waiting = messageId
  }

  /** The turn that the message became or went into; null: it waits. */
  get turnId(): string | null {
    return this.waiting === null ? this.turn : null
  }

  /** The agent's whole messages so far, a blank line between. */
  get text(): string {
    return this.messages.join("\n\n")
  }

  /** Goes on with the turn that took the message. */
  follow(turnId: string): void {
    this.turn = turnId
  }

  /** The next event of the thread. */
  step(event: EventEnvelope): readonly Said[] {
    if (this.waiting !== null) return this.decide(event, this.waiting)
    const { turn } = this
    if (turn === null) return []
    if (event.type === "effect.uncertain" && event.turnId === turn) return [{ kind: "uncertain" }]
    const said = event.turnId === turn ? this.saidBy(event) : []
    return endings.has(event.type) && mayEnd(event, turn) ? [...said, { kind: "look", turnId: turn }] : said
  }

  private decide(event: EventEnvelope, messageId: string): readonly Said[] {
    if (event.type === "turn.requested" && this.dequeuedBy !== null && event.commandId === this.dequeuedBy) {
      this.waiting = null
      this.turn = event.turnId
      return []
    }
    if (!event.type.startsWith("message.") || read(Ref, event)?.messageId !== messageId) return []
    switch (event.type) {
      case "message.dequeued":
        this.dequeuedBy = event.commandId
        return []
      case "message.steered":
        this.waiting = null
        this.turn = event.turnId ?? this.turn
        return this.turn === null ? [] : [{ kind: "look", turnId: this.turn }]
      case "message.cancelled":
        return [{ kind: "cancelled" }]
      default:
        return []
    }
  }

  private saidBy(event: EventEnvelope): readonly Said[] {
    const { itemId, requestId, type } = event
    if (questions.has(type) && requestId !== null) {
      return [{ kind: "question", requestId, title: read(Asked, event)?.title ?? null }]
    }
    if (itemId === null) return []
    switch (type) {
      case "item.started":
        if (read(ItemStarted, event)?.kind === "agent_message") this.speaking.add(itemId)
        return []
      case "content.delta": {
        const delta = read(ContentDelta, event)
        if (delta === null || delta.stream !== "text" || !this.speaking.has(itemId)) return []
        this.streamed.add(itemId)
        return [{ kind: "text", text: delta.delta }]
      }
      case "item.completed": {
        const item = read(ItemCompleted, event)
        if (item === null || item.kind !== "agent_message") return []
        const text = item.text ?? ""
        this.messages.push(text)
        return [{ kind: "text", text: this.streamed.has(itemId) ? "\n" : `${text}\n` }]
      }
      default:
        return []
    }
  }
}
