/** What goes with a message that is being written. */
import { visible } from "../../format/format.js"
import { Icon } from "../../shell/Icon.js"
import classes from "./AttachmentList.module.css"
import { type Attachment, amendDraft, amendImage, type Draft } from "./drafts.js"

const nameOf = (attachment: Attachment): string => (attachment.kind === "image" ? attachment.name : attachment.path)

const stateOf = (attachment: Attachment): "ready" | "sending" | "failed" => {
  if (attachment.kind === "mention") return "ready"
  if (attachment.problem !== null) return "failed"
  return attachment.blob === null ? "sending" : "ready"
}

/** Of a file that has the name of an image. */
const noImage = "It is damaged, or no image."

interface ListProps {
  readonly draft: Draft
  readonly threadId: string
  /** Has the path of a mention written again. */
  readonly edit: (id: string) => void
}

export const AttachmentList = ({ draft, edit, threadId }: ListProps) => {
  if (draft.attachments.length === 0) return null
  const remove = (id: string) =>
    amendDraft(threadId, ({ attachments, text }) => ({ text, attachments: attachments.filter((one) => one.id !== id) }))
  return (
    <ul aria-label="Attachments" className={classes.list}>
      {draft.attachments.map((attachment) => (
        <li className={classes.one} data-state={stateOf(attachment)} data-testid="attachment" key={attachment.id}>
          {attachment.kind === "image" && attachment.problem !== null ? (
            <Icon className={classes.sign} name="alert" size={14} />
          ) : attachment.kind === "image" ? (
            <img
              alt=""
              className={classes.preview}
              onError={() => amendImage(threadId, attachment.id, { problem: noImage })}
              src={attachment.preview}
            />
          ) : (
            <Icon className={classes.sign} name={attachment.path.endsWith("/") ? "folder" : "log"} size={14} />
          )}
          {attachment.kind === "image" ? (
            <span className={classes.name}>{visible(nameOf(attachment))}</span>
          ) : (
            <button
              aria-label={`${visible(nameOf(attachment))}: change the path`}
              className={classes.path}
              onClick={() => edit(attachment.id)}
              title="Change the path"
              type="button"
            >
              {visible(nameOf(attachment))}
            </button>
          )}
          {attachment.kind === "image" && attachment.problem !== null ? (
            <span className={classes.problem} role="alert">
              {attachment.problem}
            </span>
          ) : null}
          <button
            aria-label={`Remove ${visible(nameOf(attachment))}`}
            className={classes.remove}
            onClick={() => remove(attachment.id)}
            type="button"
          >
            <Icon name="close" size={12} />
          </button>
        </li>
      ))}
    </ul>
  )
}
