/** Messages that wait for their turn: written again, put first or into the running turn, or taken out. */

import type { QueueView, ThreadDetail } from "@threadfold/contracts"
import type { AgentView } from "@threadfold/contracts/api"
import { useState } from "react"
import { visible } from "../../format/format.js"
import { Icon } from "../../shell/Icon.js"
import { type CommandCall, useCommandCall } from "../../shell/useCommandCall.js"
import { MessageParts } from "./MessageParts.js"
import classes from "./QueueList.module.css"

interface QueueProps {
  readonly thread: ThreadDetail
  readonly queue: readonly QueueView[]
  readonly agent: AgentView
}

interface LineProps {
  readonly message: QueueView
  readonly path: string
  readonly isFirst: boolean
  readonly canSteer: boolean
  readonly call: CommandCall
}

const Line = ({ call: { busy, give }, canSteer, isFirst, message, path }: LineProps) => {
  const [draft, setDraft] = useState<string | null>(null)
  const at = `${path}/queue/${encodeURIComponent(message.messageId)}`
  // A message with parts would lose them if its text alone were written again.
  const canEdit = message.parts === null && message.truncated === undefined
  const save = async () => {
    if (draft === null || draft.trim() === "") return
    if (await give(at, { text: draft }, "PATCH")) setDraft(null)
  }
  return (
    <li className={classes.line} data-testid="queued">
      <span className={classes.place}>{message.position}</span>
      {draft === null ? (
        <div className={classes.text}>
          {message.parts === null ? visible(message.text) : <MessageParts parts={message.parts} />}
        </div>
      ) : (
        <textarea
          aria-label="The message"
          className={classes.draft}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") setDraft(null)
            if (event.key === "Enter" && !event.shiftKey) {
              event.preventDefault()
              void save()
            }
          }}
          rows={2}
          value={draft}
        />
      )}
      <div className={classes.tools}>
        {draft !== null ? (
          <>
            <button className={classes.tool} disabled={busy} onClick={save} type="button">
              Save
            </button>
            <button className={classes.tool} onClick={() => setDraft(null)} type="button">
              Cancel
            </button>
          </>
        ) : (
          <>
            {canEdit ? (
              <button className={classes.tool} onClick={() => setDraft(message.text)} type="button">
                Edit
              </button>
            ) : null}
            {isFirst ? null : (
              <button className={classes.tool} disabled={busy} onClick={() => give(`${at}/promote`, {})} type="button">
                First
              </button>
            )}
            {canSteer ? (
              <button
                className={classes.tool}
                disabled={busy}
                onClick={() => give(`${at}/promote`, { to: "turn" })}
                title="Into the running turn"
                type="button"
              >
                Steer
              </button>
            ) : null}
            <button
              aria-label="Take out of the queue"
              className={classes.tool}
              disabled={busy}
              onClick={() => give(at, undefined, "DELETE")}
              title="Take out of the queue"
              type="button"
            >
              <Icon name="close" size={12} />
            </button>
          </>
        )}
      </div>
    </li>
  )
}

export const QueueList = ({ agent, queue, thread }: QueueProps) => {
  const call = useCommandCall()
  if (queue.length === 0) return null
  const path = `/v1/threads/${encodeURIComponent(thread.threadId)}`
  return (
    <section aria-label="Queue" className={classes.queue} data-testid="queue">
      {thread.queueHeld ? (
        <p className={classes.held}>
          <Icon name="pause" size={12} />
          These messages wait for your consent.
          <button
            className={classes.tool}
            disabled={call.busy}
            onClick={() => call.give(`${path}/queue/resume`)}
            type="button"
          >
            Let them run
          </button>
        </p>
      ) : null}
      <ol className={classes.list}>
        {queue.map((message, index) => (
          <Line
            call={call}
            canSteer={agent.capabilities.steer && thread.activeTurnId !== null}
            isFirst={index === 0}
            key={message.messageId}
            message={message}
            path={path}
          />
        ))}
      </ol>
      {call.problem === null ? null : (
        <p className={classes.problem} role="alert">
          {call.problem.message}
        </p>
      )}
    </section>
  )
}
