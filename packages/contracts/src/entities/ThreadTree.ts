/** A thread with the threads that its agents spawned, and how full the context of a conversation is. */
import { Schema } from "effect"
import { field, flag, growing, int, meaningOf, optInt, optText, optTime, retyped, shape, text } from "../fields.js"
import { Item, ItemStatus } from "./Item.js"
import { Thread, ThreadView } from "./Thread.js"
import { UsageView } from "./Usage.js"

/** The last time that an agent summed up its conversation to make room. */
export const Compaction = shape("Compaction", "The last time that an agent summed up its conversation to make room.", {
  itemId: text("The item that shows it."),
  turnId: optText(meaningOf(Item.fields.turnId)),
  status: retyped(Item.fields.status, growing(ItemStatus)),
  at: optTime("When it ended, else when it began, by the source clock", "not known"),
})
export type Compaction = typeof Compaction.Type

/** How full the context of a conversation is. */
export const ContextMeter = shape("ContextMeter", "How full the context of a conversation is.", {
  used: optInt(
    "Tokens of the last model call, prompt and answer: what the next call begins with. Null: the agent does not report its calls. After a compaction it is right again with the next call.",
  ),
  window: optInt("Context window of the model, tokens; null: not reported."),
  compaction: field(
    Schema.NullOr(Compaction),
    "The last compaction; null: there is none among the newest 2,000 items.",
  ),
})
export type ContextMeter = typeof ContextMeter.Type

/** What an agent said last. */
export const LastWord = shape("LastWord", "The last message of an agent.", {
  itemId: text("The item that has the whole of it."),
  turnId: optText(meaningOf(Item.fields.turnId)),
  text: text("Its beginning, at most 1,024 bytes."),
  at: optTime("When it ended, else when it began, by the source clock", "not known"),
})
export type LastWord = typeof LastWord.Type

/** One thread of a tree. */
export const TreeNode = shape(
  "TreeNode",
  "One thread of a tree: what it does, what it has used, and what it said last.",
  {
    threadId: Thread.fields.threadId,
    parentThreadId: Thread.fields.parentThreadId,
    depth: int("0 for the thread that was asked for, 1 for those that it spawned, and so on."),
    ...ThreadView.pick(
      "title",
      "firstWords",
      "agent",
      "provider",
      "model",
      "status",
      "activeTurnId",
      "openRequests",
      "turns",
      "unread",
      "createdAt",
      "lastActivityAt",
    ).fields,
    usage: field(
      Schema.NullOr(UsageView),
      "Tokens of the thread alone: the sum of its turns'; null: none were reported.",
    ),
    context: field(ContextMeter, "How full the context of its conversation is."),
    lastWord: field(
      Schema.NullOr(LastWord),
      "The last message of its agent; null: there is none among the newest 200 items.",
    ),
  },
)
export type TreeNode = typeof TreeNode.Type

/** A thread with the threads that it spawned, and those that these did. */
export const ThreadTree = shape("ThreadTree", "A thread with the threads that it spawned, and those that these did.", {
  sequence: int("Sequence of the log that this is true for."),
  items: field(
    Schema.Array(TreeNode),
    "The threads: a parent before its children, children in the order of their creation.",
  ),
  more: flag("True: there are more than these; ask for the tree of a thread that is here."),
})
export type ThreadTree = typeof ThreadTree.Type
