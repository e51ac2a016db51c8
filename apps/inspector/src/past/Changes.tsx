/** What the event of a moment changed, or what differs between two moments: row by row, field by field. */
import type { FieldChange, RowChange } from "@threadfold/core/model"
import { useState } from "react"
import { counted, fullTime, visible } from "../format/format.js"
import { useValue } from "../live/KeyedStore.js"
import classes from "./Changes.module.css"
import type { Travel } from "./Travel.js"

/** Rows that are shown at first. */
const rowsAtOnce = 30
/** Characters of a value that are shown. */
const longestValue = 240

/** Fields that nearly every event moves: they say nothing of this one. */
const bookkeeping = new Set(["updatedAt", "lastActivityAt", "streamVersion"])

/** A value of a field as one line. A field whose name ends with `At` is a time. */
export const valueText = (value: unknown, field = ""): string => {
  if (field.endsWith("At") && typeof value === "number") return fullTime(value)
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null)
  return visible(text.length > longestValue ? `${text.slice(0, longestValue)} …` : text)
}

/** `turns/0192…abcd` → `turns …abcd`: ids of a thread begin alike. */
export const rowName = (row: string): string => {
  const [kind = "", ...rest] = row.split("/")
  const id = rest.join("/")
  return id === "" ? kind : `${kind} …${id.slice(-8)}`
}

/** What of a growing text is new. */
const grown = ({ after, before }: FieldChange): string | null =>
  typeof after === "string" && typeof before === "string" && before !== "" && after.startsWith(before)
    ? after.slice(before.length)
    : null

const Field = ({ change, isNew }: { change: FieldChange; isNew: boolean }) => {
  const added = grown(change)
  return (
    <div className={classes.field}>
      <dt>{change.field}</dt>
      <dd>
        {added !== null ? (
          <>
            … <ins className={classes.after}>{valueText(added)}</ins>
          </>
        ) : (
          <>
            {isNew ? null : (
              <>
                <del className={classes.before}>{valueText(change.before, change.field)}</del>
                <span aria-hidden="true" className={classes.arrow}>
                  →
                </span>
              </>
            )}
            <ins className={classes.after}>{valueText(change.after, change.field)}</ins>
          </>
        )}
      </dd>
    </div>
  )
}

const Row = ({ change: { change, fields, row } }: { change: RowChange }) => (
  <li className={classes.row} data-change={change}>
    <h3 className={classes.name} title={row}>
      {rowName(row)}
      <span className={classes.word}>{change}</span>
    </h3>
    <dl className={classes.fields}>
      {(change === "removed" ? [] : fields)
        .filter(({ after, field }) => !bookkeeping.has(field) && (change !== "added" || after !== null))
        .map((field) => (
          <Field change={field} isNew={change === "added"} key={field.field} />
        ))}
    </dl>
  </li>
)

/** Whether a row changed in more than what nearly every event moves. */
const isNotable = ({ change, fields }: RowChange): boolean =>
  change !== "changed" || fields.some(({ field }) => !bookkeeping.has(field))

export const Changes = ({ travel }: { travel: Travel }) => {
  const { diff, isBefore, problem, step } = useValue(travel.moment)
  const { to } = useValue(travel.state)
  const [all, setAll] = useState(false)
  if (problem !== null) {
    return (
      <p className={classes.note} role="alert">
        {problem.message}
      </p>
    )
  }
  const isCompared = to !== null
  const found = isCompared ? diff?.rows : step?.rows
  if (found === undefined) {
    return (
      <p className={classes.note}>
        {isBefore ? "This moment lies before the first event of the thread." : "Its events are still being read."}
      </p>
    )
  }
  const notable = found.filter(isNotable)
  const rows = all ? notable : notable.slice(0, rowsAtOnce)
  const anomalies = isCompared ? [] : (step?.anomalies ?? [])
  return (
    // A region that scrolls must be reached by keyboard.
    <section
      aria-label={isCompared ? "Differences" : "Changes"}
      className={classes.changes}
      data-at={step?.event.sequence}
      data-testid="travel-changes"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: see above.
      tabIndex={0}
    >
      {anomalies.map(({ detail, reason, subject }) => (
        <p className={classes.refused} key={`${reason} ${subject}`}>
          <strong>Not applied: {reason}</strong> {subject}
          {detail === null ? null : `, ${detail}`}
        </p>
      ))}
      {notable.length === 0 ? (
        <p className={classes.note}>
          {isCompared ? "The two moments do not differ." : "It changed nothing but when the thread was last active."}
        </p>
      ) : (
        <ul aria-label={isCompared ? "Rows that differ" : "Rows that the event changed"} className={classes.rows}>
          {rows.map((change) => (
            <Row change={change} key={change.row} />
          ))}
        </ul>
      )}
      {rows.length < notable.length ? (
        <button className={classes.more} onClick={() => setAll(true)} type="button">
          Show {counted(notable.length - rows.length, "more row")}
        </button>
      ) : null}
    </section>
  )
}
