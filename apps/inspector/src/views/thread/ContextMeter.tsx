/** How full the context of the conversation is, and how many tokens the thread has used. */
import { tokens } from "../../format/format.js"
import { useValue } from "../../live/KeyedStore.js"
import { totalOf } from "../threads/RowDetails.js"
import classes from "./ContextMeter.module.css"
import type { ThreadStore } from "./ThreadStore.js"

/** From here on a person should know that it becomes tight. */
const tight = 0.8

export const ContextMeter = ({ store }: { store: ThreadStore }) => {
  const meter = useValue(store.meter)
  if (meter === null) return null
  const { context, usage } = meter
  const total = usage === null ? null : totalOf(usage)
  const part =
    context.used === null || context.window === null || context.window === 0 ? null : context.used / context.window
  return (
    <div className={classes.meter} data-testid="meter">
      {total === null ? null : (
        <span title={`${total.toLocaleString("en")} tokens in all turns`}>{tokens(total)} tokens</span>
      )}
      {part === null ? null : (
        <span
          className={classes.context}
          data-tight={part >= tight}
          title={`Context: ${context.used?.toLocaleString("en")} of ${context.window?.toLocaleString("en")} tokens`}
        >
          <meter aria-label="Context in use" className={classes.bar} max={1} min={0} value={Math.min(1, part)} />
          {Math.round(part * 100)}%
        </span>
      )}
    </div>
  )
}
