/** A line that opens: what an item is about, and on demand all of it. Whether it is open is kept while the row is out of sight. */
import type { ReactNode } from "react"
import { useKey } from "../../live/KeyedStore.js"
import { Icon, type IconName } from "../../shell/Icon.js"
import classes from "./Fold.module.css"
import type { ThreadStore } from "./ThreadStore.js"

interface FoldProps {
  readonly store: ThreadStore
  readonly id: string
  readonly sign: IconName
  readonly title: ReactNode
  /** What it is called for those who do not see its sign: `Command`. */
  readonly kind: string
  /** On the right: how long it took, how it ended. */
  readonly aside?: ReactNode
  readonly tone?: "failed" | "working" | "quiet" | undefined
  /** Whether it is open before a person has said so. */
  readonly openFirst?: boolean
  /** Shown below the line while it is closed. */
  readonly preview?: ReactNode
  /** Null: there is nothing more to show. */
  readonly body: (() => ReactNode) | null
}

export const Fold = ({ aside, body, id, kind, openFirst = false, preview, sign, store, title, tone }: FoldProps) => {
  const open = (useKey(store.opened, id) ?? openFirst) && body !== null
  const line = (
    <>
      <Icon className={classes.sign} name={sign} size={14} />
      <span className={classes.hidden}>{kind}: </span>
      <span className={classes.title}>{title}</span>
      <span className={classes.aside}>{aside}</span>
      {body === null ? null : <Icon className={classes.arrow} name="right" size={12} />}
    </>
  )
  return (
    <div className={classes.fold} data-open={open} data-tone={tone}>
      {body === null ? (
        <div className={classes.line}>{line}</div>
      ) : (
        <button aria-expanded={open} className={classes.line} onClick={() => store.opened.set(id, !open)} type="button">
          {line}
        </button>
      )}
      {open ? <div className={classes.body}>{body?.()}</div> : preview}
    </div>
  )
}
