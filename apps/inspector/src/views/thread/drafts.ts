/** What a person is writing in each thread, while the page is open: another thread may be looked at in between. */
import type { BlobView } from "@threadfold/contracts/api"
import { bytes } from "../../format/format.js"
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

/** Longest image that a server takes, bytes. */
export const longestImage = 8 * 1024 * 1024

/** Attachments of a message at most: a message has 100 parts, and its text is one of them. */
export const mostAttachments = 99

/** A file that was dropped, pasted or picked. Of where it lies a browser says nothing. */
export interface GivenFile {
  readonly file: File
  readonly isDirectory: boolean
}

/** What becomes of such a file: an image to be stored, a path to be mentioned, or a reason why neither. */
export type Given =
  | { readonly kind: "image"; readonly file: File }
  | { readonly kind: "mention"; readonly path: string }
  | { readonly kind: "refused"; readonly name: string; readonly problem: string }

/** What an agent takes of files. */
interface Takes {
  readonly images: boolean
  readonly mentions: boolean
}

/** Why an image is not worth the way to the server; null: it is. */
const faultOf = ({ size }: File): string | null =>
  size === 0
    ? "It is empty."
    : size > longestImage
      ? `It has ${bytes(size)}: an image has ${bytes(longestImage)} at most.`
      : null

/** @param held attachments that the draft has already */
export const givenAs = (files: readonly GivenFile[], { images, mentions }: Takes, held: number): readonly Given[] =>
  files.slice(0, Math.max(0, mostAttachments - held)).map(({ file, isDirectory }): Given => {
    const name = file.name || "image"
    if (images && !isDirectory && imageTypes.includes(file.type)) {
      const problem = faultOf(file)
      return problem === null ? { kind: "image", file } : { kind: "refused", name, problem }
    }
    if (mentions) return { kind: "mention", path: isDirectory ? `${name}/` : name }
    const problem = images
      ? "This agent takes PNG, JPEG, WebP and GIF images, and no other files."
      : "This agent takes no files."
    return { kind: "refused", name, problem }
  })

/** What has become of an image: it is stored, or why it cannot be sent. */
export const amendImage = (
  threadId: string,
  id: string,
  part: { readonly blob: typeof BlobView.Type } | { readonly problem: string },
): void =>
  amendDraft(threadId, ({ attachments, text }) => ({
    text,
    attachments: attachments.map((one) => (one.id === id && one.kind === "image" ? { ...one, ...part } : one)),
  }))

/** Puts the path of a mention in the place of another one. An empty one takes it out. */
export const amendMention = (threadId: string, id: string, path: string): void =>
  amendDraft(threadId, ({ attachments, text }) => ({
    text,
    attachments: attachments.flatMap((one) =>
      one.id !== id || one.kind !== "mention" ? [one] : path === "" ? [] : [{ ...one, path }],
    ),
  }))

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
