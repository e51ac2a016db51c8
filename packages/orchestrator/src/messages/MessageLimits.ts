/** How large messages and what goes with them may be. */
import { Context, Layer, Schema } from "effect"

const Bytes = Schema.Number.pipe(Schema.int(), Schema.positive({ message: () => "must be a positive number of bytes" }))
const Count = Schema.Number.pipe(Schema.int(), Schema.between(1, 1_000, { message: () => "must be from 1 to 1000" }))

/** `messages` of the configuration. */
export const MessagesConfig = Schema.Struct({
  /** Longest image or file, bytes; 8 MiB by default. */
  blobBytes: Schema.optional(Bytes),
  /** All images and files of a message together, bytes; 20 MiB by default. */
  messageBytes: Schema.optional(Bytes),
  /** Images of a message; 20 by default. */
  images: Schema.optional(Count),
  /** Blobs that no message has yet, all together, bytes; 256 MiB by default. */
  unusedBytes: Schema.optional(Bytes),
})
export type MessagesConfig = typeof MessagesConfig.Type

export interface MessageLimitValues {
  readonly blobBytes: number
  readonly messageBytes: number
  readonly images: number
  readonly unusedBytes: number
  /** Blobs that no message has yet. */
  readonly unusedBlobs: number
}

const defaultMessageLimits: MessageLimitValues = {
  blobBytes: 8 * 1024 * 1024,
  messageBytes: 20 * 1024 * 1024,
  images: 20,
  unusedBytes: 256 * 1024 * 1024,
  unusedBlobs: 4_096,
}

/** The limits of a server; unless others are given, {@link defaultMessageLimits}. */
export class MessageLimits extends Context.Reference<MessageLimits>()("@threadfold/orchestrator/MessageLimits", {
  defaultValue: () => defaultMessageLimits,
}) {
  /** The limits of a configuration. */
  static readonly layer = ({ blobBytes, images, messageBytes, unusedBytes }: MessagesConfig = {}): Layer.Layer<never> =>
    Layer.succeed(MessageLimits, {
      ...defaultMessageLimits,
      blobBytes: blobBytes ?? defaultMessageLimits.blobBytes,
      messageBytes: messageBytes ?? defaultMessageLimits.messageBytes,
      images: images ?? defaultMessageLimits.images,
      unusedBytes: unusedBytes ?? defaultMessageLimits.unusedBytes,
    })
}
