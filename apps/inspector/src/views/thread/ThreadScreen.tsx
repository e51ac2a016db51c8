/** One thread: what was said and done, live, and where a person answers and writes. `?at=N` shows it as it was after event N. */

import { Suspense, useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react"
import { Link, useLocation, useParams } from "wouter"
import { isProblemOf, newKey } from "../../api/Api.js"
import { shortPath, visible } from "../../format/format.js"
import { useValue } from "../../live/KeyedStore.js"
import type { Moment, Travel } from "../../past/Travel.js"
import { useTravel } from "../../past/useTravel.js"
import { useCommands } from "../../shell/commands.js"
import { Icon } from "../../shell/Icon.js"
import { lazy } from "../../shell/lazyView.js"
import { usePage, useTitle } from "../../shell/PageContext.js"
import { StatusMark } from "../../shell/StatusMark.js"
import { nameOf } from "../threads/threadRows.js"
import { ChildLinks } from "./ChildLinks.js"
import { ContextMeter } from "./ContextMeter.js"
import { ThreadFoot } from "./ThreadFoot.js"
import { ThreadMenu } from "./ThreadMenu.js"
import classes from "./ThreadScreen.module.css"
import { type ThreadHead, ThreadStore } from "./ThreadStore.js"
import { Transcript, type TranscriptHandle } from "./Transcript.js"
import { TurnList } from "./TurnList.js"

const TravelBar = lazy(() => import("../../past/TravelBar.js"))

/** The thread as it is, or as it was at the moment that is travelled to; read and followed while it is shown. */
const useThread = (travel: Travel, at: number | null): ThreadStore => {
  const { api, bundle, feed } = usePage()
  const { reader, state, threadId } = travel
  const isPast = at !== null
  const follows = bundle === null
  const store = useMemo(
    () =>
      isPast
        ? new ThreadStore(reader, threadId, state.get().at)
        : new ThreadStore(api, threadId, null, undefined, follows),
    [api, follows, isPast, reader, state, threadId],
  )
  useEffect(() => {
    if (isPast) store.restarted()
    const stop = isPast ? () => {} : feed.listen(store)
    return () => {
      stop()
      store.close()
    }
  }, [feed, isPast, store])
  useEffect(() => {
    if (at !== null) store.goTo(at)
  }, [at, store])
  // What was shown stays until there is something to show in its place.
  const isReady = useSyncExternalStore(
    useCallback((listener) => store.state.subscribe(listener), [store]),
    () => store.head.get() !== null || store.state.get().problem !== null,
  )
  const shown = useRef(store)
  if (isReady || shown.current.threadId !== threadId) shown.current = store
  return shown.current
}

/** Ids of the entries that the event of a moment changed. */
const changedEntries = ({ diff, step }: Moment): ReadonlySet<string> =>
  new Set((diff ?? step)?.rows.flatMap(({ row }) => row.split("/")[1] ?? []))

/** How long a person looks at news before it counts as read, ms. */
const readAfterMs = 1_200

/** Tells the server that a person has seen the thread, while the page is in sight. */
const useReadMark = (head: ThreadHead | null, at: number | null): void => {
  const { api, bundle } = usePage()
  const { streamVersion = 0, threadId = "", unread = false } = head?.thread ?? {}
  // A text that streams raises the version all the time: what is told is the newest one.
  const version = useRef(streamVersion)
  version.current = streamVersion
  useEffect(() => {
    if (!unread || at !== null || bundle !== null) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const tell = () => {
      const path = `/v1/threads/${encodeURIComponent(threadId)}/read`
      // A mark that is not taken (a copy that is replayed takes none) is no matter for the reader.
      api.command(path, { version: version.current }, { key: newKey() }).catch(() => undefined)
    }
    const look = () => {
      clearTimeout(timer)
      if (!document.hidden) timer = setTimeout(tell, readAfterMs)
    }
    look()
    document.addEventListener("visibilitychange", look)
    return () => {
      clearTimeout(timer)
      document.removeEventListener("visibilitychange", look)
    }
  }, [api, at, bundle, threadId, unread])
}

const Back = () => (
  <Link aria-label="All threads" className={classes.back} href="/threads" title="All threads (u)">
    <Icon name="left" />
  </Link>
)

const Head = ({
  head,
  jump,
  store,
  travel,
}: {
  head: ThreadHead
  jump: (turnId: string) => void
  store: ThreadStore
  travel: Travel
}) => {
  const { thread } = head
  const isTravelling = useValue(travel.open)
  return (
    <header className={classes.head}>
      <Back />
      <StatusMark status={thread.status} />
      <h1 className={classes.title} title={nameOf(thread)}>
        {nameOf(thread)}
      </h1>
      <span className={classes.about}>
        {thread.agent ?? thread.provider}
        {thread.cwd === null ? null : <span title={visible(thread.cwd)}> · {visible(shortPath(thread.cwd))}</span>}
      </span>
      {thread.parentThreadId === null ? null : (
        <Link className={classes.parent} href={`/threads/${thread.parentThreadId}`}>
          Parent thread
        </Link>
      )}
      <span className={classes.space} />
      <ContextMeter store={store} />
      <button
        aria-pressed={isTravelling}
        className={classes.past}
        onClick={isTravelling ? travel.hide : travel.show}
        title="Travel in time (t)"
        type="button"
      >
        <Icon name="past" size={14} />
        History
      </button>
      <TurnList jump={jump} store={store} />
      {store.isLive ? <ThreadMenu store={store} thread={thread} /> : null}
    </header>
  )
}

const ThreadScreen = () => {
  const { threadId = "" } = useParams<{ threadId: string }>()
  const travel = useTravel(threadId)
  const { at } = useValue(travel.state)
  const isTravelling = useValue(travel.open)
  const store = useThread(travel, at)
  const head = useValue(store.head)
  const isUnknown = useSyncExternalStore(
    useCallback((listener) => store.state.subscribe(listener), [store]),
    () => isProblemOf(store.state.get().problem, "thread-not-found"),
  )
  const moment = useValue(travel.moment)
  const changed = useMemo(() => changedEntries(moment), [moment])
  const [, navigate] = useLocation()
  const transcript = useRef<TranscriptHandle>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  const usesServer = usePage().bundle === null
  useTitle(head === null ? "Thread" : nameOf(head.thread))
  useReadMark(head, at)
  useCommands([
    {
      id: "thread.past",
      title: isTravelling ? "Close time travel" : "Travel in time",
      group: "Thread",
      keys: ["t"],
      run: isTravelling ? travel.hide : travel.show,
    },
    { id: "thread.back", title: "Back to all threads", group: "Thread", keys: ["u"], run: () => navigate("/threads") },
    ...(usesServer
      ? [
          {
            id: "thread.write",
            title: "Write to the agent",
            group: "Thread",
            keys: ["c", "i"],
            run: () => field.current?.focus(),
          },
        ]
      : []),
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
      {head === null ? (
        <header className={classes.head}>
          <Back />
          <h1 className={classes.title}>Thread</h1>
        </header>
      ) : (
        <Head head={head} jump={(turnId) => transcript.current?.toTurn(turnId)} store={store} travel={travel} />
      )}
      {isTravelling && !isUnknown ? (
        <Suspense fallback={null}>
          <TravelBar travel={travel} />
        </Suspense>
      ) : null}
      {head === null ? null : (
        <div className={classes.children}>
          <ChildLinks store={store} />
        </div>
      )}
      <Transcript at={at} changed={changed} handle={transcript} key={`${threadId} ${at === null}`} store={store} />
      {head === null || at !== null ? null : (
        <ThreadFoot field={field} head={head} key={threadId} onSent={() => transcript.current?.toEnd()} store={store} />
      )}
    </div>
  )
}

export default ThreadScreen
