/** A part of the system view: what it is about, what can be done with it, and its content or why there is none. */
import type { ReactNode } from "react"
import type { PageProblem } from "../../api/PageProblem.js"
import { withCode } from "../../shell/Notice.js"
import classes from "./Card.module.css"

interface CardProps {
  readonly title: string
  /** One line about it. */
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly problem?: PageProblem | null
  readonly children: ReactNode
}

export const Card = ({ actions, children, note, problem = null, title }: CardProps) => (
  <section aria-label={title} className={classes.card}>
    <header className={classes.head}>
      <h2 className={classes.title}>{title}</h2>
      {note === undefined ? null : <p className={classes.note}>{note}</p>}
      <div className={classes.actions}>{actions}</div>
    </header>
    {problem === null ? null : (
      <p className={classes.problem} role="alert">
        {problem.title}. {problem.detail} {withCode(problem.next)}
      </p>
    )}
    {children}
  </section>
)

/** Nothing to show, in a line. */
export const Nothing = ({ children }: { children: ReactNode }) => <p className={classes.nothing}>{children}</p>

interface ButtonProps {
  readonly label: string
  readonly run: () => void
  readonly disabled?: boolean
  readonly tone?: "danger" | "plain"
}

export const CardButton = ({ disabled = false, label, run, tone = "plain" }: ButtonProps) => (
  <button className={classes.button} data-tone={tone} disabled={disabled} onClick={run} type="button">
    {label}
  </button>
)

/** A word with a colour: how something is. */
export const Chip = ({ children, tone }: { children: ReactNode; tone: string }) => (
  <span className={classes.chip} data-tone={tone}>
    {children}
  </span>
)

/** A table whose columns have names. */
export const Table = ({
  children,
  columns,
  label,
}: {
  children: ReactNode
  columns: readonly string[]
  label: string
}) => (
  <div className={classes.scroller}>
    <table aria-label={label} className={classes.table}>
      <thead>
        <tr>
          {columns.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
)
