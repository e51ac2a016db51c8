/** What stands where there is nothing to show: it loads, it is empty, or it failed, and what to do. */
import type { ReactNode } from "react"
import { asProblem } from "../api/PageProblem.js"
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

/** A failure of a call, with what the server says to do next. */
export const ProblemNotice = ({ error, retry }: { error: unknown; retry?: () => void }) => {
  const { detail, next, title } = asProblem(error)
  return (
    <Notice
      kind="failed"
      text={`${detail} ${next}`}
      title={title}
      {...(retry === undefined ? {} : { actions: [{ label: "Try again", run: retry }] })}
    />
  )
}
