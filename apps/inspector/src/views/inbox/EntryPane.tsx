/** One entry of the inbox: the question with its answer, or what else a person has to know and can do. */
import type { InboxEntry, QueueView, ThreadView } from "@threadfold/contracts"
import { useEffect, useRef, useState } from "react"
import { Link, useLocation } from "wouter"
import { newKey, type Page } from "../../api/Api.js"
import { asProblem, type PageProblem } from "../../api/PageProblem.js"
import { counted, entryOf, shortPath, visible } from "../../format/format.js"
import { Ago } from "../../live/timedTexts.js"
import { QuestionCard } from "../../requests/QuestionCard.js"
import { useCommands } from "../../shell/commands.js"
import { Icon } from "../../shell/Icon.js"
import { Keys } from "../../shell/KeyHelp.js"
import { withCode } from "../../shell/Notice.js"
import { announce, usePage } from "../../shell/PageContext.js"
import classes from "./EntryPane.module.css"
import { kindName, type ShownEntry } from "./InboxList.js"

/** What may be done about an entry, beside looking at its thread. */
interface Remedy {
  readonly label: string
  readonly said: string
  readonly keys: string
  readonly path: string
  readonly body: (() => Promise<unknown>) | undefined
}

const texts: Readonly<Partial<Record<string, string>>> = {
  "stalled-turn": "Nothing is heard of a turn that runs. The agent may be at work all the same.",
  "uncertain-message":
    "It is not known whether the agent got this message. It is not sent again by itself: look at the thread first.",
  "failed-turn": "The last turn of this thread failed, and nobody has seen that.",
  "held-queue": "Messages wait here until a person lets them run.",
}

const useRemedy = ({ kind, threadId, turnId }: InboxEntry): Remedy | null => {
  const { api } = usePage()
  const thread = `/v1/threads/${encodeURIComponent(threadId)}`
  if (kind === "held-queue") {
    return {
      label: "Let the queue run",
      said: "The queue runs.",
      keys: "r",
      path: `${thread}/queue/resume`,
      body: undefined,
    }
  }
  if (kind === "stalled-turn" && turnId !== null) {
    const path = `/v1/turns/${encodeURIComponent(turnId)}/interrupt`
    return { label: "Interrupt the turn", said: "The turn is interrupted.", keys: "i", path, body: undefined }
  }
  if (kind === "failed-turn") {
    const body = async () => {
      const { thread: row } = await api.get<{ readonly thread: ThreadView }>(thread, { limit: 1 })
      return { version: row.streamVersion }
    }
    return { label: "Mark as read", said: "Marked as read.", keys: "e", path: `${thread}/read`, body }
  }
  return null
}

const Queued = ({ threadId }: { threadId: string }) => {
  const { api } = usePage()
  const [messages, setMessages] = useState<readonly QueueView[]>([])
  useEffect(() => {
    const ends = new AbortController()
    api
      .get<Page<QueueView>>(`/v1/threads/${encodeURIComponent(threadId)}/queue`, { limit: 20 }, { signal: ends.signal })
      .then(({ items }) => setMessages(items))
      // The thread shows them, too.
      .catch(() => undefined)
    return () => ends.abort()
  }, [api, threadId])
  return (
    <ol className={classes.queue}>
      {messages.map(({ messageId, text }) => (
        <li className={classes.message} key={messageId}>
          {visible(text)}
        </li>
      ))}
    </ol>
  )
}

const Other = ({ gone, entry }: { entry: InboxEntry; gone: boolean }) => {
  const { api } = usePage()
  const remedy = useRemedy(entry)
  const [state, setState] = useState<"idle" | "sending" | PageProblem>("idle")
  const key = useRef(newKey())
  const press = async () => {
    if (remedy === null || state === "sending" || gone) return
    setState("sending")
    try {
      await api.command(remedy.path, await remedy.body?.(), { key: key.current })
      announce(remedy.said)
      setState("idle")
    } catch (error) {
      const problem = asProblem(error)
      announce(problem.message)
      setState(problem)
      // What failed for good is another press the next time.
      if (!problem.mayPass) key.current = newKey()
    }
  }
  const label = remedy?.label ?? ""
  useCommands(
    remedy === null || gone
      ? []
      : [{ id: "inbox.remedy", title: label, group: "Inbox", keys: [remedy.keys], run: () => void press() }],
  )
  return (
    <>
      <h3 className={classes.about}>{kindName(entry.kind)}</h3>
      <p className={classes.soft}>{entryOf(texts, entry.kind) ?? ""}</p>
      {entry.text === null ? null : <p className={classes.quote}>{visible(entry.text)}</p>}
      {entry.kind === "held-queue" ? (
        <>
          <p className={classes.soft}>{counted(entry.messages, "message")} wait.</p>
          <Queued threadId={entry.threadId} />
        </>
      ) : null}
      {remedy === null || gone ? null : (
        <p>
          <button className={classes.button} disabled={state === "sending"} onClick={() => void press()} type="button">
            {state === "sending" ? "Sending…" : remedy.label}
            <Keys keys={remedy.keys} />
          </button>
        </p>
      )}
      {gone ? (
        <p className={classes.gone} data-testid="entry-gone">
          <Icon name="check" /> This needs nobody any more.
        </p>
      ) : null}
      {typeof state === "string" ? null : (
        <p className={classes.failed} role="alert">
          {state.title}. {state.detail} {withCode(state.next)}
        </p>
      )}
    </>
  )
}

export const EntryPane = ({ shown: { entry, gone } }: { shown: ShownEntry }) => {
  const [, navigate] = useLocation()
  const place = `/threads/${entry.threadId}`
  useCommands([
    { id: "inbox.open", title: "Open the thread", group: "Inbox", keys: ["o", "Enter"], run: () => navigate(place) },
  ])
  return (
    <section aria-label="Entry" className={classes.pane} data-kind={entry.kind} data-testid="inbox-entry">
      <header className={classes.head}>
        <h2 className={classes.heading}>
          <Link className={classes.thread} href={place}>
            <span className={classes.name} title={visible(entry.threadTitle ?? "")}>
              {visible(entry.threadTitle ?? "Untitled thread")}
            </span>
            <Icon name="right" size={12} />
          </Link>
        </h2>
        <span className={classes.meta}>
          {[entry.agent, entry.cwd === null ? null : shortPath(entry.cwd)].filter((one) => one !== null).join(" · ")}
        </span>
        {entry.since === null || entry.requestId !== null ? null : <Ago at={entry.since} className={classes.meta} />}
      </header>
      {entry.requestId === null ? (
        <Other entry={entry} gone={gone} />
      ) : (
        <QuestionCard key={entry.requestId} keys requestId={entry.requestId} />
      )}
    </section>
  )
}
