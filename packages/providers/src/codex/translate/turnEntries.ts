/** Entries of turns: start, end, plan and diff. The connection holds a start until its call is answered, not the entry. */
import type { TurnOutcome } from "@threadfold/contracts"
import { fact } from "../../runtime/Fact.js"
import {
  hintFields,
  hintNumber,
  isFields,
  mayHaveId,
  mayHaveString,
  needArray,
  needFields,
  needString,
  needText,
  WrongShape,
} from "../../runtime/readFields.js"
import { type Entry, kept, onThread } from "./Entry.js"
import { refusal } from "./itemEntries.js"
import { lostReviews } from "./openItems.js"
import { readError } from "./readItem.js"

const outcomes: ReadonlyMap<string, TurnOutcome> = new Map<string, TurnOutcome>([
  ["completed", "completed"],
  ["interrupted", "interrupted"],
  ["failed", "failed"],
])

/** The outcome of a turn's status. Undefined: the turn goes on, or this version does not know the status. */
export const outcomeOf = (status: string | undefined): TurnOutcome | undefined => outcomes.get(status ?? "")

export const turnEntries = {
  "turn/started": onThread((params, { session, thread }) => {
    const turn = needFields(params, "turn")
    const turnId = needText(turn, "id")
    const rootTurnId = mayHaveId(turn, "rootTurnId")
    // An inner turn is part of the running turn. A review, for example, has an inner turn of the reviewer.
    if (rootTurnId !== undefined && rootTurnId !== turnId && rootTurnId === session.running) {
      session.inner.set(turnId, rootTurnId)
      return []
    }
    session.running = turnId
    return [fact("turn.started", {}, { threadId: thread.id, turnId })]
  }),

  "turn/completed": onThread((params, { session, thread }) => {
    const turn = needFields(params, "turn")
    const status = needText(turn, "status")
    // The status decides: a turn that is still in progress has not ended.
    if (status === "inProgress") return []
    const outcome = outcomeOf(status)
    if (outcome === undefined) throw new WrongShape(`turn.status: ${status} is no outcome known to this version`)
    const error = hintFields(turn, "error")
    if (session.inner.has(mayHaveId(turn, "id") ?? "")) return []
    // The end of a turn closes its items. A later delta of one of them must carry its kind again.
    session.known.clear()
    session.inner.clear()
    if (session.running === mayHaveId(turn, "id")) session.running = undefined
    return [
      ...lostReviews(thread.items).flatMap((review) => refusal(thread.id, review)),
      fact(
        "turn.completed",
        {
          outcome,
          error: error === undefined ? undefined : readError(error),
          durationMs: hintNumber(turn, "durationMs"),
        },
        { threadId: thread.id, turnId: mayHaveId(turn, "id") },
      ),
    ]
  }),

  "turn/plan/updated": onThread((params, { thread }) => [
    fact(
      "turn.plan.updated",
      {
        explanation: mayHaveString(params, "explanation") ?? undefined,
        steps: needArray(params, "plan").map((step) => {
          if (!isFields(step)) throw new WrongShape("plan: expected an array of steps")
          return { step: needString(step, "step"), status: needString(step, "status") }
        }),
      },
      { threadId: thread.id, turnId: mayHaveId(params, "turnId") },
    ),
  ]),

  "turn/diff/updated": onThread((params, { thread }) => [
    fact(
      "turn.diff.updated",
      { diff: needString(params, "diff") },
      { threadId: thread.id, turnId: mayHaveId(params, "turnId") },
    ),
  ]),

  "turn/moderationMetadata": kept("moderation details for the provider's own client"),
} as const satisfies Record<string, Entry>
