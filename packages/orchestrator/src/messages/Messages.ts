/**
 * Messages before they are commands: their parts are held against what the agent takes, their files are read, and their blobs are found.
 * What is refused here has left nothing behind.
 */
import type { MessagePart, SentPart, StorageUnavailable } from "@threadfold/contracts"
import { blobsOfParts, isImageType, type Message, messageOf } from "@threadfold/core"
import type { BlobDraft } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import type { Capabilities, PartCapabilities } from "@threadfold/providers"
import { Context, Effect, Layer } from "effect"
import { Agents } from "../Agents.js"
import { type AgentUnknown, BlobUnknown, PartRefused } from "../Errors.js"
import { Blobs, blobOf } from "./Blobs.js"
import { MessageLimits } from "./MessageLimits.js"
import { findDirectory, readThreadFile } from "./threadFile.js"

/** A message as its sender gives it: a text, parts, or a text and the parts that follow it. */
export interface SentMessage {
  readonly threadId: string
  readonly text?: string | undefined
  readonly parts?: readonly SentPart[] | undefined
}

/** A message that can be sent. */
export interface PreparedMessage extends Message {
  /** What was read for it: stored with the message. */
  readonly blobs: readonly BlobDraft[]
}

export type PrepareError = AgentUnknown | BlobUnknown | PartRefused | StorageUnavailable

export interface MessagesService {
  /** Prepares a message. Nothing is stored. Of a thread that is not there, the command is left to say so. */
  readonly prepare: (message: SentMessage) => Effect.Effect<PreparedMessage, PrepareError>
}

/** Longest text of a message, characters. */
const longestText = 1_000_000

/** Which capability of the agent a part needs, and how it is called. */
const needs: {
  readonly [T in Exclude<SentPart["type"], "text">]: readonly [capability: keyof PartCapabilities, name: string]
} = {
  image: ["images", "images"],
  file: ["mentions", "files"],
  directory: ["mentions", "directories"],
  skill: ["skills", "skills"],
  command: ["commands", "slash commands"],
}

const invalid = (place: string, why: string): PartRefused =>
  new PartRefused({ reason: "invalid-request", message: `${place}: ${why}.` })

/** The first part that the agent does not take, as a refusal; null: it takes all. */
const unsupported = (
  agent: string,
  can: PartCapabilities & Pick<Capabilities, "unknown">,
  parts: readonly SentPart[],
): PartRefused | null => {
  for (const part of parts) {
    if (part.type === "text") continue
    const [capability, name] = needs[part.type]
    // What is not known is tried: the agent itself says then that it takes none.
    const isUnknown = can.unknown.some((one) => one === capability)
    if (!can[capability] && !isUnknown) {
      return new PartRefused({ reason: "unsupported", message: `The agent ${agent} takes no ${name}.` })
    }
  }
  return null
}

/** What a part becomes, with the blob that was read for it. */
interface Read {
  readonly part: MessagePart
  readonly blob?: BlobDraft
}

type ReadError = BlobUnknown | PartRefused | StorageUnavailable
type SentImage = Extract<SentPart, { readonly type: "image" }>

const make = Effect.gen(function* () {
  const agents = yield* Agents
  const blobs = yield* Blobs
  const limits = yield* MessageLimits
  const projections = yield* Projections

  const readImage = (folder: string | null, place: string, { hash, path }: SentImage): Effect.Effect<Read, ReadError> =>
    Effect.gen(function* () {
      const byHash = hash ?? null
      const byPath = path ?? null
      if ((byHash === null) === (byPath === null)) return yield* invalid(place, "name it by either `hash` or `path`")
      const requireImage = (mediaType: string) =>
        isImageType(mediaType) ? Effect.void : invalid(place, "its bytes are no PNG, JPEG, WebP or GIF")
      if (byHash !== null) {
        const found = yield* blobs.find(byHash)
        if (found === null) return yield* new BlobUnknown({ hash: byHash })
        const { mediaType, size } = found
        yield* requireImage(mediaType)
        return { part: { type: "image", hash: byHash, mediaType, size } }
      }
      const file = yield* readThreadFile(folder, byPath ?? "", limits.blobBytes, `${place}.path`)
      if (file.bytes === null) {
        const message = `${place}: the image has ${file.size} bytes; at most ${limits.blobBytes} are taken (\`messages.blobBytes\`).`
        return yield* new PartRefused({ reason: "payload-too-large", message })
      }
      const blob = yield* blobOf(file.bytes)
      yield* requireImage(blob.mediaType)
      const { hash: own, mediaType, size } = blob
      return { part: { type: "image", hash: own, mediaType, size, path: file.path }, blob }
    })

  const readPart = (folder: string | null, place: string, part: SentPart): Effect.Effect<Read, ReadError> =>
    Effect.gen(function* () {
      switch (part.type) {
        case "image":
          return yield* readImage(folder, place, part)
        case "file": {
          const { bytes, path, size } = yield* readThreadFile(folder, part.path, limits.blobBytes, `${place}.path`)
          if (bytes === null || bytes.length === 0) return { part: { type: "file", path, size } }
          const blob = yield* blobOf(bytes)
          return { part: { type: "file", path, size, hash: blob.hash }, blob }
        }
        case "directory": {
          const { path } = yield* findDirectory(folder, part.path, `${place}.path`)
          return { part: { type: "directory", path: path === "" ? "." : path } }
        }
        default:
          return { part }
      }
    })

  /** Refuses what is known to be wrong before anything is read. */
  const requireSensible = (parts: readonly SentPart[]): Effect.Effect<void, PartRefused> => {
    const commands = parts.flatMap(({ type }, index) => (type === "command" ? [index] : []))
    if (commands.some((index) => index > 0)) {
      return invalid(`parts.${commands.find((index) => index > 0)}`, "a slash command is the first part of its message")
    }
    const images = parts.filter(({ type }) => type === "image").length
    if (images > limits.images)
      return invalid("parts", `${images} images; at most ${limits.images} are taken (\`messages.images\`)`)
    const length = parts.reduce((sum, part) => sum + (part.type === "text" ? part.text.length : 0), 0)
    return length > longestText
      ? invalid("parts", `their texts have ${length} characters; at most ${longestText} are taken`)
      : Effect.void
  }

  const requireSize = (parts: readonly MessagePart[]): Effect.Effect<void, PartRefused> => {
    const bytes = parts.reduce((sum, part) => {
      const isStored = part.type === "image" || (part.type === "file" && blobsOfParts([part]).length > 0)
      return isStored && "size" in part ? sum + part.size : sum
    }, 0)
    return bytes > limits.messageBytes
      ? new PartRefused({
          reason: "payload-too-large",
          message: `The images and files of the message have ${bytes} bytes; at most ${limits.messageBytes} are taken (\`messages.messageBytes\`).`,
        })
      : Effect.void
  }

  return Messages.of({
    prepare: ({ parts: given, text, threadId }) =>
      Effect.gen(function* () {
        const parts: readonly SentPart[] = [
          ...(text === undefined ? [] : [{ type: "text" as const, text }]),
          ...(given ?? []),
        ]
        const [first] = parts
        if (first === undefined || (parts.length === 1 && first.type === "text")) {
          return { text: first?.text ?? "", parts: null, blobs: [] }
        }
        yield* requireSensible(parts)
        const work = yield* projections.threadWork(threadId)
        const agent = work?.thread.agent ?? null
        // The command is refused by what it finds: no such thread, or no agent in it.
        if (work === null || agent === null) return { text: text ?? "-", parts: null, blobs: [] }
        const { driver, name } = yield* agents.get(agent)
        const refusal = unsupported(name, driver.capabilities, parts)
        if (refusal !== null) return yield* refusal
        const read: Read[] = []
        for (const [index, part] of parts.entries()) {
          // One after the other: the bytes of one message at a time are held, and no more than a message may have.
          read.push(yield* readPart(work.thread.cwd, `parts.${text === undefined ? index : index - 1}`, part))
          yield* requireSize(read.map((one) => one.part))
        }
        return {
          ...messageOf(read.map((one) => one.part)),
          blobs: read.flatMap(({ blob }) => (blob === undefined ? [] : [blob])),
        }
      }),
  })
})

export class Messages extends Context.Tag("@threadfold/orchestrator/Messages")<Messages, MessagesService>() {
  static readonly layer: Layer.Layer<Messages, never, Agents | Blobs | Projections> = Layer.effect(Messages, make)
}
