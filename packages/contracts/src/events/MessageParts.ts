/** What a message consists of, beside its plain text. */
import { Schema } from "effect"
import { field, growingUnion, laterWord, maybe, shape, text } from "../fields.js"

const Text = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(1_000_000))
const Path = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(4_096))
const Name = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(200))
const hashPattern = /^[0-9a-f]{64}$/

/** SHA-256 of a blob. */
export const BlobHash = Schema.String.pipe(
  Schema.pattern(hashPattern, { message: () => "expected 64 digits of lower-case hexadecimal" }),
)

/** Parts that a message may have. */
export const maxMessageParts = 100

export const TextPart = shape("TextPart", "Words of the user.", {
  type: field(Schema.Literal("text"), "`text`."),
  text: field(Text, "The text, 1 to 1,000,000 characters."),
})

export const DirectoryPart = shape("DirectoryPart", "A directory that the user mentions.", {
  type: field(Schema.Literal("directory"), "`directory`."),
  path: field(Path, "Its path, in the thread's folder: absolute, or relative to that folder."),
})

export const SkillPart = shape("SkillPart", "A skill of the agent that the user asks for.", {
  type: field(Schema.Literal("skill"), "`skill`."),
  name: field(Name, "Its name, as the agent lists it."),
})

export const SlashCommandPart = shape(
  "SlashCommandPart",
  "A slash command of the agent. It is the first part of its message, and the only one of its kind.",
  {
    type: field(Schema.Literal("command"), "`command`."),
    name: field(
      Name.pipe(Schema.pattern(/^[^\s/]\S*$/, { message: () => "expected a name without its slash" })),
      "Its name, without the slash.",
    ),
    arguments: maybe(Text, "What stands behind its name."),
  },
)

/** An image as a client sends it. */
export const SentImagePart = shape(
  "SentImagePart",
  "An image: a PNG, JPEG, WebP or GIF. Either `hash` or `path` names it.",
  {
    type: field(Schema.Literal("image"), "`image`."),
    hash: maybe(BlobHash, "`hash` of a blob that was stored before."),
    path: maybe(
      Path,
      "Path of a file in the thread's folder: absolute, or relative to that folder. It is read and stored when the message is accepted.",
    ),
  },
)

/** A file as a client sends it. */
export const SentFilePart = shape("SentFilePart", "A file that the user mentions.", {
  type: field(Schema.Literal("file"), "`file`."),
  path: field(
    Path,
    "Its path, in the thread's folder: absolute, or relative to that folder. It is read and stored when the message is accepted.",
  ),
})

/** A part of a message, as a client sends it. */
export const SentPart = Schema.Union(
  TextPart,
  SentImagePart,
  SentFilePart,
  DirectoryPart,
  SkillPart,
  SlashCommandPart,
).annotations({
  identifier: "SentPart",
  title: "Sent part",
  description: "A part of a message, as a client sends it: `type` says which.",
})
export type SentPart = typeof SentPart.Type

const stored = {
  hash: text("SHA-256 of its bytes: the `hash` of its blob."),
  mediaType: text("Its media type, as its first bytes show it."),
  size: field(Schema.Number, "Its length, bytes."),
}

export const ImagePart = shape("ImagePart", "An image.", {
  type: field(Schema.Literal("image"), "`image`."),
  ...stored,
  path: maybe(Schema.String, "Where it was read, relative to the thread's folder; absent: it was sent as a blob."),
})

export const FilePart = shape("FilePart", "A file that the user mentions.", {
  type: field(Schema.Literal("file"), "`file`."),
  path: text("Its path, relative to the thread's folder."),
  size: field(Schema.Number, "Its length when the message was accepted, bytes."),
  hash: maybe(
    Schema.String,
    "SHA-256 of its bytes when the message was accepted: the `hash` of its blob; absent: it was too long to be stored.",
  ),
})

/** A part of a message, as it is stored. */
export const MessagePart = Schema.Union(
  TextPart,
  ImagePart,
  FilePart,
  DirectoryPart,
  SkillPart,
  SlashCommandPart,
).annotations({
  identifier: "MessagePart",
  title: "Message part",
  description: "A part of a message: `type` says which.",
})
export type MessagePart = typeof MessagePart.Type

/** A part of a message in an answer. */
export const MessagePartView = growingUnion(
  MessagePart,
  "LaterPart",
  "A part of a message of a type that this version does not know: show it by its type.",
  { type: laterWord },
)
export type MessagePartView = typeof MessagePartView.Type

/** Whether a part is one that this version knows. */
export const isMessagePart: (part: MessagePartView) => part is MessagePart = Schema.is(MessagePart)

/** The parts of a message that is more than one text. */
export const MessageParts = Schema.Array(MessagePart)
