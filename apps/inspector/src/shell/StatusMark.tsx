/** What a thread is doing, as a sign with a colour and a name. The form differs too: colour alone says nothing to some people. */
import type { ThreadStatus } from "@threadfold/contracts"
import { entryOf } from "../format/format.js"
import classes from "./StatusMark.module.css"

/** Colour, sign and name of each status. The compiler asks for one more where the contracts get one. */
const looks: Readonly<
  Record<ThreadStatus, { readonly tone: string; readonly label: string; readonly path: string; readonly moves?: true }>
> = {
  waiting: { tone: "waiting", label: "Waiting for you", path: "M8 4.5v4M8 11.3v.1" },
  working: { tone: "working", label: "Working", path: "", moves: true },
  starting: { tone: "starting", label: "Starting", path: "", moves: true },
  stalled: { tone: "stalled", label: "Stalled", path: "M6 5.5v5M10 5.5v5" },
  error: { tone: "failed", label: "Error", path: "m5.8 5.8 4.4 4.4M10.2 5.8l-4.4 4.4" },
  idle: { tone: "done", label: "Idle", path: "m5.6 8.2 1.7 1.7 3.2-3.4" },
  stopped: { tone: "quiet", label: "Stopped", path: "" },
  archived: { tone: "quiet", label: "Archived", path: "M5 8h6" },
  purged: { tone: "quiet", label: "Purged", path: "M5 8h6" },
}

/** The name of a status, as people read it. One that this page does not know is shown as it is written. */
export const statusLabel = (status: ThreadStatus): string => entryOf(looks, status)?.label ?? status

interface MarkProps {
  readonly status: ThreadStatus
  /** Show the name beside the sign; else it is there for screen readers and as tool tip. */
  readonly named?: boolean
}

export const StatusMark = ({ named = false, status }: MarkProps) => {
  const look = entryOf(looks, status) ?? looks.idle
  return (
    <span
      className={classes.mark}
      data-status={status}
      data-tone={look.tone}
      title={named ? undefined : statusLabel(status)}
    >
      <svg
        aria-hidden="true"
        className={classes.sign}
        data-moves={look.moves}
        fill="none"
        height={16}
        viewBox="0 0 16 16"
        width={16}
      >
        <circle className={classes.ring} cx={8} cy={8} r={6} />
        {look.moves === true ? <circle className={classes.arc} cx={8} cy={8} r={6} /> : null}
        {look.path === "" ? null : <path className={classes.inner} d={look.path} />}
      </svg>
      <span className={named ? undefined : classes.hidden}>{statusLabel(status)}</span>
    </span>
  )
}
