/**
 * The rows of the log. What a person looks at stays where it is while pages around it get known; at the end the list goes on with what
 * comes, until a person scrolls up.
 */
import {
  memo,
  type RefObject,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useReducer,
  useRef,
  useState,
} from "react"
import { clock, fullTime, visible } from "../../format/format.js"
import { useValue } from "../../live/KeyedStore.js"
import { Icon } from "../../shell/Icon.js"
import classes from "./LogList.module.css"
import type { LogPages } from "./LogPages.js"
import { familyOf, type LogRow, sequenceOf, summaryOf } from "./logRows.js"
import type { RowPlace } from "./PageIndex.js"
import { afterScroll, elementHeight, scrolledTo } from "./ScrollModel.js"

/** Height of a row, px. */
export const rowHeight = 28
/** Rows that are made above and below what is seen. */
const beside = 4

const Cells = ({ row }: { row: LogRow }) => {
  const event = row.kind === "event" ? row.event : row.first
  const summary = row.kind === "event" ? summaryOf(event) : row.text.replace(/\s+/g, " ")
  return (
    <>
      <span className={classes.sequence}>{event.sequence}</span>
      <time
        className={classes.time}
        dateTime={new Date(event.recordedAt).toISOString()}
        title={fullTime(event.recordedAt)}
      >
        {clock(event.recordedAt)}
      </time>
      <span className={classes.type} data-family={familyOf(event.type)}>
        {event.type}
        {row.kind === "folded" ? <span className={classes.pieces}>×{row.count.toLocaleString("en")}</span> : null}
      </span>
      <span className={classes.summary}>{visible(summary)}</span>
      <span className={classes.stream} title={event.streamId}>
        {event.streamId.slice(-6)}
      </span>
    </>
  )
}

interface LineProps {
  readonly row: LogRow
  readonly index: number
  readonly top: number
  readonly selected: boolean
  readonly select: (row: LogRow) => void
  readonly toggle: (of: string) => void
}

const Line = memo(({ index, row, select, selected, toggle, top }: LineProps) => (
  // biome-ignore lint/a11y/useFocusableInteractive: the listbox is focused, with aria-activedescendant
  // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the view
  <div
    aria-posinset={index + 1}
    aria-selected={selected}
    className={classes.line}
    data-piece={row.kind === "event" && row.piece}
    data-sequence={sequenceOf(row)}
    data-testid="log-row"
    id={`log-${row.key}`}
    onClick={() => select(row)}
    role="option"
    style={{ transform: `translateY(${top}px)` }}
  >
    {row.kind === "folded" ? (
      // For the mouse: a row of a listbox holds no button. The keys have the command that folds and unfolds all.
      <span
        aria-hidden="true"
        className={classes.toggle}
        onClick={(event) => {
          event.stopPropagation()
          toggle(row.of)
        }}
        title={`${row.count} pieces`}
      >
        <Icon name={row.open ? "down" : "right"} size={12} />
      </span>
    ) : null}
    <Cells row={row} />
  </div>
))

/** Where a row is now; null: its page is not read. */
const placeOf = (pages: LogPages, row: LogRow): RowPlace | null => {
  const { page, row: last } = pages.find(sequenceOf(row))
  // Pieces of a row begin where it begins: the row itself is before the first of them.
  const own = [last, last - 1].find((one) => pages.at({ page, row: one })?.key === row.key)
  return own === undefined ? null : { page, row: own }
}

/** A row as it is now: pieces may have come since it was selected. */
export const rowNow = (pages: LogPages, row: LogRow): LogRow => {
  const place = placeOf(pages, row)
  return (place === null ? null : pages.at(place)) ?? row
}

/** What the view asks of the list. */
export interface LogListHandle {
  /** Goes so many rows on from the row that is selected. */
  readonly move: (by: number) => void
  /** Shows a sequence, and selects its row once it is read. */
  readonly show: (sequence: number) => void
  readonly end: () => void
  readonly start: () => void
}

interface ListProps {
  readonly pages: LogPages
  readonly selected: LogRow | null
  readonly select: (row: LogRow) => void
  /** The list stays at its end. */
  readonly follow: boolean
  readonly setFollow: (follow: boolean) => void
  readonly handle: RefObject<LogListHandle | null>
}

export const LogList = ({ follow, handle, pages, select, selected, setFollow }: ListProps) => {
  const state = useValue(pages.state)
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState(0)
  const [, again] = useReducer((count: number) => count + 1, 0)
  /** The row at the top, and how many px of it are hidden. */
  const anchor = useRef<RowPlace & { readonly offset: number }>({ page: 0, row: 0, offset: 0 })
  /** A sequence that is to be shown, whose page is not read yet. */
  const target = useRef<number | null>(null)

  const sizes = { content: pages.total * rowHeight, view }
  if (target.current !== null && state.head !== null) {
    const found = pages.find(target.current)
    anchor.current = { ...found, offset: -Math.max(0, Math.floor(view / 3)) }
  }
  const now = scrolledTo(
    follow ? sizes.content : pages.rowOf(anchor.current) * rowHeight + anchor.current.offset,
    sizes,
  )
  const last = useRef(now)
  last.current = now
  const first = Math.max(0, Math.floor(now.list / rowHeight) - beside)
  const end = Math.min(pages.total, Math.ceil((now.list + view) / rowHeight) + beside)

  const goTo = (list: number) => {
    const at = scrolledTo(list, sizes).list
    const row = Math.floor(at / rowHeight)
    const place = pages.place(row)
    if (place !== null) anchor.current = { ...place, offset: at - row * rowHeight }
    target.current = null
    again()
  }

  useLayoutEffect(() => {
    const of = box.current
    if (of === null) return
    const observer = new ResizeObserver(() => setView(of.clientHeight))
    observer.observe(of)
    setView(of.clientHeight)
    return () => observer.disconnect()
  }, [])
  useLayoutEffect(() => {
    if (box.current !== null && Math.abs(box.current.scrollTop - now.element) >= 1) box.current.scrollTop = now.element
  })
  useEffect(() => {
    if (view > 0 && state.head !== null) pages.want(first, end)
  }, [pages, first, end, view, state])
  // What was to be shown is read: it is selected, and the list is free again.
  useEffect(() => {
    if (target.current === null || state.head === null) return
    const found = pages.find(target.current)
    if (!found.exact) return
    const row = pages.at(found)
    const { current } = target
    if (row !== null && sequenceOf(row) <= current && current <= (row.kind === "folded" ? row.last : sequenceOf(row))) {
      select(row)
    }
    target.current = null
  }, [pages, select, state])

  /** The number of the row that is selected; where none is, a step leads to the first that is seen, at the end to the last. */
  const here = (by: number): number => {
    if (selected === null)
      return by < 0 ? Math.ceil((now.list + view) / rowHeight) : Math.floor(now.list / rowHeight) - 1
    return pages.rowOf(placeOf(pages, selected) ?? pages.find(sequenceOf(selected)))
  }
  const reveal = (index: number) => {
    const top = index * rowHeight
    if (top < now.list) goTo(top)
    else if (top + rowHeight > now.list + view) goTo(top + rowHeight - view)
  }
  useImperativeHandle(handle, () => ({
    move: (by) => {
      const next = Math.min(pages.total - 1, Math.max(0, here(by) + by))
      const place = pages.place(next)
      const row = place === null ? null : pages.at(place)
      setFollow(false)
      reveal(next)
      if (row !== null) select(row)
    },
    show: (sequence) => {
      setFollow(false)
      target.current = sequence
      again()
    },
    start: () => {
      setFollow(false)
      goTo(0)
    },
    end: () => setFollow(true),
  }))

  const rows: { readonly index: number; readonly row: LogRow | null }[] = []
  for (let index = first; index < end; index += 1) {
    const place = pages.place(index)
    if (place !== null) rows.push({ index, row: pages.at(place) })
  }
  const active = rows.find(({ row }) => row !== null && row.key === selected?.key)
  return (
    <div
      aria-activedescendant={active === undefined ? undefined : `log-${active.row?.key}`}
      aria-label="Events"
      className={classes.box}
      data-testid="log-list"
      onScroll={(event) => {
        const element = event.currentTarget.scrollTop
        if (Math.abs(element - last.current.element) < 1) return
        const { list } = afterScroll(last.current, element, sizes)
        goTo(list)
        setFollow(list >= sizes.content - view - 1)
      }}
      ref={box}
      role="listbox"
      tabIndex={0}
    >
      <div style={{ height: Math.max(view, elementHeight(sizes)) }}>
        <div className={classes.window} style={{ height: view }}>
          {rows.map(({ index, row }) =>
            row === null ? (
              <div
                aria-hidden="true"
                className={classes.unread}
                key={`unread ${index}`}
                style={{ transform: `translateY(${index * rowHeight - now.list}px)` }}
              />
            ) : (
              <Line
                index={index}
                key={row.key}
                row={row}
                select={select}
                selected={row.key === selected?.key}
                toggle={pages.toggle}
                top={index * rowHeight - now.list}
              />
            ),
          )}
        </div>
      </div>
    </div>
  )
}
