/** What a person is writing in each thread, while the page is open: another thread may be looked at in between. */
import type { BlobView } from "@threadfold/contracts/api"
import { KeyedStore } from "../../live/KeyedStore.js"

/** Something that goes with a message. */
export type Attachment =
  /** An image on its way to the server, there, or refused. */
  | {
      readonly kind: "image"
      readonly id: string
      readonly name: string
      readonly preview: string
      readonly blob: typeof BlobView.Type | null
      readonly problem: string | null
    }
  /** A file or directory in the thread's folder. */
  | { readonly kind: "mention"; readonly id: string; readonly path: string }

export interface Draft {
  readonly text: string
  readonly attachments: readonly Attachment[]
}

export const emptyDraft: Draft = { text: "", attachments: [] }

export const drafts = new KeyedStore<Draft>()

export const draftOf = (threadId: string): Draft => drafts.get(threadId) ?? emptyDraft

export const amendDraft = (threadId: string, amend: (draft: Draft) => Draft): void =>
  drafts.set(threadId, amend(draftOf(threadId)))

/** Media types of images that agents take. */
export const imageTypes: readonly string[] = ["image/png", "image/jpeg", "image/webp", "image/gif"]

/** Whether a draft can be sent: it says something, and all that goes with it is there. */
export const canSend = ({ attachments, text }: Draft): boolean =>
  (text.trim() !== "" || attachments.length > 0) &&
  attachments.every((one) => one.kind === "mention" || (one.blob !== null && one.problem === null))

/** A part of a message as it is sent. A path that ends with a slash is a directory. */
const partOf = (attachment: Attachment) => {
  if (attachment.kind === "image") return { type: "image" as const, hash: attachment.blob?.hash ?? "" }
  const { path } = attachment
  return path.endsWith("/")
    ? { type: "directory" as const, path: path.replace(/\/+$/, "") || "." }
    : { type: "file" as const, path }
}

/** A draft as the body of a message: `/name …` is a command where the agent takes commands. */
export const bodyOf = ({ attachments, text }: Draft, takesCommands: boolean) => {
  const parts = attachments.map(partOf)
  const command = takesCommands ? /^\/([^\s/]\S*)(?:\s+([\s\S]+))?$/.exec(text.trim()) : null
  if (command?.[1] !== undefined) {
    const rest = command[2]
    return {
      parts: [
        { type: "command" as const, name: command[1], ...(rest === undefined ? {} : { arguments: rest }) },
        ...parts,
      ],
    }
  }
  return { ...(text.trim() === "" ? {} : { text }), ...(parts.length === 0 ? {} : { parts }) }
}
