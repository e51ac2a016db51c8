/** Commands by which a person talks to the agent: messages, the queue, interrupts, answers. */
import { Schema } from "effect"
import { Json, maybe } from "../events/Common.js"
import { MessageId, RequestId, TurnId } from "../Ids.js"
import { ofThread, Settings } from "./Thread.js"

/**
 * What a message does while a turn runs or waits to start. Where none does, all four start a turn, but for `queue` behind
 * messages that wait already.
 *
 * - `queue`: it runs next; in line after the messages that wait already.
 * - `start`: it is refused.
 * - `steer`: it goes into the running turn. Should the agent not take it, it stays in the queue.
 * - `interrupt`: the running turn is interrupted, and the message runs before all that waits.
 */
export const MessageMode = Schema.Literal("queue", "start", "steer", "interrupt")
export type MessageMode = typeof MessageMode.Type

/** Sends the user's text. The session starts by itself where none lives. */
export const SendMessage = Schema.Struct({
  type: Schema.Literal("message.send"),
  ...ofThread,
  /** The text, 1 to 1,000,000 characters. */
  text: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(1_000_000)),
  /** What it does to a turn that runs; absent: `queue`. */
  mode: maybe(MessageMode),
  /** Settings of its turn in the provider's words, for example a model; a steer has no turn of its own and leaves them. */
  settings: maybe(Settings),
})

/** Takes a message out of the queue. */
export const CancelMessage = Schema.Struct({
  type: Schema.Literal("queue.cancel"),
  ...ofThread,
  /** The message. */
  messageId: MessageId,
})

/** Puts the queue into another order. */
export const ReorderQueue = Schema.Struct({
  type: Schema.Literal("queue.reorder"),
  ...ofThread,
  /** Every queued message exactly once, in the new order. */
  messageIds: Schema.Array(MessageId).pipe(Schema.maxItems(10_000)),
})

/** Lets a queue run that is held: after a crash, a failure or an interrupt it waits for a person's consent. */
export const ResumeQueue = Schema.Struct({ type: Schema.Literal("queue.resume"), ...ofThread })

/**
 * Interrupts a turn; absent: the one that runs, else the one that waits to start. Repeated, or on a turn that has ended:
 * no change.
 */
export const InterruptTurn = Schema.Struct({
  type: Schema.Literal("turn.interrupt"),
  ...ofThread,
  /** The turn. */
  turnId: maybe(TurnId),
  /** Why, for people. */
  reason: maybe(Schema.String.pipe(Schema.maxLength(1_000))),
})

/** Answers a question of the agent. The first answer wins; the same one again: no change. */
export const RespondToRequest = Schema.Struct({
  type: Schema.Literal("request.respond"),
  ...ofThread,
  /** The question. */
  requestId: RequestId,
  /**
   * One of the choices that the request names (`data.choices`), or a word that one of them stands for: `accept`,
   * `acceptForSession`, `decline`, `cancel`; `answer` for a question that wants `data`. Another one is refused.
   */
  decision: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(1_000)),
  /**
   * The answer, where a decision is not enough: `{"answers": {"<question id>": ["…"]}}` for a request with questions
   * (`data.questions`), else in the provider's words.
   */
  data: maybe(Json),
})
