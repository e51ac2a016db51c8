/** The log, event by event: all of it or of one thread, live. What is shown and where a person is are in the address. */
import { useEffect, useMemo, useRef, useState } from "react"
import { useLocation, useSearchParams } from "wouter"
import { counted, shortId } from "../../format/format.js"
import { useValue } from "../../live/KeyedStore.js"
import { useCommands } from "../../shell/commands.js"
import { Icon } from "../../shell/Icon.js"
import parts from "../../shell/Menu.module.css"
import { Notice, ProblemNotice } from "../../shell/Notice.js"
import { usePage, useTitle } from "../../shell/PageContext.js"
import frame from "../../shell/ViewFrame.module.css"
import { EventPane } from "./EventPane.js"
import { LogList, type LogListHandle, rowNow } from "./LogList.js"
import { LogPages } from "./LogPages.js"
import classes from "./LogView.module.css"
import { eventOf, filterOf, type LogFilter, narrows, paramsOf, withType } from "./logAddress.js"
import { type LogRow, sequenceOf } from "./logRows.js"
import { TypeMenu } from "./TypeMenu.js"

/** Characters of an id that is shown whole; ids of threads are longer, and begin alike. */
const shownWhole = 16

const LogView = () => {
  const services = usePage()
  useTitle("Log")
  const [, navigate] = useLocation()
  const [params, setParams] = useSearchParams()
  // The event that a person is at is in the address, too: it is not part of what is read.
  const key = JSON.stringify(filterOf(params))
  const filter = useMemo(() => filterOf(params), [key])
  const at = eventOf(params)
  const follows = services.bundle === null
  const pages = useMemo(
    () => new LogPages(services.api, follows ? services.api.fetch : null, filter),
    [services, filter, follows],
  )
  const { come, head, problem } = useValue(pages.state)
  const [selected, setSelected] = useState<LogRow | null>(null)
  const [follow, setFollow] = useState(at === null)
  const [seen, setSeen] = useState(0)
  const list = useRef<LogListHandle>(null)

  useEffect(() => {
    pages.start()
    return pages.stop
  }, [pages])
  // What is at hand in another list is looked for in this one.
  const shown = useRef<number | null>(null)
  useEffect(() => {
    if (at === null || at === shown.current) return
    shown.current = at
    list.current?.show(at)
  }, [at])
  useEffect(() => {
    if (at !== null) list.current?.show(at)
  }, [pages])
  useEffect(() => {
    if (follow) setSeen(come)
  }, [follow, come])

  const setFilter = (next: LogFilter) => setParams(paramsOf(next, selected === null ? null : sequenceOf(selected)))
  const showAll = () => setFilter(filterOf(new URLSearchParams()))
  const select = (row: LogRow | null) => {
    setSelected(row)
    shown.current = row === null ? null : sequenceOf(row)
    setParams(paramsOf(filter, shown.current), { replace: true })
  }
  const latest = useRef(select)
  latest.current = select
  const stable = useMemo(() => (row: LogRow) => latest.current(row), [])
  const exclude = (type: string) => setFilter(withType(filter, type, false))
  const event = selected === null ? null : selected.kind === "event" ? selected.event : selected.first

  const move = (by: number) => list.current?.move(by)
  useCommands([
    { id: "log.next", title: "Next event", group: "Log", keys: ["j", "ArrowDown"], run: () => move(1) },
    { id: "log.previous", title: "Previous event", group: "Log", keys: ["k", "ArrowUp"], run: () => move(-1) },
    { id: "log.down", title: "A page down", group: "Log", keys: ["PageDown"], run: () => move(20) },
    { id: "log.up", title: "A page up", group: "Log", keys: ["PageUp"], run: () => move(-20) },
    {
      id: "log.first",
      title: "To the beginning",
      group: "Log",
      keys: ["g g", "Home"],
      run: () => list.current?.start(),
    },
    {
      id: "log.last",
      title: follows ? "To the end, and follow" : "To the end",
      group: "Log",
      keys: ["G", "End"],
      run: () => setFollow(true),
    },
    {
      id: "log.follow",
      title: "Follow, or pause",
      group: "Log",
      keys: ["f"],
      enabled: follows,
      run: () => setFollow(!follow),
    },
    {
      id: "log.fold",
      title: filter.fold ? "Show every piece of a text" : "Fold the pieces of a text",
      group: "Log",
      keys: ["p"],
      run: () => setFilter({ ...filter, fold: !filter.fold }),
    },
    {
      id: "log.pieces",
      title: "Show the pieces of this text, or fold them",
      group: "Log",
      keys: ["e"],
      enabled: selected?.kind === "folded",
      run: () => selected?.kind === "folded" && pages.toggle(selected.of),
    },
    {
      id: "log.exclude",
      title: "Leave events of this type out",
      group: "Log",
      keys: ["x"],
      enabled: event !== null,
      run: () => event !== null && exclude(event.type),
    },
    {
      id: "log.thread",
      title: "Open the thread as it was then",
      group: "Log",
      keys: ["o", "Enter"],
      enabled: event !== null,
      run: () => event !== null && navigate(`/threads/${event.streamId}?at=${event.sequence}`),
    },
    {
      id: "log.close",
      title: "Close the event",
      group: "Log",
      keys: ["Escape"],
      enabled: selected !== null,
      run: () => select(null),
    },
  ])

  const fresh = come - seen
  const isEmpty = head !== null && pages.total === 0
  const isFiltered = narrows(filter)
  return (
    <div className={frame.view}>
      <header className={frame.header}>
        <h1 className={frame.title}>Log</h1>
        <span className={frame.count} data-testid="log-count">
          {head === null ? "" : filter.thread === null ? `up to ${head.toLocaleString("en")}` : ""}
        </span>
        {filter.thread === null ? null : (
          <button
            className={classes.chip}
            onClick={() => setFilter({ ...filter, thread: null })}
            title={`Show all of the log, not only ${filter.thread}`}
            type="button"
          >
            thread {filter.thread.length > shownWhole ? shortId(filter.thread) : filter.thread}
            <Icon name="close" size={12} />
          </button>
        )}
        <div className={classes.tools}>
          <TypeMenu filter={filter} setFilter={setFilter} />
          <button
            aria-pressed={filter.fold}
            className={parts.button}
            data-on={filter.fold}
            onClick={() => setFilter({ ...filter, fold: !filter.fold })}
            title="Pieces of a text as one line (p)"
            type="button"
          >
            Fold pieces
          </button>
          {(head === null && problem !== null) || !follows ? null : (
            <button
              aria-pressed={follow}
              className={parts.button}
              data-on={follow}
              onClick={() => setFollow(!follow)}
              title="Stay at the end (f)"
              type="button"
            >
              <Icon name={follow ? "pause" : "down"} size={14} />
              {follow ? "Following" : fresh > 0 ? `${counted(fresh, "new event")}` : "Follow"}
            </button>
          )}
        </div>
      </header>
      {problem === null || head === null ? null : (
        <p className={classes.problem} role="alert">
          {problem.message}{" "}
          <button className={classes.again} onClick={pages.restart} type="button">
            Try again
          </button>
        </p>
      )}
      <div className={classes.panes} data-open={selected !== null}>
        {head === null && problem !== null ? (
          <ProblemNotice
            error={problem}
            more={problem.mayPass ? [] : [{ label: "Show all events", run: showAll }]}
            retry={pages.restart}
          />
        ) : isEmpty ? (
          <Notice
            actions={isFiltered ? [{ label: "Show all events", run: showAll }] : []}
            text={follows ? "Events appear here when they come." : "The bundle has no others."}
            title={isFiltered ? "No event meets this filter" : "No events"}
          />
        ) : (
          <LogList
            follow={follow}
            handle={list}
            key={key}
            pages={pages}
            select={stable}
            selected={selected}
            setFollow={setFollow}
          />
        )}
        {selected === null ? null : (
          <EventPane
            close={() => select(null)}
            exclude={exclude}
            onlyThread={filter.thread === null ? (thread) => setFilter({ ...filter, thread }) : null}
            row={rowNow(pages, selected)}
          />
        )}
      </div>
    </div>
  )
}

export default LogView
