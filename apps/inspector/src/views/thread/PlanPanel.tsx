/** The to-do list of the agent: how far it is, and its steps. */
import type { ThreadDetail } from "@threadfold/contracts"
import { entryOf, visible } from "../../format/format.js"
import { Icon } from "../../shell/Icon.js"
import classes from "./PlanPanel.module.css"

const words: Readonly<Record<string, string>> = { pending: "to do", inProgress: "in progress", completed: "done" }

export const PlanPanel = ({ plan }: { plan: ThreadDetail["plan"] }) => {
  if (plan === null || plan.steps.length === 0) return null
  const done = plan.steps.filter(({ status }) => status === "completed").length
  const now =
    plan.steps.find(({ status }) => status === "inProgress") ?? plan.steps.find(({ status }) => status !== "completed")
  return (
    <details className={classes.panel} data-testid="plan">
      <summary className={classes.summary}>
        <progress aria-label="Steps done" className={classes.bar} max={plan.steps.length} value={done} />
        <span className={classes.count}>
          {done} of {plan.steps.length}
        </span>
        <span className={classes.now}>{visible(now?.step ?? "All steps are done")}</span>
      </summary>
      {plan.explanation === null ? null : <p className={classes.explanation}>{visible(plan.explanation)}</p>}
      <ol className={classes.steps}>
        {plan.steps.map(({ status, step }, index) => (
          // Steps have no identity but their place.
          <li className={classes.step} data-status={status} key={`${index} ${step}`}>
            <span className={classes.box}>{status === "completed" ? <Icon name="check" size={12} /> : null}</span>
            <span>{visible(step)}</span>
            <span className={classes.hidden}> ({entryOf(words, status) ?? status})</span>
          </li>
        ))}
      </ol>
    </details>
  )
}
