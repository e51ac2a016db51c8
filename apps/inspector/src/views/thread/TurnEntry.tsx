/** Where a turn begins and ends in the transcript, and the message that asked for it. */
import type { TurnView } from "@threadfold/contracts"
import { memo } from "react"
import { clock, duration, entryOf, fullTime, tokens } from "../../format/format.js"
import { useKey } from "../../live/KeyedStore.js"
import { Running } from "../../live/timedTexts.js"
import { Icon } from "../../shell/Icon.js"
import { LongText } from "../../text/LongText.js"
import { Markdown } from "../../text/Markdown.js"
import { totalOf } from "../threads/RowDetails.js"
import { Fold } from "./Fold.js"
import { UserMessage } from "./ItemEntry.js"
import { MessageParts } from "./MessageParts.js"
import type { ThreadStore } from "./ThreadStore.js"
import { TurnChanges } from "./TurnChanges.js"
import classes from "./TurnEntry.module.css"

interface EntryProps {
  readonly turnId: string
  readonly store: ThreadStore
}

const origins: Readonly<Record<string, string>> = {
  queue: "from the queue",
  realtime: "by voice",
  import: "imported",
  synthetic: "opened by an item",
}

export const TurnHead = memo(({ store, turnId }: EntryProps) => {
  const turn = useKey(store.turns, turnId)
  if (turn === undefined) return null
  const origin = entryOf(origins, turn.origin)
  return (
    <header className={classes.head} data-rewound={turn.rewound} data-testid="turn" data-turn={turnId}>
      <span className={classes.word}>Turn</span>
      {turn.startedAt === null ? null : (
        <time dateTime={new Date(turn.startedAt).toISOString()} title={fullTime(turn.startedAt)}>
          {clock(turn.startedAt)}
        </time>
      )}
      {origin === undefined ? null : <span>{origin}</span>}
      {turn.rewound ? <span className={classes.rewound}>taken back</span> : null}
      {turn.status === "requested" ? <span className={classes.waits}>waits to start</span> : null}
      {turn.stalled ? <span className={classes.bad}>nothing heard</span> : null}
      {turn.status !== "running" || turn.startedAt === null ? null : store.isLive ? (
        <Running className={classes.running} since={turn.startedAt} />
      ) : (
        <span className={classes.running}>running</span>
      )}
      <span aria-hidden="true" className={classes.line} />
    </header>
  )
})

export const Prompt = memo(({ store, turnId }: EntryProps) => {
  const turn = useKey(store.turns, turnId)
  if (turn === undefined) return null
  return (
    <UserMessage>
      {turn.parts !== null ? (
        <MessageParts parts={turn.parts} />
      ) : turn.text === null ? null : (
        <LongText cut={turn.truncated?.text} show={(text) => <Markdown text={text} />} text={turn.text} />
      )}
    </UserMessage>
  )
})

/** What a failure says of itself. */
const messageOf = (error: unknown): string | null => {
  if (typeof error !== "object" || error === null) return null
  const { message } = error as { readonly message?: unknown }
  return typeof message === "string" ? message : JSON.stringify(error)
}

const ends: Readonly<Record<string, string>> = {
  completed: "Done",
  failed: "Failed",
  interrupted: "Interrupted",
  aborted: "Aborted",
  cancelled: "Cancelled",
}

const tookOf = ({ endedAt, startedAt }: TurnView): number | null =>
  startedAt === null || endedAt === null ? null : endedAt - startedAt

export const TurnEnd = memo(({ store, turnId }: EntryProps) => {
  const turn = useKey(store.turns, turnId)
  if (turn === undefined) return null
  const took = tookOf(turn)
  const used = turn.usage === null ? null : totalOf(turn.usage)
  const error = messageOf(turn.error)
  const isBad = turn.outcome !== "completed"
  return (
    <footer className={classes.end} data-outcome={turn.outcome} data-testid="turn-end">
      {turn.proposal === null ? null : (
        <div className={classes.proposal}>
          <span className={classes.word}>A plan that waits for your consent</span>
          <LongText cut={turn.truncated?.proposal} show={(text) => <Markdown text={text} />} text={turn.proposal} />
        </div>
      )}
      {error === null ? null : <p className={classes.error}>{error}</p>}
      <div className={classes.sum}>
        <Icon name={isBad ? "alert" : "check"} size={12} />
        <span>{entryOf(ends, turn.outcome ?? "") ?? turn.outcome ?? "Ended"}</span>
        {turn.evidence === "inferred" ? (
          <span title="The agent did not report it; it was concluded">inferred</span>
        ) : null}
        {isBad && turn.cause !== null ? <span>{turn.cause}</span> : null}
        {took === null ? null : <span>{duration(took)}</span>}
        {used === null ? null : <span title={`${used.toLocaleString("en")} tokens`}>{tokens(used)} tokens</span>}
      </div>
      {turn.diff === null ? null : (
        <Fold
          body={() => <TurnChanges at={store.at} turnId={turnId} />}
          id={`changes ${turnId}`}
          kind="Changes of the turn"
          sign="log"
          store={store}
          title="All changes of this turn"
        />
      )}
    </footer>
  )
})
