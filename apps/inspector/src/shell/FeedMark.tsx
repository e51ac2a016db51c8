/** Says how the connection is: live, lost and tried again, or offline. */
import { useCallback } from "react"
import type { StreamState } from "../live/EventStream.js"
import { useValue } from "../live/KeyedStore.js"
import { useTimedText } from "../live/timedTexts.js"
import classes from "./FeedMark.module.css"
import { usePage } from "./PageContext.js"

const words = (state: StreamState, now: number): string => {
  switch (state.kind) {
    case "connecting":
      return "Connecting"
    case "live":
      return "Live"
    case "offline":
    case "ended":
      return "Offline"
    case "reconnecting": {
      const left = Math.ceil((state.nextAt - now) / 1_000)
      return left <= 0 ? "Reconnecting" : `Reconnecting in ${left}s`
    }
  }
}

export const FeedMark = () => {
  const { feed } = usePage()
  const state = useValue(feed.state)
  const text = useTimedText(useCallback((now) => words(state, now), [state]))
  return (
    <div
      className={classes.mark}
      data-kind={state.kind}
      data-testid="connection"
      title={state.kind === "reconnecting" ? `${text}. ${state.problem.message}` : text}
    >
      <span aria-hidden="true" className={classes.dot} />
      <span className={classes.word}>{text}</span>
      {state.kind === "reconnecting" || state.kind === "offline" ? (
        <button className={classes.retry} onClick={feed.retryNow} type="button">
          Retry
        </button>
      ) : null}
    </div>
  )
}
