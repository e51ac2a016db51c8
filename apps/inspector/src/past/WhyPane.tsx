/** Why an event did what it did, or a row is as it is: the rule with its text, what it changed or why it did not, and what led to it. */
import type {
  Cause,
  EventHead,
  FieldSet,
  Refused,
  RuleName,
  SetBy,
  WhyEvent,
  WhyReport,
  WhyRow,
} from "@threadfold/contracts"
import type { EventDetail } from "@threadfold/contracts/api"
import { useEffect, useState } from "react"
import { Link } from "wouter"
import { asProblem, type PageProblem } from "../api/PageProblem.js"
import { clock, entryOf, fullTime } from "../format/format.js"
import { withCode } from "../shell/Notice.js"
import { usePage } from "../shell/PageContext.js"
import { JsonTree } from "../text/JsonTree.js"
import { rowName, valueText } from "./Changes.js"
import { RuleLink } from "./RuleLink.js"
import classes from "./WhyPane.module.css"

/** What is asked about. */
export type WhyOf =
  | { readonly kind: "event"; readonly sequence: number }
  /** A row as it was after an event. */
  | { readonly kind: "row"; readonly row: string; readonly at: number }

/** A reader who steps does not want to know of each event. */
const pauseMs = 200

type Answered<A> = { readonly value: A | null; readonly problem: PageProblem | null }

/** Reads something, once its path has been the same for a while. */
const useRead = <A,>(path: string | null, query: Readonly<Record<string, string | number>>): Answered<A> => {
  const { api } = usePage()
  const [answer, setAnswer] = useState<Answered<A>>({ value: null, problem: null })
  const asked = JSON.stringify(query)
  useEffect(() => {
    if (path === null) return
    const reading = new AbortController()
    const timer = setTimeout(() => {
      api.get<A>(path, JSON.parse(asked), { signal: reading.signal }).then(
        (value) => setAnswer({ value, problem: null }),
        (error: unknown) => {
          if (!reading.signal.aborted) setAnswer({ value: null, problem: asProblem(error) })
        },
      )
    }, pauseMs)
    return () => {
      clearTimeout(timer)
      reading.abort()
    }
  }, [api, asked, path])
  return answer
}

const Through = ({ rule, through }: { rule: RuleName; through: readonly RuleName[] }) => {
  const outer = through.filter(({ number }) => number !== rule.number)
  return (
    <span className={classes.rules}>
      {outer.map((one) => (
        <span key={one.number}>
          <RuleLink rule={one} /> <span aria-hidden="true">›</span>{" "}
        </span>
      ))}
      <RuleLink rule={rule} />
    </span>
  )
}

const Event = ({ event, threadId }: { event: EventHead; threadId: string }) => (
  <span className={classes.event}>
    <Link href={`/threads/${threadId}?at=${event.sequence}`}>#{event.sequence.toLocaleString("en")}</Link>{" "}
    <code>{event.type}</code>{" "}
    <time dateTime={new Date(event.at).toISOString()} title={fullTime(event.at)}>
      {clock(event.at)}
    </time>{" "}
    <span className={classes.actor}>by the {event.actor}</span>
  </span>
)

/** The rules that set all of these fields; null: not the same ones. */
const oneRule = (fields: readonly FieldSet[]): FieldSet | null => {
  const [first] = fields
  const names = ({ through }: FieldSet) => through.map(({ number }) => number).join()
  return first !== undefined && fields.every((one) => names(one) === names(first)) ? first : null
}

const Fields = ({ fields }: { fields: readonly FieldSet[] }) => {
  const shown = fields.filter(({ after, before }) => after !== null || before !== null)
  const one = oneRule(shown)
  return (
    <>
      {one === null ? null : (
        <p className={classes.by}>
          by <Through rule={one.rule} through={one.through} />
        </p>
      )}
      <ul className={classes.fields}>
        {shown.map(({ after, before, field, rule, through }) => (
          <li key={field}>
            <span className={classes.fieldName}>{field}</span>
            <span className={classes.value}>
              {before === null ? "" : `${valueText(before, field)} → `}
              {valueText(after, field)}
            </span>
            {one === null ? <Through rule={rule} through={through} /> : null}
          </li>
        ))}
      </ul>
    </>
  )
}

const Refusals = ({ anomalies }: { anomalies: readonly Refused[] }) =>
  anomalies.map(({ detail, reason, row, rule, subject, through }) => (
    <div className={classes.refused} key={row}>
      <strong>Not applied: {reason}</strong> <span>{subject}</span>
      {detail === null ? null : <span>. {detail}</span>} <Through rule={rule} through={through} />
    </div>
  ))

const OfEvent = ({ event }: { event: WhyEvent }) => (
  <>
    {event.rule === null ? null : (
      <p className={classes.line}>
        Events of this type go by <RuleLink rule={event.rule} />
      </p>
    )}
    <Refusals anomalies={event.anomalies} />
    {event.changed.length === 0 && event.anomalies.length === 0 ? (
      <p className={classes.line}>It changed no row: it is kept, and nothing follows from it.</p>
    ) : null}
    {event.changed.map(({ change, fields, row }) => (
      <section className={classes.row} key={row}>
        <h3 title={row}>
          {rowName(row)} <span className={classes.word}>{change}</span>
        </h3>
        <Fields fields={fields} />
      </section>
    ))}
  </>
)

const Setter = ({ set, threadId, word }: { set: SetBy; threadId: string; word: string }) => (
  <div className={classes.row}>
    <h3>
      {word} <Event event={set.event} threadId={threadId} />
    </h3>
    <Fields fields={set.fields} />
  </div>
)

const OfRow = ({ row, threadId }: { row: WhyRow; threadId: string }) => (
  <>
    <p className={classes.line} title={row.path}>
      {rowName(row.path)}
      {row.exists ? "" : ", which is not in the thread any more"}
      {row.derivedFrom.length === 0 ? "" : `, made of ${row.derivedFrom.join(", ")}`}
    </p>
    <Setter set={row.setBy} threadId={threadId} word="Last set by" />
    {row.earlier.map((set) => (
      <Setter key={set.event.eventId} set={set} threadId={threadId} word="Before that" />
    ))}
    {row.hasMore ? <p className={classes.line}>Earlier events set it, too.</p> : null}
  </>
)

const causeWords: Readonly<Record<string, string>> = {
  effect: "A call to the agent",
  command: "A command",
  message: "A message of a person",
  native: "The agent's own lines",
}

const Causes = ({ causes }: { causes: readonly Cause[] }) => {
  const others = causes.filter(({ kind }) => kind !== "native")
  if (others.length === 0) return null
  return (
    <section className={classes.row}>
      <h3>What led to it</h3>
      <ol className={classes.causes}>
        {others.map((cause) => (
          <li key={`${cause.kind} ${cause.id}`}>
            {entryOf(causeWords, cause.kind) ?? cause.kind}
            {cause.effect === null ? "" : ` (${cause.effect}${cause.status === null ? "" : `, ${cause.status}`})`}
            {cause.events.length === 0 ? "" : `: ${cause.events.join(", ")}`}
            {cause.text === null ? null : <q className={classes.quote}>{valueText(cause.text)}</q>}
          </li>
        ))}
      </ol>
    </section>
  )
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}

/** The event as the log has it, and the agent's own message. */
const Native = ({ sequence }: { sequence: number }) => {
  const [open, setOpen] = useState(false)
  const { problem, value } = useRead<EventDetail>(open ? `/v1/events/${sequence}` : null, { native: "1" })
  const lines = value?.nativeBody?.split("\n").filter((line) => line !== "") ?? []
  return (
    <details className={classes.native} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The agent's own message, and the event</summary>
      {problem === null ? null : <p role="alert">{problem.message}</p>}
      {open && value !== null && value.sequence === sequence ? (
        <>
          {lines.length === 0 ? (
            <p className={classes.line}>The agent said nothing for it: it is an event of Threadfold.</p>
          ) : (
            lines.map((line, index) => <JsonTree key={String(index)} value={parsed(line)} />)
          )}
          <h3>The event</h3>
          <JsonTree value={Object.fromEntries(Object.entries(value).filter(([name]) => name !== "nativeBody"))} />
        </>
      ) : null}
    </details>
  )
}

const WhyPane = ({ of, threadId }: { of: WhyOf; threadId: string }) => {
  const query = of.kind === "event" ? { event: of.sequence } : { row: of.row, at: of.at }
  const { problem, value } = useRead<WhyReport>(`/v1/threads/${encodeURIComponent(threadId)}/why`, query)
  if (problem !== null) {
    return (
      <p className={classes.pane} role="alert">
        {problem.detail} {withCode(problem.next)}
      </p>
    )
  }
  const event = value?.event ?? null
  const row = value?.row ?? null
  const isAsked = of.kind === "event" ? event?.event.sequence === of.sequence : row?.path === of.row
  const sequence = of.kind === "event" ? of.sequence : (row?.setBy.event.sequence ?? null)
  return (
    // A region that scrolls must be reached by keyboard.
    <section
      aria-busy={!isAsked}
      aria-label="Why"
      className={classes.pane}
      data-testid="why"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: see above.
      tabIndex={0}
    >
      {value === null ? <p className={classes.line}>Asking why</p> : null}
      {event === null ? null : <OfEvent event={event} />}
      {row === null ? null : <OfRow row={row} threadId={threadId} />}
      {value === null ? null : <Causes causes={value.causes} />}
      {value === null || sequence === null ? null : <Native key={sequence} sequence={sequence} />}
    </section>
  )
}

export default WhyPane
