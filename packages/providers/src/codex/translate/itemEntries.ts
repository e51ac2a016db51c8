/** Entries of items: their start and end, the pieces that stream into them, and reviews of them. */
import type { ContentStream, ItemKind } from "@threadfold/contracts"
import { type Fact, fact, pieceOf } from "../../runtime/Fact.js"
import {
  type Fields,
  hintFields,
  hintNumber,
  hintText,
  mayHaveId,
  needArray,
  needFields,
  needString,
  needText,
  oneLine,
  rest,
} from "../../runtime/readFields.js"
import { itemKey } from "./CodexThread.js"
import { type Entry, kept, onThread, type Place } from "./Entry.js"
import { noteReview } from "./openItems.js"
import { changedPaths, type ItemView, readItem } from "./readItem.js"
import { linkMessage } from "./Voice.js"

/** The members that every event of an item has. */
export const described = (item: ItemView) => ({
  kind: item.kind,
  nativeKind: item.nativeKind,
  title: item.title,
  processId: item.processId,
  phase: item.phase,
  childNativeThreadIds: item.childNativeThreadIds.length === 0 ? undefined : item.childNativeThreadIds,
  data: item.data,
})

const nativeOf = (params: Fields, item: ItemView, { thread }: Place) => {
  const turnId = mayHaveId(params, "turnId")
  const handoffId =
    item.kind === "user_message" ? linkMessage(thread.voice, { id: item.id, text: item.text, turnId }) : undefined
  return { threadId: thread.id, turnId, itemId: item.id, handoffId, clientId: item.clientId }
}

/** The kind of an item whose first event this is, else undefined. Marks the item as known. */
const kindIfUnknown = ({ session }: Place, turnId: string | undefined, itemId: string, kind: ItemKind) => {
  const key = itemKey(turnId, itemId)
  if (session.known.has(key)) return undefined
  session.known.add(key)
  return kind
}

/**
 * A reviewer's refusal of something that is no item, such as access to a network. It becomes an item of its own, because it
 * explains why the agent could not go on. An approval becomes no item.
 */
export const refusal = (threadId: string, params: Fields): readonly Fact[] => {
  const review = hintFields(params, "review") ?? {}
  const itemId = mayHaveId(params, "reviewId")
  if (itemId === undefined || hintText(review, "status") === "approved") return []
  const text = hintText(review, "rationale") ?? null
  const described = { kind: "other", nativeKind: "autoApprovalReview", title: oneLine(text ?? undefined) } as const
  const data = rest(params, ["threadId", "turnId", "reviewId"])
  const native = { threadId, turnId: mayHaveId(params, "turnId"), itemId }
  return [fact("item.completed", { ...described, status: "declined", text, data }, native)]
}

const delta = (of: ItemKind, stream: ContentStream, partKey?: string): Entry =>
  // biome-ignore format: one expression per line reads best here
  onThread((params, place) => {
    const native = { threadId: place.thread.id, turnId: mayHaveId(params, "turnId"), itemId: needText(params, "itemId") }
    const part = partKey === undefined ? undefined : hintNumber(params, partKey)
    const piece = needString(params, "delta")
    const kind = kindIfUnknown(place, native.turnId, native.itemId, of)
    return [
      pieceOf(
        "content.delta",
        native,
        [native.turnId, native.itemId, stream, part],
        piece,
        (joined, frames, lastAt) => ({ kind, stream, part, delta: joined, frames, lastAt }),
      ),
    ]
  })

export const itemEntries = {
  "item/started": onThread((params, place, context) => {
    const item = readItem(needFields(params, "item"))
    const native = nativeOf(params, item, place)
    context.spawned(item.spawned)
    place.session.known.add(itemKey(native.turnId, item.id))
    // An item that streams starts with an empty text: then the text is not known yet.
    const text = item.text === "" ? undefined : (item.text ?? undefined)
    return [fact("item.started", { ...described(item), text }, native)]
  }),

  "item/completed": onThread((params, place, context) => {
    const item = readItem(needFields(params, "item"))
    const native = nativeOf(params, item, place)
    context.spawned(item.spawned)
    place.session.known.delete(itemKey(native.turnId, item.id))
    return [
      fact(
        "item.completed",
        {
          ...described(item),
          status: item.status,
          text: item.text,
          exitCode: item.exitCode,
          durationMs: item.durationMs,
        },
        native,
      ),
    ]
  }),

  "item/agentMessage/delta": delta("agent_message", "text"),
  "item/plan/delta": delta("plan", "plan"),
  "item/reasoning/summaryTextDelta": delta("reasoning", "summary", "summaryIndex"),
  "item/reasoning/textDelta": delta("reasoning", "reasoning", "contentIndex"),
  "item/commandExecution/outputDelta": delta("command", "output"),
  "item/fileChange/outputDelta": delta("file_change", "output"),

  // A patch is always of a file change. It starts the item where no event did.
  "item/fileChange/patchUpdated": onThread((params, place): readonly Fact[] => {
    const native = {
      threadId: place.thread.id,
      turnId: mayHaveId(params, "turnId"),
      itemId: needText(params, "itemId"),
    }
    const patch = { title: oneLine(changedPaths(params)), data: { changes: needArray(params, "changes") } }
    const kind = kindIfUnknown(place, native.turnId, native.itemId, "file_change")
    return [kind === undefined ? fact("item.updated", patch, native) : fact("item.started", { kind, ...patch }, native)]
  }),

  // Each progress message is a sentence of its own, so the messages are not merged.
  "item/mcpToolCall/progress": onThread((params, place) => {
    const native = {
      threadId: place.thread.id,
      turnId: mayHaveId(params, "turnId"),
      itemId: needText(params, "itemId"),
    }
    const message = needString(params, "message")
    const kind = kindIfUnknown(place, native.turnId, native.itemId, "tool_call")
    return [fact("content.delta", { kind, stream: "progress", delta: message, frames: 1 }, native)]
  }),

  "item/reasoning/summaryPartAdded": kept("the part's own pieces carry its number"),
  "item/commandExecution/terminalInteraction": kept("input typed into a command; the output shows its effect"),
  "item/autoApprovalReview/started": kept("a review by the provider itself; no user is asked"),
  // The provider's own review of an item. Its rationale explains why the item was declined.
  "item/autoApprovalReview/completed": onThread((params, { thread }): readonly Fact[] => {
    const itemId = mayHaveId(params, "targetItemId")
    const review = needFields(params, "review")
    if (itemId === undefined) return refusal(thread.id, params)
    const data = noteReview(thread.items, itemId, review, params)
    if (data === null) return []
    return [fact("item.updated", { data }, { threadId: thread.id, turnId: mayHaveId(params, "turnId"), itemId })]
  }),
} as const satisfies Record<string, Entry>
