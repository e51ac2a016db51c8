/** Where a person writes to the agent. What the agent cannot do is not offered. */
import type { AgentView } from "@threadfold/contracts/api"
import { type DragEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react"
import { newKey } from "../../api/Api.js"
import { asProblem, problemOf } from "../../api/PageProblem.js"
import { useKey } from "../../live/KeyedStore.js"
import { Icon } from "../../shell/Icon.js"
import { withCode } from "../../shell/Notice.js"
import { announce, usePage } from "../../shell/PageContext.js"
import { useCommandCall } from "../../shell/useCommandCall.js"
import { AttachmentList } from "./AttachmentList.js"
import classes from "./Composer.module.css"
import {
  type Attachment,
  amendDraft,
  amendImage,
  amendMention,
  bodyOf,
  canSend,
  draftOf,
  drafts,
  emptyDraft,
  type GivenFile,
  givenAs,
  imageTypes,
  mostAttachments,
} from "./drafts.js"
import { SettingsBar } from "./SettingsBar.js"
import type { ThreadHead } from "./ThreadStore.js"

/** What a message does while a turn runs. */
type Mode = "queue" | "steer" | "interrupt"
const modes: Readonly<Record<Mode, { readonly label: string; readonly says: string }>> = {
  queue: { label: "Queue", says: "It runs after this turn" },
  steer: { label: "Steer", says: "It goes into the running turn" },
  interrupt: { label: "Interrupt", says: "The turn is interrupted, and it runs next" },
}

interface ComposerProps {
  readonly head: ThreadHead
  readonly agent: AgentView
  readonly field: RefObject<HTMLTextAreaElement | null>
  /** Called when a message was taken. */
  readonly onSent: () => void
}

const tallest = 240

/** The files of a drop or a paste; a folder is one of them. */
const filesOf = ({ files, items }: DataTransfer): readonly GivenFile[] => {
  const given = [...items].flatMap((item): readonly GivenFile[] => {
    const file = item.kind === "file" ? item.getAsFile() : null
    return file === null ? [] : [{ file, isDirectory: item.webkitGetAsEntry()?.isDirectory === true }]
  })
  return given.length > 0 ? given : [...files].map((file) => ({ file, isDirectory: false }))
}

/** Takes files into a draft: images are stored as blobs of the server, others are mentioned. The id of the last mention; null: none. */
const useFiles = (threadId: string, takes: AgentView["capabilities"]) => {
  const { api } = usePage()
  const add = (attachment: Attachment) =>
    amendDraft(threadId, ({ attachments, text }) => ({ text, attachments: [...attachments, attachment] }))
  const store = (id: string, file: File) => {
    const call = async () => {
      const answer = await api.fetch("/v1/blobs", {
        method: "POST",
        headers: { "content-type": file.type },
        body: file,
      })
      if (!answer.ok) throw await problemOf(answer)
      amendImage(threadId, id, { blob: await answer.json() })
    }
    call().catch((error: unknown) => amendImage(threadId, id, { problem: asProblem(error).detail }))
  }
  return (files: readonly GivenFile[]): string | null => {
    let mentioned: string | null = null
    const given = givenAs(files, takes, draftOf(threadId).attachments.length)
    for (const one of given) {
      const id = newKey()
      if (one.kind === "mention") {
        add({ kind: "mention", id, path: one.path })
        mentioned = id
      } else if (one.kind === "image") {
        const { file } = one
        add({
          kind: "image",
          id,
          name: file.name || "image",
          preview: URL.createObjectURL(file),
          blob: null,
          problem: null,
        })
        store(id, file)
      } else add({ kind: "image", id, name: one.name, preview: "", blob: null, problem: one.problem })
    }
    const left = files.length - given.length
    if (left > 0) announce(`${left} files were left out: a message has ${mostAttachments} attachments at most.`)
    return mentioned
  }
}

/** A path that is being written: a new mention, or one that the draft has. */
interface Mention {
  readonly id: string | null
  readonly path: string
}

export const Composer = ({ agent, field, head, onSent }: ComposerProps) => {
  const { session, thread } = head
  const { capabilities } = agent
  const draft = useKey(drafts, thread.threadId) ?? emptyDraft
  const [wanted, setMode] = useState<Mode>("queue")
  const [writing, setWriting] = useState(false)
  const [mention, setMention] = useState<Mention | null>(null)
  const [dropping, setDropping] = useState(false)
  const mentionField = useRef<HTMLInputElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const send = useCommandCall()
  const attach = useFiles(thread.threadId, capabilities)
  const path = `/v1/threads/${encodeURIComponent(thread.threadId)}`
  const isBusy = thread.activeTurnId !== null
  const offered = (["queue", "steer", "interrupt"] as const).filter(
    (mode) => mode === "queue" || (mode === "steer" ? capabilities.steer : capabilities.interrupt),
  )
  const mode = offered.includes(wanted) ? wanted : "queue"

  // Its height follows its text.
  useLayoutEffect(() => {
    const element = field.current
    if (element === null) return
    element.style.height = "auto"
    element.style.height = `${Math.min(tallest, element.scrollHeight)}px`
  }, [draft.text, field])

  const submit = async () => {
    if (!canSend(draft) || send.busy) return
    const sent = draft
    const body = { ...bodyOf(sent, capabilities.commands), ...(isBusy ? { mode } : {}) }
    if (!(await send.give(`${path}/messages`, body))) return
    for (const one of sent.attachments) if (one.kind === "image") URL.revokeObjectURL(one.preview)
    // What was written while it was on its way stays.
    amendDraft(thread.threadId, (now) => (now === sent ? emptyDraft : now))
    announce(isBusy ? `${modes[mode].label}: sent` : "Sent")
    onSent()
  }

  const isMentioning = mention !== null
  useEffect(() => {
    if (isMentioning) mentionField.current?.focus()
  }, [isMentioning])

  const addMention = () => {
    if (mention === null) return
    const path = mention.path.trim()
    if (mention.id !== null) amendMention(thread.threadId, mention.id, path)
    else if (path !== "") {
      amendDraft(thread.threadId, ({ attachments, text }) => ({
        text,
        attachments: [...attachments, { kind: "mention", id: newKey(), path }],
      }))
    }
    setMention(null)
    field.current?.focus()
  }

  const edit = (id: string) => {
    const one = draftOf(thread.threadId).attachments.find((each) => each.id === id)
    if (one?.kind === "mention") setMention({ id, path: one.path })
  }

  /** Of a file that is mentioned only its name is known: a person can write the rest of its path. */
  const take = (files: readonly GivenFile[]) => {
    const mentioned = attach(files)
    if (mentioned !== null) edit(mentioned)
  }

  const takesFiles = capabilities.images || capabilities.mentions
  const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer.types.includes("Files")

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files can be dropped on it; the button does the same.
    <div
      className={classes.composer}
      data-testid="composer"
      data-dropping={dropping}
      onDragLeave={(event) => {
        const { currentTarget, relatedTarget } = event
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) setDropping(false)
      }}
      onDragOver={(event) => {
        // A browser would leave the page for a file that nothing takes.
        if (!hasFiles(event)) return
        event.preventDefault()
        event.dataTransfer.dropEffect = takesFiles ? "copy" : "none"
        setDropping(takesFiles)
      }}
      onDrop={(event) => {
        setDropping(false)
        if (!hasFiles(event)) return
        event.preventDefault()
        if (takesFiles) take(filesOf(event.dataTransfer))
      }}
    >
      {dropping ? (
        <p className={classes.drop}>
          {capabilities.images ? "Images (PNG, JPEG, WebP, GIF) are attached. " : ""}
          {capabilities.mentions ? "Other files and folders are mentioned by their names." : ""}
        </p>
      ) : null}
      <AttachmentList draft={draft} edit={edit} threadId={thread.threadId} />
      <textarea
        aria-label="Message to the agent"
        className={classes.field}
        onChange={(event) =>
          amendDraft(thread.threadId, ({ attachments }) => ({ attachments, text: event.target.value }))
        }
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return
          if (event.key === "Escape") event.currentTarget.blur()
          if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault()
            void submit()
          }
        }}
        onPaste={(event) => {
          const files = filesOf(event.clipboardData)
          if (!takesFiles || files.length === 0) return
          event.preventDefault()
          take(files)
        }}
        onFocus={() => setWriting(true)}
        placeholder={isBusy ? "Write what comes next" : `Message ${agent.name}`}
        ref={field}
        rows={1}
        value={draft.text}
      />
      {mention === null ? null : (
        <input
          aria-label="Path of a file in the thread's folder; a slash at its end makes it a directory"
          className={classes.mention}
          onBlur={addMention}
          onChange={(event) => setMention({ id: mention.id, path: event.target.value })}
          onKeyDown={(event) => {
            if (event.key === "Enter") addMention()
            if (event.key === "Escape") setMention(null)
          }}
          ref={mentionField}
          placeholder="Path in the folder, such as src/main.ts or docs/"
          value={mention.path}
        />
      )}
      <div className={classes.foot}>
        {capabilities.images ? (
          <>
            <button
              aria-label="Attach images"
              className={classes.tool}
              onClick={() => picker.current?.click()}
              title="Attach images"
              type="button"
            >
              <Icon name="clip" />
            </button>
            <input
              accept={imageTypes.join(",")}
              className={classes.hidden}
              multiple
              onChange={(event) => {
                take([...(event.target.files ?? [])].map((file) => ({ file, isDirectory: false })))
                event.target.value = ""
              }}
              ref={picker}
              tabIndex={-1}
              type="file"
            />
          </>
        ) : null}
        {capabilities.mentions ? (
          <button
            aria-label="Mention a file or folder"
            className={classes.tool}
            onClick={() => setMention({ id: null, path: "" })}
            title="Mention a file or folder"
            type="button"
          >
            <Icon name="folder" />
          </button>
        ) : null}
        <SettingsBar agent={agent} ask={writing} session={session} thread={thread} />
        <span className={classes.space} />
        {isBusy && offered.length > 1 ? (
          <select
            aria-label="What the message does to the running turn"
            className={classes.mode}
            onChange={(event) => setMode(offered.find((one) => one === event.target.value) ?? "queue")}
            title={modes[mode].says}
            value={mode}
          >
            {offered.map((one) => (
              <option key={one} title={modes[one].says} value={one}>
                {modes[one].label}
              </option>
            ))}
          </select>
        ) : null}
        <button
          className={classes.send}
          disabled={!canSend(draft) || send.busy}
          onClick={submit}
          title="Send (Enter)"
          type="button"
        >
          <Icon name="send" size={14} />
          <span>Send</span>
        </button>
      </div>
      {send.problem === null ? null : (
        <p className={classes.problem} role="alert">
          {send.problem.message} {withCode(send.problem.next)}
        </p>
      )}
    </div>
  )
}
