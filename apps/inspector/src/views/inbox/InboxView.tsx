/** What needs a person, of all threads: questions with their answers, and what else waits for somebody. */
import type { InboxEntry } from "@threadfold/contracts"
import { type KeyboardEvent, useEffect, useMemo, useRef } from "react"
import { counted, visible } from "../../format/format.js"
import { EventStream } from "../../live/EventStream.js"
import { useValue } from "../../live/KeyedStore.js"
import { Ago } from "../../live/timedTexts.js"
import { requestKindLabel } from "../../requests/QuestionCard.js"
import { useCommands } from "../../shell/commands.js"
import { Notice, ProblemNotice } from "../../shell/Notice.js"
import { usePage, useTitle } from "../../shell/PageContext.js"
import frame from "../../shell/ViewFrame.module.css"
import { EntryPane } from "./EntryPane.js"
import { InboxList, kindName, type ShownEntry } from "./InboxList.js"
import classes from "./InboxView.module.css"

const lineOf = ({ kind, messages, requestKind, text }: InboxEntry): string =>
  text ??
  (kind === "held-queue"
    ? `${counted(messages, "message")} wait`
    : requestKind === null
      ? kindName(kind)
      : requestKindLabel(requestKind))

interface LineProps {
  readonly shown: ShownEntry
  readonly selected: boolean
  readonly select: () => void
}

const Line = ({ select, selected, shown: { entry, gone, key } }: LineProps) => {
  const line = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (selected) line.current?.scrollIntoView({ block: "nearest" })
  }, [selected])
  return (
    // The list has the focus and says which option is at hand.
    // biome-ignore lint/a11y/useFocusableInteractive: the listbox is focused, with aria-activedescendant
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the list
    <div
      aria-selected={selected}
      className={classes.line}
      data-gone={gone}
      data-kind={entry.kind}
      data-testid="inbox-line"
      id={`entry-${key}`}
      onClick={select}
      ref={line}
      role="option"
    >
      <span className={classes.what}>{visible(lineOf(entry))}</span>
      {entry.since === null ? null : <Ago at={entry.since} className={classes.ago} />}
      <span className={classes.thread}>
        {[visible(entry.threadTitle ?? "Untitled thread"), entry.agent].filter((one) => one !== null).join(" · ")}
      </span>
    </div>
  )
}

/** The entries with the head of each kind. */
const grouped = (entries: readonly ShownEntry[]): readonly (readonly [string, readonly ShownEntry[]])[] => {
  const groups = new Map<string, ShownEntry[]>()
  for (const shown of entries) {
    const name = kindName(shown.entry.kind)
    groups.set(name, [...(groups.get(name) ?? []), shown])
  }
  return [...groups]
}

const InboxView = () => {
  const services = usePage()
  useTitle("Inbox")
  const list = useMemo(() => new InboxList(), [])
  const stream = useMemo(
    () => new EventStream(services.api.fetch, { path: "/v1/inbox", take: list.take }),
    [services, list],
  )
  useEffect(() => {
    stream.start()
    return () => stream.stop()
  }, [stream])
  const { entries, inbox, selected } = useValue(list.state)
  const connection = useValue(stream.state)
  const box = useRef<HTMLDivElement>(null)

  // The badge says the same as the list.
  useEffect(() => {
    if (inbox !== null) services.inbox.counts.set(inbox.counts)
  }, [inbox, services])

  useCommands([
    { id: "inbox.next", title: "Next entry", group: "Inbox", keys: ["j", "ArrowDown"], run: () => list.move(1) },
    { id: "inbox.previous", title: "Previous entry", group: "Inbox", keys: ["k", "ArrowUp"], run: () => list.move(-1) },
  ])
  const onKeyDown = (event: KeyboardEvent) => {
    const ends: Readonly<Record<string, number>> = { Home: 0, End: entries.length - 1 }
    const to = entries[ends[event.key] ?? -1]
    if (to === undefined) return
    event.preventDefault()
    list.select(to.key)
  }

  if (inbox === null) {
    return connection.kind === "reconnecting" ? (
      <ProblemNotice error={connection.problem} retry={stream.retryNow} />
    ) : (
      <Notice kind="loading" title="Reading the inbox" />
    )
  }
  const here = entries.find(({ key }) => key === selected)
  return (
    <div className={frame.view}>
      <header className={frame.header}>
        <h1 className={frame.title}>Inbox</h1>
        <span className={frame.count} data-testid="inbox-count">
          {inbox.counts.total === 0 ? "" : `${counted(inbox.counts.total, "thing")} to look at`}
          {inbox.partial ? ", at least" : ""}
        </span>
      </header>
      {entries.length === 0 ? (
        <Notice text="Questions of agents appear here, and turns that failed or stalled." title="Nothing needs you" />
      ) : (
        <div className={classes.panes}>
          <div
            aria-activedescendant={selected === null ? undefined : `entry-${selected}`}
            aria-label="What needs you"
            className={classes.list}
            onKeyDown={onKeyDown}
            ref={box}
            role="listbox"
            tabIndex={0}
          >
            {grouped(entries).map(([name, of]) => (
              // biome-ignore lint/a11y/useSemanticElements: a group of options has no element of its own
              <div aria-label={name} key={name} role="group">
                <div aria-hidden="true" className={classes.group}>
                  {name}
                  <span className={classes.groupCount}>{of.filter(({ gone }) => !gone).length}</span>
                </div>
                {of.map((shown) => (
                  <Line
                    key={shown.key}
                    select={() => list.select(shown.key)}
                    selected={shown.key === selected}
                    shown={shown}
                  />
                ))}
              </div>
            ))}
            {inbox.more ? (
              <p className={classes.more}>{inbox.counts.total - inbox.items.length} more come when these are done.</p>
            ) : null}
          </div>
          <div className={classes.detail}>{here === undefined ? null : <EntryPane key={here.key} shown={here} />}</div>
        </div>
      )}
    </div>
  )
}

export default InboxView
