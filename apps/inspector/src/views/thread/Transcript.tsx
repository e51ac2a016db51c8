/**
 * What was said and done in a thread, from its end on. It follows the end while the reader is there, and stays where it is while older entries
 * come in above.
 */

import { useVirtualizer } from "@tanstack/react-virtual"
import { type RefObject, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react"
import { visible } from "../../format/format.js"
import { useKey, useValue } from "../../live/KeyedStore.js"
import { outcomeOf } from "../../requests/answers.js"
import { QuestionCard, requestKindLabel } from "../../requests/QuestionCard.js"
import { requestsOf } from "../../requests/Requests.js"
import { Icon } from "../../shell/Icon.js"
import { Notice, ProblemNotice } from "../../shell/Notice.js"
import { usePage } from "../../shell/PageContext.js"
import type { Entry } from "./entries.js"
import { Fold } from "./Fold.js"
import { ItemEntry } from "./ItemEntry.js"
import type { ThreadStore } from "./ThreadStore.js"
import classes from "./Transcript.module.css"
import { Prompt, TurnEnd, TurnHead } from "./TurnEntry.js"
import { useLinked } from "./useLinked.js"

/** What the view around it may ask. */
export interface TranscriptHandle {
  readonly toEnd: () => void
  readonly toStart: () => void
  /** Goes to the head of a turn that is read. */
  readonly toTurn: (turnId: string) => void
  /** Goes to the next head of a turn above or below. */
  readonly stepTurn: (by: 1 | -1) => void
}

/** Closer to the end than this the reader is at the end, px. */
const atEndPx = 32
/** Older entries are read when the reader is so near to the first one, px. */
const olderPx = 800

const keyOf = ({ id, kind }: Entry): string => `${kind} ${id}`

const sizes: Readonly<Record<Entry["kind"], number>> = { turn: 40, prompt: 80, item: 36, request: 220, end: 28 }

const Request = ({ requestId, store }: { requestId: string; store: ThreadStore }) => {
  const request = useKey(store.requests, requestId)
  const answer = useKey(requestsOf(usePage()).answers, requestId)
  if (request === undefined) return null
  const isOver = request.status !== "open" && request.status !== "answering"
  // Whose answer came too late is told so where the question was.
  const isNews = answer !== undefined && answer.kind !== "taken"
  const card = () => (
    <div className={classes.request} data-over={isOver}>
      <QuestionCard requestId={requestId} />
    </div>
  )
  if (store.isLive && (!isOver || isNews)) return card()
  return (
    <Fold
      aside={outcomeOf(request)}
      body={card}
      id={requestId}
      kind="Question"
      sign="question"
      store={store}
      title={visible(request.title ?? requestKindLabel(request.kind))}
    />
  )
}

const EntryView = ({ entry: { id, kind }, store }: { entry: Entry; store: ThreadStore }) => {
  switch (kind) {
    case "turn":
      return <TurnHead store={store} turnId={id} />
    case "prompt":
      return <Prompt store={store} turnId={id} />
    case "end":
      return <TurnEnd store={store} turnId={id} />
    case "item":
      return <ItemEntry itemId={id} store={store} />
    case "request":
      return <Request requestId={id} store={store} />
  }
}

interface TranscriptProps {
  readonly handle: RefObject<TranscriptHandle | null>
  readonly store: ThreadStore
  /** The moment that is shown, a sequence of the log; null: now. */
  readonly at: number | null
  /** Ids of the entries that are marked: what the event of an earlier moment changed. */
  readonly changed: ReadonlySet<string>
}

export const Transcript = ({ at, changed, handle, store }: TranscriptProps) => {
  const { entries, loading, older, problem } = useValue(store.state)
  const scroller = useRef<HTMLDivElement>(null)
  const pinned = useRef(true)
  const [away, setAway] = useState(false)

  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => sizes[entries[index]?.kind ?? "item"],
    getItemKey: (index) => {
      const entry = entries[index]
      return entry === undefined ? index : keyOf(entry)
    },
    overscan: 8,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: atEndPx,
    paddingStart: 8,
    paddingEnd: 16,
  })

  const toEnd = useCallback(() => {
    pinned.current = true
    setAway(false)
    virtual.scrollToEnd()
  }, [virtual])

  // It opens at the end. What is measured then is longer than what was estimated, so that one step is not enough.
  const isRead = entries.length > 0
  useLayoutEffect(() => {
    if (isRead) toEnd()
  }, [isRead, toEnd])

  // The list knows when its rows change; that its window becomes smaller (the composer grows) it does not see.
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    const observer = new ResizeObserver(() => {
      if (pinned.current) virtual.scrollToEnd()
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [virtual])

  const height = useRef(0)
  const look = useCallback(() => {
    // A window that became smaller has moved nothing: who was at the end is to be there again.
    const seen = scroller.current?.clientHeight ?? 0
    const isResized = seen !== height.current
    height.current = seen
    if (isResized && pinned.current) return
    pinned.current = virtual.isAtEnd(atEndPx)
    setAway(!pinned.current)
  }, [virtual])

  // Rows are measured after they are shown, which moves the end without a scroll.
  useEffect(() => {
    const frame = requestAnimationFrame(look)
    return () => cancelAnimationFrame(frame)
  })

  // Of a moment the reader wants to see what its event changed, else its end. Reading on from there moves nothing.
  const moved = useRef(false)
  useEffect(() => {
    moved.current = at !== null
  }, [at, changed])
  useEffect(() => {
    if (!moved.current || loading !== null || entries.length === 0) return
    moved.current = false
    const index = entries.findLastIndex(({ id }) => changed.has(id))
    if (index === -1 || index === entries.length - 1) toEnd()
    else virtual.scrollToIndex(index, { align: "auto" })
  }, [changed, entries, loading, toEnd, virtual])

  const rows = virtual.getVirtualItems()
  const isNearStart = older && loading === null && problem === null && (virtual.scrollOffset ?? 0) < olderPx
  useEffect(() => {
    if (isNearStart && isRead) store.readOlder()
  }, [isNearStart, isRead, store])

  useLinked(entries, older && loading === null ? () => store.readOlder() : null, (index) => {
    pinned.current = false
    virtual.scrollToIndex(index, { align: "start" })
  })

  useImperativeHandle(
    handle,
    (): TranscriptHandle => ({
      toEnd,
      toStart: () => virtual.scrollToIndex(0, { align: "start" }),
      toTurn: (turnId) => {
        const index = entries.findIndex(({ id, kind }) => kind === "turn" && id === turnId)
        if (index !== -1) virtual.scrollToIndex(index, { align: "start" })
      },
      stepTurn: (by) => {
        const top = virtual.getVirtualItemForOffset((virtual.scrollOffset ?? 0) + (by === 1 ? 12 : -12))?.index ?? 0
        const heads = entries.flatMap(({ kind }, index) => (kind === "turn" ? [index] : []))
        const next = by === 1 ? heads.find((index) => index > top) : heads.findLast((index) => index <= top)
        if (next !== undefined) virtual.scrollToIndex(next, { align: "start" })
      },
    }),
    [entries, toEnd, virtual],
  )

  if (!isRead) {
    if (problem !== null) return <ProblemNotice error={problem} retry={store.restarted} />
    if (loading !== null) return <Notice kind="loading" title="Reading the thread" />
    return <Notice text="Nothing was said or done in it yet." title="An empty thread" />
  }
  return (
    <div className={classes.frame}>
      {loading === "older" ? <p className={classes.older}>Reading older entries …</p> : null}
      {problem === null ? null : (
        <p className={classes.older} data-bad="true" role="alert">
          {problem.message}{" "}
          <button className={classes.again} onClick={store.readOlder} type="button">
            Try again
          </button>
        </p>
      )}
      {/* A region that scrolls must be reached by keyboard. */}
      <section
        aria-label="Transcript"
        className={classes.scroller}
        data-testid="transcript"
        onScroll={look}
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above.
        tabIndex={0}
      >
        <div className={classes.list} style={{ height: virtual.getTotalSize() }}>
          {rows.map(({ index, key, start }) => {
            const entry = entries[index]
            return entry === undefined ? null : (
              <div
                className={classes.place}
                data-index={index}
                key={key}
                ref={virtual.measureElement}
                style={{ transform: `translateY(${start}px)` }}
              >
                <div className={classes.entry} data-changed={changed.has(entry.id) || undefined}>
                  <EntryView entry={entry} store={store} />
                </div>
              </div>
            )
          })}
        </div>
      </section>
      {away ? (
        <button className={classes.end} onClick={toEnd} type="button">
          <Icon name="down" size={14} />
          To the end
        </button>
      ) : null}
    </div>
  )
}
