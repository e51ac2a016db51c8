/** One event of the log: what happened, the envelope around it, and the provider's own message where a person asks for it. */
import { useState } from "react"
import { Link } from "wouter"
import { useRead } from "../../api/useRead.js"
import { readWholeText } from "../../api/wholeText.js"
import { bytes, fullTime, visible } from "../../format/format.js"
import { Icon } from "../../shell/Icon.js"
import { ProblemNotice } from "../../shell/Notice.js"
import { usePage } from "../../shell/PageContext.js"
import { CopyButton } from "../../text/CodeBlock.js"
import { JsonTree } from "../../text/JsonTree.js"
import classes from "./EventPane.module.css"
import type { LogEvent, LogRow } from "./logRows.js"

const tabs = ["Payload", "Envelope", "Native"] as const
type Tab = (typeof tabs)[number]

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const Payload = ({ event }: { event: LogEvent }) => {
  const { api } = usePage()
  const cut = event.truncated?.payload
  const [wanted, setWanted] = useState<string | null>(null)
  const href = cut?.href ?? null
  const whole = useRead(wanted === href ? href : null, (signal) => readWholeText(api, href ?? "", { signal }))
  const text = whole.value
  const value = text?.whole === true ? parsed(text.text) : event.payload
  return (
    <>
      {cut === undefined || text !== null ? null : (
        <p className={classes.cut}>
          {bytes(cut.bytes)} in all; this is the beginning.{" "}
          <button className={classes.button} disabled={wanted === href} onClick={() => setWanted(href)} type="button">
            {wanted === href ? "Reading…" : "Read it whole"}
          </button>
        </p>
      )}
      {text === null || text.whole ? (
        <JsonTree key={`${event.sequence} ${text !== null}`} value={value} />
      ) : (
        <pre className={classes.raw}>{visible(text.text)}</pre>
      )}
      {whole.problem === null ? null : <ProblemNotice error={whole.problem} retry={whole.again} />}
    </>
  )
}

const times: ReadonlySet<string> = new Set(["at", "recordedAt"])

const Envelope = ({ event }: { event: LogEvent }) => {
  const { payload: _payload, truncated: _truncated, ...fields } = event
  return (
    <dl className={classes.envelope}>
      {Object.entries(fields)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => (
          <div className={classes.field} key={name}>
            <dt>{name}</dt>
            <dd>
              {typeof value === "object" ? (
                <JsonTree value={value} />
              ) : times.has(name) && typeof value === "number" ? (
                <span title={String(value)}>{fullTime(value)}</span>
              ) : (
                visible(String(value))
              )}
            </dd>
          </div>
        ))}
    </dl>
  )
}

const Native = ({ sequence }: { sequence: number }) => {
  const { api } = usePage()
  const read = useRead(String(sequence), async (signal) => {
    const event = await api.get<LogEvent & { readonly nativeBody: string | null }>(
      `/v1/events/${sequence}`,
      { native: true },
      { signal },
    )
    const cut = event.truncated?.nativeBody
    return { body: cut === undefined ? event.nativeBody : (await readWholeText(api, cut.href, { signal })).text }
  })
  if (read.problem !== null) return <ProblemNotice error={read.problem} retry={read.again} />
  if (read.value === null) return <p className={classes.cut}>Reading…</p>
  const { body } = read.value
  if (body === null) return <p className={classes.cut}>No message of a provider belongs to this event.</p>
  const messages = body.split("\n").filter((line) => line !== "")
  const values = messages.map(parsed)
  return (
    <>
      {values.map((value, index) =>
        value === null ? null : (
          // Messages have no identity but their place.
          <JsonTree key={String(index)} open={3} value={value} />
        ),
      )}
      <details className={classes.verbatim} open={values.some((value) => value === null)}>
        <summary>Verbatim, {bytes(new Blob([body]).size)}</summary>
        <figure className={classes.frame}>
          <CopyButton text={body} what="Message" />
          <pre className={classes.raw}>{body}</pre>
        </figure>
      </details>
    </>
  )
}

interface PaneProps {
  readonly row: LogRow
  readonly close: () => void
  /** Shows only the events of this thread; null: they are shown alone already. */
  readonly onlyThread: ((threadId: string) => void) | null
  readonly exclude: (type: string) => void
}

export const EventPane = ({ close, exclude, onlyThread, row }: PaneProps) => {
  const [tab, setTab] = useState<Tab>("Payload")
  const event = row.kind === "event" ? row.event : row.first
  // Streams of connections are no threads.
  const isThread = !event.type.startsWith("connection.")
  return (
    <aside aria-label="Event" className={classes.pane} data-testid="event-pane">
      <header className={classes.head}>
        <h2 className={classes.title}>
          {event.type} <span className={classes.number}>#{event.sequence}</span>
        </h2>
        <button aria-label="Close" className={classes.close} onClick={close} title="Close (Escape)" type="button">
          <Icon name="close" />
        </button>
      </header>
      <div className={classes.links}>
        {isThread ? (
          <Link className={classes.link} href={`/threads/${event.streamId}?at=${event.sequence}`}>
            The thread then
            <Icon name="right" size={12} />
          </Link>
        ) : null}
        {isThread && onlyThread !== null ? (
          <button className={classes.button} onClick={() => onlyThread(event.streamId)} type="button">
            Only this thread
          </button>
        ) : null}
        <button className={classes.button} onClick={() => exclude(event.type)} type="button">
          Leave {event.type} out
        </button>
      </div>
      {row.kind === "folded" ? (
        <p className={classes.cut}>
          The first of {row.count.toLocaleString("en")} pieces, up to #{row.last}.
        </p>
      ) : null}
      <div aria-label="What of the event" className={classes.tabs} role="tablist">
        {tabs.map((name) => (
          <button
            aria-controls="event-part"
            aria-selected={name === tab}
            className={classes.tab}
            key={name}
            onClick={() => setTab(name)}
            role="tab"
            type="button"
          >
            {name}
          </button>
        ))}
      </div>
      <div className={classes.part} id="event-part" role="tabpanel">
        {tab === "Payload" ? <Payload event={event} key={event.sequence} /> : null}
        {tab === "Envelope" ? <Envelope event={event} /> : null}
        {tab === "Native" ? <Native sequence={event.sequence} /> : null}
      </div>
    </aside>
  )
}
