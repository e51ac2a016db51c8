/** Commands by which a person talks to the agent: messages, the queue, interrupts, answers. */
import { Schema } from "effect"
import { Json, Settings } from "../events/Common.js"
import { MessageParts } from "../events/MessageParts.js"
import { field, listed, maybe, shape } from "../fields.js"
import { MessageId, RequestId, TaskId, TurnId } from "../Ids.js"
import { ofThread } from "./ThreadCommands.js"

/** What a message does while a turn runs or waits to start. */
export const MessageMode = listed(
  "MessageMode",
  "What a message does while a turn runs or waits to start; where none does, each of them starts a turn, but for `queue` behind messages that wait already. `queue`: it runs next, in line after the messages that wait already; `start`: it is refused; `steer`: it goes into the running turn, and stays in the queue should the agent not take it; `interrupt`: the running turn is interrupted, and the message runs before all that waits.",
  "queue",
  "start",
  "steer",
  "interrupt",
)
export type MessageMode = typeof MessageMode.Type

export const SendMessage = shape(
  "SendMessage",
  "Sends a message of the user. The session starts by itself where none lives.",
  {
    ...ofThread("message.send"),
    text: field(
      Schema.String.pipe(Schema.maxLength(1_000_000)),
      "The text, up to 1,000,000 characters; empty only where parts without text are sent.",
    ),
    parts: maybe(MessageParts, "All parts, where the message is more than one text; their blobs are stored."),
    mode: maybe(
      MessageMode,
      "What it does to a turn that runs or waits; absent: `queue`. Where there is none, each of them starts a turn.",
    ),
    settings: maybe(
      Settings,
      "Settings of its turn in the provider's words, for example a model; a steer has no turn of its own and leaves them.",
    ),
  },
)

export const EditMessage = shape(
  "EditMessage",
  "Writes a message again that waits in the queue. Its place and its settings stay.",
  {
    ...ofThread("message.edit"),
    messageId: field(MessageId, "The message."),
    ...SendMessage.pick("text", "parts").fields,
  },
)

/** Where a queued message is promoted to. */
export const PromoteTo = listed(
  "PromoteTo",
  "Where a queued message goes. `front`: before all that waits; `turn`: into the running turn where one runs, and to the front where none does. It stays in the queue should the agent not take it.",
  "front",
  "turn",
)
export type PromoteTo = typeof PromoteTo.Type

export const PromoteMessage = shape(
  "PromoteMessage",
  "Has a queued message go before the others, or into the running turn. One that is there already: no change.",
  {
    ...ofThread("message.promote"),
    messageId: field(MessageId, "The message."),
    to: maybe(PromoteTo, "Where it goes; absent: `front`."),
  },
)

export const CancelMessage = shape("CancelMessage", "Takes a message out of the queue.", {
  ...ofThread("queue.cancel"),
  messageId: field(MessageId, "The message."),
})

export const ReorderQueue = shape("ReorderQueue", "Puts the queue into another order.", {
  ...ofThread("queue.reorder"),
  messageIds: field(
    Schema.Array(MessageId).pipe(Schema.maxItems(10_000)),
    "Every queued message exactly once, in the new order.",
  ),
})

export const ResumeQueue = shape(
  "ResumeQueue",
  "Lets a queue run that is held: after a crash, a failure or an interrupt it waits for a person's consent.",
  { ...ofThread("queue.resume") },
)

export const InterruptTurn = shape(
  "InterruptTurn",
  "Interrupts a turn; absent: the one that runs, else the one that waits to start. Repeated, or on a turn that has ended: no change.",
  {
    ...ofThread("turn.interrupt"),
    turnId: maybe(TurnId, "The turn."),
    reason: maybe(Schema.String.pipe(Schema.maxLength(1_000)), "Why, for people."),
  },
)

export const RespondToRequest = shape(
  "RespondToRequest",
  "Answers a question of the agent. The first answer wins; the same one again: no change.",
  {
    ...ofThread("request.respond"),
    requestId: field(RequestId, "The question."),
    decision: field(
      Schema.String.pipe(Schema.minLength(1), Schema.maxLength(1_000)),
      "One of the choices that the request names (`data.choices`), or a word that one of them stands for: `accept`, `acceptForSession`, `decline`, `cancel`; `answer` for a question that wants `data`. Another one is refused.",
    ),
    data: maybe(
      Json,
      'The answer, where a decision is not enough: `{"answers": {"<question id>": ["…"]}}` for a request with questions (`data.questions`), else in the provider\'s words.',
    ),
  },
)

export const StopTask = shape("StopTask", "Has the agent end a background task. One that has ended: no change.", {
  ...ofThread("task.stop"),
  taskId: field(TaskId, "The task."),
  reason: maybe(Schema.String.pipe(Schema.maxLength(1_000)), "Why, for people."),
})
