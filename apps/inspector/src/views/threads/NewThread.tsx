/** Begins a thread: which agent, in which folder, and what it is asked first. */
import type { AgentList } from "@threadfold/contracts/api"
import { useEffect, useRef, useState } from "react"
import { useLocation } from "wouter"
import { useCommands } from "../../shell/commands.js"
import { Icon } from "../../shell/Icon.js"
import { withCode } from "../../shell/Notice.js"
import { usePage } from "../../shell/PageContext.js"
import { useCommandCall } from "../../shell/useCommandCall.js"
import classes from "./NewThread.module.css"

/** Names of the agents that can start a thread; null: not known yet. */
const useStarters = (open: boolean): readonly string[] | null => {
  const { api } = usePage()
  const [names, setNames] = useState<readonly string[] | null>(null)
  useEffect(() => {
    if (!open) return
    const ends = new AbortController()
    api
      .get<typeof AgentList.Type>("/v1/agents", {}, { signal: ends.signal })
      .then(({ items }) =>
        setNames(items.flatMap(({ capabilities, name }) => (capabilities["start-thread"] ? [name] : []))),
      )
      // The dialog says that there is none; opening it again asks again.
      .catch(() => setNames([]))
    return () => ends.abort()
  }, [api, open])
  return names
}

interface FormProps {
  readonly agents: readonly string[]
  readonly folders: readonly string[]
  readonly close: () => void
}

const Form = ({ agents, close, folders }: FormProps) => {
  const [, navigate] = useLocation()
  const [agent, setAgent] = useState(agents[0] ?? "")
  const [cwd, setCwd] = useState(folders[0] ?? "")
  const [text, setText] = useState("")
  const create = useCommandCall()
  const send = useCommandCall()
  const [made, setMade] = useState<string | null>(null)
  const message = useRef<HTMLTextAreaElement>(null)
  useEffect(() => message.current?.focus(), [])
  const begin = async () => {
    // A thread that was made before its message was refused is not made a second time.
    const threadId = made ?? (await create.ask("/v1/threads", { agent, cwd }))?.threadId
    if (threadId === undefined) return
    setMade(threadId)
    if (text.trim() !== "" && !(await send.give(`/v1/threads/${encodeURIComponent(threadId)}/messages`, { text })))
      return
    close()
    navigate(`/threads/${threadId}`)
  }
  const problem = create.problem ?? send.problem
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        void begin()
      }}
    >
      <label className={classes.line}>
        <span>Agent</span>
        <select
          className={classes.field}
          disabled={made !== null}
          onChange={(event) => setAgent(event.target.value)}
          value={agent}
        >
          {agents.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label className={classes.line}>
        <span>Folder on the server's machine</span>
        <input
          className={classes.field}
          disabled={made !== null}
          list="known-folders"
          onChange={(event) => setCwd(event.target.value)}
          placeholder="/home/me/project"
          required
          spellCheck={false}
          value={cwd}
        />
        <datalist id="known-folders">
          {folders.map((folder) => (
            <option key={folder} value={folder} />
          ))}
        </datalist>
      </label>
      <label className={classes.line}>
        <span>First message</span>
        <textarea
          className={classes.field}
          ref={message}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
              event.preventDefault()
              void begin()
            }
          }}
          placeholder="May be left out: nothing is started then"
          rows={4}
          value={text}
        />
      </label>
      {problem === null ? null : (
        <p className={classes.problem} role="alert">
          {withCode(`${problem.title}: ${problem.detail} ${problem.next}`)}
        </p>
      )}
      <div className={classes.buttons}>
        <button className={classes.plain} onClick={close} type="button">
          Cancel
        </button>
        <button className={classes.begin} disabled={create.busy || send.busy} type="submit">
          {text.trim() === "" ? "Make the thread" : "Begin"}
        </button>
      </div>
    </form>
  )
}

export const NewThread = ({ folders }: { folders: () => readonly string[] }) => {
  const [open, setOpen] = useState(false)
  const dialog = useRef<HTMLDialogElement>(null)
  const agents = useStarters(open)
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  useCommands([{ id: "threads.new", title: "Begin a thread", group: "Threads", keys: ["n"], run: () => setOpen(true) }])
  const close = () => setOpen(false)
  return (
    <>
      <button className={classes.new} onClick={() => setOpen(true)} title="Begin a thread (n)" type="button">
        <Icon name="plus" size={14} />
        New thread
      </button>
      <dialog
        aria-labelledby="new-thread-title"
        className={classes.dialog}
        data-testid="new-thread"
        onClose={close}
        ref={dialog}
      >
        <h2 className={classes.title} id="new-thread-title">
          New thread
        </h2>
        {!open || agents === null ? null : agents.length === 0 ? (
          <div className={classes.form}>
            <p>
              No agent is configured. <code>threadfold doctor</code> says how to get one.
            </p>
            <div className={classes.buttons}>
              <button className={classes.plain} onClick={close} type="button">
                Close
              </button>
            </div>
          </div>
        ) : (
          <Form agents={agents} close={close} folders={folders()} />
        )}
      </dialog>
    </>
  )
}
