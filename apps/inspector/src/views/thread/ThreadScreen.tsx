/** One thread: what was said and done, live, and where a person answers and writes. `?at=N` shows it as it was after event N. */
import { useEffect, useMemo, useRef } from "react"
import { Link, useLocation, useParams, useSearchParams } from "wouter"
import { shortPath } from "../../format/format.js"
import { useValue } from "../../live/KeyedStore.js"
import { useCommands } from "../../shell/commands.js"
import { Icon } from "../../shell/Icon.js"
import { usePage, useTitle } from "../../shell/PageContext.js"
import { StatusMark } from "../../shell/StatusMark.js"
import { useCommandCall } from "../../shell/useCommandCall.js"
import { nameOf } from "../threads/threadRows.js"
import { ChildLinks } from "./ChildLinks.js"
import { Composer } from "./Composer.js"
import { ContextMeter } from "./ContextMeter.js"
import { PlanPanel } from "./PlanPanel.js"
import { QueueList } from "./QueueList.js"
import classes from "./ThreadScreen.module.css"
import { type ThreadHead, ThreadStore } from "./ThreadStore.js"
import { Transcript, type TranscriptHandle } from "./Transcript.js"
import { TurnList } from "./TurnList.js"
import { useAgent } from "./useAgent.js"

/** The moment that an address says; null: now. */
const momentOf = (text: string | null): number | null =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null

/** The thread of the address, read and followed while it is shown. */
const useThread = (threadId: string, at: number | null): ThreadStore => {
  const { api, feed } = usePage()
  const store = useMemo(() => new ThreadStore(api, threadId, at), [api, threadId, at])
  useEffect(() => {
    const stop = at === null ? feed.listen(store) : () => {}
    if (at !== null) store.restarted()
    return () => {
      stop()
      store.close()
    }
  }, [feed, store, at])
  return store
}

/** How long a person looks at news before it counts as read, ms. */
const readAfterMs = 1_200

/** Tells the server that a person has seen the thread, while the page is in sight. */
const useReadMark = (head: ThreadHead | null, at: number | null): void => {
  const { give } = useCommandCall()
  const { streamVersion = 0, threadId = "", unread = false } = head?.thread ?? {}
  useEffect(() => {
    if (!unread || at !== null) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = () => {
      clearTimeout(timer)
      if (document.hidden) return
      timer = setTimeout(
        () => give(`/v1/threads/${encodeURIComponent(threadId)}/read`, { version: streamVersion }),
        readAfterMs,
      )
    }
    look()
    document.addEventListener("visibilitychange", look)
    return () => {
      clearTimeout(timer)
      document.removeEventListener("visibilitychange", look)
    }
  }, [at, give, streamVersion, threadId, unread])
}

const Head = ({ head, jump, store }: { head: ThreadHead; jump: (turnId: string) => void; store: ThreadStore }) => {
  const { thread } = head
  return (
    <header className={classes.head}>
      <Link aria-label="All threads" className={classes.back} href="/threads" title="All threads (u)">
        <Icon name="left" />
      </Link>
      <StatusMark status={thread.status} />
      <h1 className={classes.title} title={nameOf(thread)}>
        {nameOf(thread)}
      </h1>
      <span className={classes.about}>
        {thread.agent ?? thread.provider}
        {thread.cwd === null ? null : <span title={thread.cwd}> · {shortPath(thread.cwd)}</span>}
      </span>
      {thread.parentThreadId === null ? null : (
        <Link className={classes.parent} href={`/threads/${thread.parentThreadId}`}>
          Parent thread
        </Link>
      )}
      <span className={classes.space} />
      <ContextMeter store={store} />
      <TurnList jump={jump} store={store} />
    </header>
  )
}

/** Interrupting the turn and stopping the agent. */
const Controls = ({ canInterrupt, canStop, head }: { canInterrupt: boolean; canStop: boolean; head: ThreadHead }) => {
  const { session, thread } = head
  const { busy, give, problem } = useCommandCall()
  const path = `/v1/threads/${encodeURIComponent(thread.threadId)}`
  const runs = thread.activeTurnId !== null
  const lives = session !== null && ["starting", "running", "ready", "idle"].includes(session.status)
  const interrupt = () => give(`${path}/interrupt`, {})
  useCommands([
    {
      id: "thread.interrupt",
      title: "Interrupt the turn",
      group: "Thread",
      keys: ["mod+."],
      enabled: runs && canInterrupt,
      run: interrupt,
    },
  ])
  return (
    <div className={classes.controls}>
      {problem === null ? null : (
        <span className={classes.problem} role="alert">
          {problem.message}
        </span>
      )}
      {runs && canInterrupt ? (
        <button
          className={classes.control}
          disabled={busy}
          onClick={interrupt}
          title="Interrupt the turn (Ctrl .)"
          type="button"
        >
          <Icon name="pause" size={12} />
          Interrupt
        </button>
      ) : null}
      {lives && canStop ? (
        <button
          className={classes.control}
          disabled={busy}
          onClick={() => give(`${path}/session/stop`, {})}
          title="End the agent's process; what has not started is cancelled"
          type="button"
        >
          <Icon name="stop" size={12} />
          Stop agent
        </button>
      ) : null}
    </div>
  )
}

const Foot = ({
  field,
  head,
  onSent,
}: {
  field: React.RefObject<HTMLTextAreaElement | null>
  head: ThreadHead
  onSent: () => void
}) => {
  const { queue, thread } = head
  const agent = useAgent(thread.agent)
  if (agent === null) return null
  if (agent === "none" || thread.status === "purged" || thread.deletedAt !== null) {
    return (
      <div className={classes.foot}>
        <PlanPanel plan={thread.plan} />
        <p className={classes.note}>
          {thread.deletedAt !== null
            ? "This thread is deleted."
            : "Threadfold does not run the agent of this thread: it can be read."}
        </p>
      </div>
    )
  }
  return (
    <div className={classes.foot}>
      <Controls canInterrupt={agent.capabilities.interrupt} canStop={agent.capabilities.stop} head={head} />
      <PlanPanel plan={thread.plan} />
      <QueueList agent={agent} queue={queue} thread={thread} />
      <Composer agent={agent} field={field} head={head} onSent={onSent} />
    </div>
  )
}

const ThreadScreen = () => {
  const { threadId = "" } = useParams<{ threadId: string }>()
  const [params] = useSearchParams()
  const at = momentOf(params.get("at"))
  const store = useThread(threadId, at)
  const head = useValue(store.head)
  const [, navigate] = useLocation()
  const transcript = useRef<TranscriptHandle>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  useTitle(head === null ? "Thread" : nameOf(head.thread))
  useReadMark(head, at)
  useCommands([
    { id: "thread.back", title: "Back to all threads", group: "Thread", keys: ["u"], run: () => navigate("/threads") },
    {
      id: "thread.write",
      title: "Write to the agent",
      group: "Thread",
      keys: ["c", "i"],
      run: () => field.current?.focus(),
    },
    {
      id: "thread.end",
      title: "To the end",
      group: "Thread",
      keys: ["G", "End"],
      run: () => transcript.current?.toEnd(),
    },
    {
      id: "thread.start",
      title: "To the first entry that is read",
      group: "Thread",
      keys: ["g g", "Home"],
      run: () => transcript.current?.toStart(),
    },
    {
      id: "thread.nextTurn",
      title: "Next turn",
      group: "Thread",
      keys: ["J"],
      run: () => transcript.current?.stepTurn(1),
    },
    {
      id: "thread.previousTurn",
      title: "Previous turn",
      group: "Thread",
      keys: ["K"],
      run: () => transcript.current?.stepTurn(-1),
    },
  ])
  return (
    <div className={classes.view} data-testid="thread-view">
      {head === null ? null : <Head head={head} jump={(turnId) => transcript.current?.toTurn(turnId)} store={store} />}
      {at === null ? null : (
        <p className={classes.moment}>
          As it was after event {at.toLocaleString("en")} of the log.{" "}
          <Link href={`/threads/${threadId}`}>Show it live</Link>
        </p>
      )}
      {head === null ? null : (
        <div className={classes.children}>
          <ChildLinks store={store} />
        </div>
      )}
      <Transcript handle={transcript} key={`${threadId} ${at}`} store={store} />
      {head === null || at !== null ? null : (
        <Foot field={field} head={head} onSent={() => transcript.current?.toEnd()} />
      )}
    </div>
  )
}

export default ThreadScreen
