/** Messages that are more than one text: what of them is text, and which blobs they refer to. */
import type { EventType, MessagePart } from "@threadfold/contracts"
import { isPayload } from "../payload/guard.js"

/** Between the texts of a message. */
const blankLine = "\n\n"

/** A message: its text for people and, where it is more than that, its parts. */
export interface Message {
  /** The texts and slash commands of its parts, joined by a blank line; empty where it has none. */
  readonly text: string
  /** Null: the text is all of it. */
  readonly parts: readonly MessagePart[] | null
}

const textOf = (part: MessagePart): readonly string[] => {
  switch (part.type) {
    case "text":
      return [part.text]
    case "command":
      return [slashCommand(part.name, part.arguments)]
    default:
      return []
  }
}

/** A slash command as a person types it. */
const slashCommand = (name: string, rest: string | null | undefined): string =>
  rest === undefined || rest === null ? `/${name}` : `/${name} ${rest}`

/** The message of these parts. One part that is a text is the same as that text alone. */
export const messageOf = (parts: readonly MessagePart[]): Message => {
  const [first, ...more] = parts
  const isText = more.length === 0 && first?.type === "text"
  return { text: parts.flatMap(textOf).join(blankLine), parts: isText ? null : parts }
}

const blobsOf = (part: MessagePart): readonly string[] => {
  switch (part.type) {
    case "file":
      return typeof part.hash === "string" ? [part.hash] : []
    case "image":
      return [part.hash]
    default:
      return []
  }
}

/** The blobs that parts refer to. */
export const blobsOfParts = (parts: readonly MessagePart[]): readonly string[] => parts.flatMap(blobsOf)

/** The blobs that an event refers to: those of a message. */
export const blobsOfEvent = (type: string, payload: unknown): readonly string[] => {
  if (!refersToBlobs(type) || !isPayload(type, payload)) return []
  return payload.parts === undefined || payload.parts === null ? [] : blobsOfParts(payload.parts)
}

const carriers = ["message.queued", "message.edited", "turn.requested"] as const satisfies readonly EventType[]

const refersToBlobs = (type: string): type is (typeof carriers)[number] => carriers.some((carrier) => carrier === type)
