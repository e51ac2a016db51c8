/** Parts of a message beside its text: images, files, directories, skills, a slash command. */
import type { MessagePart, MessagePartView } from "@threadfold/contracts"
import { bytes, visible } from "../../format/format.js"
import { Icon, type IconName } from "../../shell/Icon.js"
import { BlobImage } from "../../text/BlobImage.js"
import { Markdown } from "../../text/Markdown.js"
import classes from "./MessageParts.module.css"

const chip = (sign: IconName, text: string, more: string | null) => (
  <span className={classes.chip}>
    <Icon name={sign} size={12} />
    <span className={classes.name}>{visible(text)}</span>
    {more === null ? null : <span className={classes.more}>{visible(more)}</span>}
  </span>
)

const known: Readonly<Record<MessagePart["type"], true>> = {
  text: true,
  image: true,
  file: true,
  directory: true,
  skill: true,
  command: true,
}

/** Whether this page knows what the part is: a later server may have others. */
const isKnown = (part: MessagePartView): part is MessagePart => Object.hasOwn(known, part.type)

const Part = ({ part }: { part: MessagePartView }) => {
  if (!isKnown(part)) return chip("log", part.type, "a part that this page does not know")
  switch (part.type) {
    case "text":
      return <Markdown text={part.text} />
    case "image":
      return <BlobImage hash={part.hash} name={part.path ?? "Image of the message"} />
    case "file":
      return chip("log", part.path, bytes(part.size))
    case "directory":
      return chip("folder", part.path, null)
    case "skill":
      return chip("agent", part.name, "skill")
    case "command":
      return chip("system", `/${part.name}`, part.arguments ?? null)
  }
}

export const MessageParts = ({ parts }: { parts: readonly MessagePartView[] }) =>
  parts.length === 0 ? null : (
    <div className={classes.parts}>
      {parts.map((part, index) => (
        // Parts have no identity but their place.
        <Part key={String(index)} part={part} />
      ))}
    </div>
  )
