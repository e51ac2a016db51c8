/** All threads, live: what needs a person first, then what is at work, then the rest by its last change. */

import { useVirtualizer } from "@tanstack/react-virtual"
import { useCallback, useEffect, useMemo, useRef, useState } from "react"
import { useLocation, useSearchParams } from "wouter"
import { counted } from "../../format/format.js"
import { useValue } from "../../live/KeyedStore.js"
import { useCommands } from "../../shell/commands.js"
import { Notice, ProblemNotice } from "../../shell/Notice.js"
import { type PageServices, usePage, useTitle } from "../../shell/PageContext.js"
import frame from "../../shell/ViewFrame.module.css"
import { FilterBar } from "./FilterBar.js"
import { NewThread } from "./NewThread.js"
import { RowDetails } from "./RowDetails.js"
import { ThreadLine } from "./ThreadLine.js"
import { type Order, ThreadList } from "./ThreadList.js"
import classes from "./ThreadsView.module.css"
import { filterOf, type Group, groups, paramsOf, type ThreadFilter } from "./threadRows.js"

/** The list that was shown last. It stays live while another view is open, so that coming back shows it at once, and where it was. */
interface Kept {
  readonly services: PageServices
  readonly key: string
  readonly list: ThreadList
  readonly end: () => void
  offset: number
}

let kept: Kept | null = null
let details: { readonly services: PageServices; readonly of: RowDetails } | null = null

const listFor = (services: PageServices, filter: ThreadFilter): Kept => {
  const key = JSON.stringify(filter)
  if (kept?.services === services && kept.key === key) return kept
  kept?.end()
  const list = new ThreadList(services.api, filter)
  const stop = services.feed.listen(list)
  kept = {
    services,
    key,
    list,
    offset: 0,
    end: () => {
      stop()
      list.close()
    },
  }
  return kept
}

const detailsFor = (services: PageServices): RowDetails => {
  if (details?.services === services) return details.of
  const of = new RowDetails(services.api)
  services.feed.listen(of)
  details = { services, of }
  return of
}

type Entry =
  | { readonly kind: "group"; readonly group: Group; readonly count: number }
  | { readonly kind: "thread"; readonly id: string }

/** Folders of the threads that are read, the newest first: where the next one is likely to be. */
const foldersOf = (list: ThreadList): readonly string[] => {
  const { needs, rest, working } = list.state.get().order
  const folders = [...working, ...needs, ...rest].flatMap((id) => list.rows.get(id)?.cwd ?? [])
  return [...new Set(folders)].slice(0, 50)
}

const groupNames: Readonly<Record<Group, string>> = { needs: "Needs you", working: "At work", rest: "Everything else" }

const entriesOf = (order: Order): readonly Entry[] => {
  const entries: Entry[] = []
  for (const group of groups) {
    if (order[group].length === 0) continue
    entries.push({ kind: "group", group, count: order[group].length })
    for (const id of order[group]) entries.push({ kind: "thread", id })
  }
  return entries
}

const rowHeight = 36
const headHeight = 32
/** The next page is read when so many rows are left. */
const rowsAhead = 30

const ThreadsView = () => {
  useTitle("Threads")
  const services = usePage()
  const [params, setParams] = useSearchParams()
  const [, navigate] = useLocation()
  const address = params.toString()
  const filter = useMemo(() => filterOf(new URLSearchParams(address)), [address])
  const shown = listFor(services, filter)
  const { list } = shown
  const rowDetails = detailsFor(services)
  const state = useValue(list.state)
  const entries = useMemo(() => entriesOf(state.order), [state.order])
  const [active, setActive] = useState<string | null>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const search = useRef<HTMLInputElement>(null)

  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (entries[index]?.kind === "group" ? headHeight : rowHeight),
    getItemKey: (index) => {
      const entry = entries[index]
      return entry === undefined ? index : entry.kind === "group" ? entry.group : entry.id
    },
    overscan: 12,
    initialOffset: shown.offset,
  })
  // Group heads have another height than rows: where they are changes with the order.
  useEffect(() => virtual.measure(), [entries, virtual])

  const rows = virtual.getVirtualItems()
  const last = rows.at(-1)?.index ?? 0
  const isNearEnd = state.more && !state.loading && state.problem === null && last >= entries.length - rowsAhead
  useEffect(() => {
    if (isNearEnd) list.readMore()
  }, [isNearEnd, list])

  const setFilter = (next: ThreadFilter) => setParams(paramsOf(next), { replace: true })

  const open = (id: string | null) => {
    if (id !== null) navigate(`/threads/${id}`)
  }
  const move = (by: number) => {
    const ids = entries.flatMap((entry, index) => (entry.kind === "thread" ? [{ id: entry.id, index }] : []))
    const now = ids.findIndex(({ id }) => id === active)
    const next = ids[now === -1 ? (by > 0 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, now + by))]
    if (next === undefined) return
    setActive(next.id)
    virtual.scrollToIndex(next.index, { align: "auto" })
    // The row may have to be made first.
    requestAnimationFrame(() =>
      scroller.current
        ?.querySelector<HTMLElement>(`[data-thread="${CSS.escape(next.id)}"]`)
        ?.focus({ preventScroll: true }),
    )
  }
  const focus = useCallback((id: string) => setActive(id), [])

  useCommands([
    { id: "threads.next", title: "Next thread", group: "Threads", keys: ["j", "ArrowDown"], run: () => move(1) },
    { id: "threads.previous", title: "Previous thread", group: "Threads", keys: ["k", "ArrowUp"], run: () => move(-1) },
    {
      id: "threads.first",
      title: "First thread",
      group: "Threads",
      keys: ["g g", "Home"],
      run: () => move(-entries.length),
    },
    { id: "threads.open", title: "Open the thread", group: "Threads", keys: ["Enter", "o"], run: () => open(active) },
    {
      id: "threads.search",
      title: "Search in titles",
      group: "Threads",
      keys: ["/"],
      run: () => search.current?.focus(),
    },
  ])

  const firstThread = entries.find((entry) => entry.kind === "thread")
  const tabStop = entries.some((entry) => entry.kind === "thread" && entry.id === active)
    ? active
    : (firstThread?.id ?? null)

  return (
    <div className={frame.view}>
      <header className={frame.header}>
        <h1 className={frame.title}>Threads</h1>
        <span className={`${frame.count} ${classes.count}`} data-testid="thread-count">
          {state.count === 0 && state.loading ? "" : `${counted(state.count, "thread")}${state.more ? " so far" : ""}`}
        </span>
        {services.bundle === null ? <NewThread folders={() => foldersOf(list)} /> : null}
        <FilterBar filter={filter} search={search} setFilter={setFilter} />
      </header>
      <div
        className={classes.scroller}
        data-testid="thread-list"
        onScroll={(event) => {
          shown.offset = event.currentTarget.scrollTop
        }}
        ref={scroller}
        tabIndex={-1}
      >
        {entries.length > 0 ? (
          <ul className={classes.list} style={{ height: virtual.getTotalSize() }}>
            {rows.map(({ index, key, size, start }) => {
              const entry = entries[index]
              if (entry === undefined) return null
              return (
                <li
                  aria-posinset={index + 1}
                  aria-setsize={state.more ? -1 : entries.length}
                  className={classes.place}
                  key={key}
                  style={{ height: size, transform: `translateY(${start}px)` }}
                >
                  {entry.kind === "group" ? (
                    <h2 className={classes.group} data-group={entry.group}>
                      {groupNames[entry.group]}
                      <span className={classes.groupCount}>
                        {entry.count.toLocaleString("en")}
                        {entry.group === "rest" && state.more ? "+" : ""}
                      </span>
                    </h2>
                  ) : (
                    <ThreadLine
                      active={entry.id === active}
                      details={rowDetails}
                      focus={focus}
                      rows={list.rows}
                      tabbable={entry.id === tabStop}
                      threadId={entry.id}
                    />
                  )}
                </li>
              )
            })}
          </ul>
        ) : state.problem !== null ? (
          <ProblemNotice error={state.problem} retry={list.restarted} />
        ) : state.loading ? (
          <Notice kind="loading" title="Reading the threads" />
        ) : Object.keys(paramsOf(filter)).length > 0 ? (
          <Notice
            actions={[{ label: "Show all threads", run: () => setFilter(filterOf(new URLSearchParams())) }]}
            text="No thread meets these filters."
            title="Nothing found"
          />
        ) : (
          <Notice
            text={
              services.bundle === null
                ? "Threads appear here when an agent is started, or when the history of one is imported (threadfold import)."
                : "The bundle holds no thread. Its events are in the log."
            }
            title={services.bundle === null ? "No threads yet" : "No threads"}
          />
        )}
        {entries.length > 0 && state.problem !== null ? (
          <p className={classes.tail} role="alert">
            {state.problem.message}{" "}
            <button className={classes.again} onClick={list.readMore} type="button">
              Try again
            </button>
          </p>
        ) : null}
      </div>
    </div>
  )
}

export default ThreadsView
