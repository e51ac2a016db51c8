/** What can be done with a thread as a whole. What its agent cannot do is not there. */
import type { ThreadDetail } from "@threadfold/contracts"
import { useRef, useState } from "react"
import { useLocation } from "wouter"
import { useCommands } from "../../shell/commands.js"
import { Icon } from "../../shell/Icon.js"
import parts from "../../shell/Menu.module.css"
import { announce } from "../../shell/PageContext.js"
import { useCommandCall } from "../../shell/useCommandCall.js"
import { nameOf } from "../threads/threadRows.js"
import classes from "./ThreadMenu.module.css"
import type { ThreadStore } from "./ThreadStore.js"
import { type KnownAgent, useAgent } from "./useAgent.js"

interface MenuProps {
  readonly store: ThreadStore
  readonly thread: ThreadDetail
}

interface Action {
  readonly id: string
  readonly label: string
  /** What it means, as tool tip. */
  readonly says?: string
  readonly run: () => unknown
}

const can = (agent: KnownAgent, capability: "compact" | "fork" | "rewind"): boolean =>
  agent !== null && agent !== "none" && agent.capabilities[capability]

/** The last turn that has ended and was not taken back; null: none is read. */
const lastEnded = (store: ThreadStore): string | null =>
  store.readTurns().findLast(({ rewound, status }) => status === "ended" && !rewound)?.turnId ?? null

const Rename = ({ close, path, thread }: { close: () => void; path: string; thread: ThreadDetail }) => {
  const [title, setTitle] = useState(thread.title ?? "")
  const { busy, give, problem } = useCommandCall()
  const save = async () => {
    if (title.trim() !== "" && (await give(path, { title: title.trim() }, "PATCH"))) close()
  }
  return (
    <form
      className={classes.rename}
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <input
        aria-label="Name of the thread"
        className={classes.field}
        onChange={(event) => setTitle(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") close()
        }}
        placeholder={nameOf(thread)}
        ref={(element) => element?.focus()}
        value={title}
      />
      <button className={classes.save} disabled={busy || title.trim() === ""} type="submit">
        Save
      </button>
      {problem === null ? null : <p role="alert">{problem.detail}</p>}
    </form>
  )
}

export const ThreadMenu = ({ store, thread }: MenuProps) => {
  const agent = useAgent(thread.agent)
  const [, navigate] = useLocation()
  const [renames, setRenames] = useState(false)
  const menu = useRef<HTMLDivElement>(null)
  const { ask, busy, give, problem } = useCommandCall()
  const path = store.path
  const runs = thread.activeTurnId !== null

  const fork = async () => {
    const turnId = lastEnded(store)
    if (turnId === null) return
    const goOn = can(agent, "fork")
    const receipt = await ask(`${path}/fork`, { turnId, ...(goOn ? { goOn } : {}) })
    if (receipt !== null) navigate(`/threads/${receipt.threadId}`)
  }
  const actions: readonly (Action | null)[] = [
    { id: "rename", label: "Rename", run: () => setRenames(true) },
    thread.pinnedAt === null
      ? { id: "pin", label: "Pin", run: () => give(`${path}/pin`) }
      : { id: "unpin", label: "Take the pin away", run: () => give(`${path}/unpin`) },
    thread.archivedAt === null
      ? {
          id: "archive",
          label: "Archive",
          says: "Out of sight; it can be brought back",
          run: () => give(`${path}/archive`),
        }
      : { id: "unarchive", label: "Bring back from the archive", run: () => give(`${path}/unarchive`) },
    {
      id: "fork",
      label: "Fork at the last turn",
      says: can(agent, "fork") ? "A copy in which the agent goes on" : "A copy that can be read",
      run: fork,
    },
    can(agent, "compact") && !runs
      ? {
          id: "compact",
          label: "Sum up the conversation",
          says: "Makes room in the context",
          run: () => give(`${path}/compact`),
        }
      : null,
    can(agent, "rewind") && !runs
      ? {
          id: "rewind",
          label: "Take back the last turn",
          says: "Files stay as they are",
          run: () => give(`${path}/rewind`, {}),
        }
      : null,
    {
      id: "copy",
      label: "Copy the id",
      run: () =>
        navigator.clipboard.writeText(thread.threadId).then(
          () => announce("Id copied"),
          () => announce("The id could not be copied"),
        ),
    },
  ]
  const shown = actions.filter((action) => action !== null)
  useCommands(
    shown.map(({ id, label, run }) => ({
      id: `thread.${id}`,
      title: `${label}: this thread`,
      group: "Thread",
      keys: [],
      run: () => {
        if (id === "rename") menu.current?.showPopover()
        run()
      },
    })),
  )
  return (
    <>
      <button
        aria-label="More about this thread"
        className={classes.button}
        popoverTarget="thread-menu"
        title="More"
        type="button"
      >
        <Icon name="more" />
      </button>
      <div
        className={`${parts.menu} ${classes.menu}`}
        data-testid="thread-menu"
        id="thread-menu"
        onToggle={(event) => {
          if (event.newState === "closed") setRenames(false)
        }}
        popover="auto"
        ref={menu}
      >
        {renames ? (
          <Rename close={() => menu.current?.hidePopover()} path={path} thread={thread} />
        ) : (
          <ul>
            {shown.map(({ id, label, run, says }) => (
              <li key={id}>
                <button
                  className={classes.action}
                  disabled={busy}
                  onClick={() => {
                    if (id !== "rename") menu.current?.hidePopover()
                    run()
                  }}
                  title={says}
                  type="button"
                >
                  {label}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
      {problem === null ? null : (
        <span className={classes.problem} role="alert">
          {problem.message}
        </span>
      )}
    </>
  )
}
