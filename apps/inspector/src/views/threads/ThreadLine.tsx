/** One row of the list of threads. It renders when its own thread is another, and for nothing else. */

import type { ThreadView } from "@threadfold/contracts"
import { memo, useEffect } from "react"
import { Link } from "wouter"
import { shortPath, tokens, visible } from "../../format/format.js"
import { type KeyedStore, useKey } from "../../live/KeyedStore.js"
import { Ago, Running } from "../../live/timedTexts.js"
import { Icon } from "../../shell/Icon.js"
import { StatusMark } from "../../shell/StatusMark.js"
import type { RowDetails } from "./RowDetails.js"
import classes from "./ThreadLine.module.css"
import { nameOf, needOf } from "./threadRows.js"

interface LineProps {
  readonly threadId: string
  readonly rows: KeyedStore<ThreadView>
  readonly details: RowDetails
  /** The row that the keys are at. */
  readonly active: boolean
  /** The row that Tab goes to. */
  readonly tabbable: boolean
  readonly focus: (threadId: string) => void
}

export const ThreadLine = memo(({ active, details, focus, rows, tabbable, threadId }: LineProps) => {
  const thread = useKey(rows, threadId)
  const detail = useKey(details.rows, threadId)
  const activeTurnId = thread?.activeTurnId ?? null
  useEffect(() => details.want({ threadId, activeTurnId }), [details, threadId, activeTurnId])
  if (thread === undefined) return null
  const need = needOf(thread)
  const isAtWork = thread.status === "working" || thread.status === "starting"
  const startedAt = isAtWork && detail?.turn?.turnId === activeTurnId ? detail?.turn?.startedAt : undefined
  const at = thread.lastActivityAt ?? thread.updatedAt ?? thread.createdAt
  return (
    <Link
      className={classes.line}
      data-active={active}
      data-testid="thread"
      data-thread={threadId}
      href={`/threads/${threadId}`}
      onFocus={() => focus(threadId)}
      tabIndex={tabbable ? 0 : -1}
    >
      <StatusMark status={thread.status} />
      <span className={classes.name} data-unread={thread.unread}>
        {thread.unread ? (
          <span className={classes.unread} title="Unread">
            <span className={classes.hidden}>Unread: </span>
          </span>
        ) : null}
        <span className={classes.title}>{nameOf(thread)}</span>
        {thread.cwd === null ? null : (
          <span className={classes.folder} title={visible(thread.cwd)}>
            {visible(shortPath(thread.cwd))}
          </span>
        )}
      </span>
      <span className={classes.need}>
        {need === null ? null : (
          <span className={classes.chip} data-tone={need.tone}>
            {visible(need.text)}
          </span>
        )}
        {startedAt === undefined ? null : <Running className={classes.running} since={startedAt} />}
        {thread.queued === 0 ? null : (
          <span className={classes.queued} title={thread.queueHeld ? "Queue is held" : "Messages in its queue"}>
            {thread.queued} queued
          </span>
        )}
      </span>
      <span className={classes.agent} title={thread.model ?? undefined}>
        {thread.agent ?? thread.provider}
        {thread.parentThreadId === null ? null : <Icon className={classes.child} name="right" size={12} />}
      </span>
      <span
        className={classes.tokens}
        title={detail?.tokens == null ? undefined : `${detail.tokens.toLocaleString("en")} tokens`}
      >
        {detail?.tokens == null ? null : tokens(detail.tokens)}
      </span>
      {at === null ? <span /> : <Ago at={at} className={classes.ago} />}
    </Link>
  )
})
