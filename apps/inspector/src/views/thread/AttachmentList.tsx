/** What goes with a message that is being written. */
import { Icon } from "../../shell/Icon.js"
import classes from "./AttachmentList.module.css"
import { type Attachment, amendDraft, type Draft } from "./drafts.js"

const nameOf = (attachment: Attachment): string => (attachment.kind === "image" ? attachment.name : attachment.path)

const stateOf = (attachment: Attachment): "ready" | "sending" | "failed" => {
  if (attachment.kind === "mention") return "ready"
  if (attachment.problem !== null) return "failed"
  return attachment.blob === null ? "sending" : "ready"
}

export const AttachmentList = ({ draft, threadId }: { draft: Draft; threadId: string }) => {
  if (draft.attachments.length === 0) return null
  const remove = (id: string) =>
    amendDraft(threadId, ({ attachments, text }) => ({ text, attachments: attachments.filter((one) => one.id !== id) }))
  return (
    <ul aria-label="Attachments" className={classes.list}>
      {draft.attachments.map((attachment) => (
        <li className={classes.one} data-state={stateOf(attachment)} data-testid="attachment" key={attachment.id}>
          {attachment.kind === "image" ? (
            <img alt="" className={classes.preview} src={attachment.preview} />
          ) : (
            <Icon name={attachment.path.endsWith("/") ? "folder" : "log"} size={14} />
          )}
          <span className={classes.name}>{nameOf(attachment)}</span>
          {attachment.kind === "image" && attachment.problem !== null ? (
            <span className={classes.problem} role="alert">
              {attachment.problem}
            </span>
          ) : null}
          <button
            aria-label={`Remove ${nameOf(attachment)}`}
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
