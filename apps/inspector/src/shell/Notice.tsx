/** What stands where there is nothing to show: it loads, it is empty, or it failed, and what to do. */
import type { ReactNode } from "react"
import { useLocation } from "wouter"
import { asProblem, ownNext } from "../api/PageProblem.js"
import { Icon } from "./Icon.js"
import classes from "./Notice.module.css"

export interface NoticeAction {
  readonly label: string
  readonly run: () => void
}

interface NoticeProps {
  readonly title: string
  readonly text?: ReactNode
  readonly kind?: "empty" | "failed" | "loading"
  readonly actions?: readonly NoticeAction[]
}

export const Notice = ({ actions = [], kind = "empty", text, title }: NoticeProps) => (
  <div className={classes.notice} data-kind={kind} data-testid="notice" role={kind === "failed" ? "alert" : "status"}>
    {kind === "loading" ? <span aria-hidden="true" className={classes.spinner} /> : null}
    {kind === "failed" ? <Icon className={classes.sign} name="alert" size={20} /> : null}
    <h2 className={classes.title}>{title}</h2>
    {text === undefined ? null : <p className={classes.text}>{text}</p>}
    {actions.length === 0 ? null : (
      <div className={classes.actions}>
        {actions.map(({ label, run }) => (
          <button className={classes.button} key={label} onClick={run} type="button">
            {label}
          </button>
        ))}
      </div>
    )}
  </div>
)

/** A text whose words between backticks are code. */
export const withCode = (text: string): ReactNode =>
  // Parts have no identity but their place; every second one was between backticks.
  text.split(/`([^`]+)`/).map((part, at) => (at % 2 === 0 ? part : <code key={String(at)}>{part}</code>))

/** A failure of a call, with what there is to do next. */
export const ProblemNotice = ({
  error,
  more = [],
  retry,
}: {
  error: unknown
  retry?: () => void
  /** What the view can do about it. */
  more?: readonly NoticeAction[]
}) => {
  const problem = asProblem(error)
  const own = ownNext(problem)
  const [, navigate] = useLocation()
  return (
    <Notice
      actions={[
        ...more,
        ...(own === null ? [] : [{ label: own.label, run: () => navigate(own.path) }]),
        ...(retry === undefined ? [] : [{ label: "Try again", run: retry }]),
      ]}
      kind="failed"
      text={withCode(own === null ? `${problem.detail} ${problem.next}` : problem.detail)}
      title={problem.title}
    />
  )
}
