/** Turns: start, end, plan and diff. A turn held until its call is answered is the translator's matter, not the mapping's. */
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
import { readError } from "./codexErrors.js"
import { type Entry, kept, onThread } from "./Entry.js"
import { refusal } from "./itemEntries.js"
import { lostReviews } from "./openItems.js"

const outcomes: ReadonlyMap<string, TurnOutcome> = new Map<string, TurnOutcome>([
  ["completed", "completed"],
  ["interrupted", "interrupted"],
  ["failed", "failed"],
])

/** The outcome that a turn's status tells; undefined: it goes on, or the status is none that this version knows. */
export const outcomeOf = (status: string | undefined): TurnOutcome | undefined => outcomes.get(status ?? "")

export const turnEntries = {
  "turn/started": onThread((params, { session, thread }) => {
    const turn = needFields(params, "turn")
    const turnId = needText(turn, "id")
    const rootTurnId = mayHaveId(turn, "rootTurnId")
    // A turn of the turn that runs is part of it: a review has one of the reviewer.
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
    // A turn that is still in progress has not ended, whatever the method's name says.
    if (status === "inProgress") return []
    const outcome = outcomeOf(status)
    if (outcome === undefined) throw new WrongShape(`turn.status: ${status} is no outcome known to this version`)
    const error = hintFields(turn, "error")
    if (session.inner.has(mayHaveId(turn, "id") ?? "")) return []
    // The turn's end closes its items; what is told of one afterwards stands by itself again.
    session.known.clear()
    session.inner.clear()
    if (session.running === mayHaveId(turn, "id")) session.running = undefined
    return [
      ...lostReviews(thread.items).flatMap((told) => refusal(thread.id, told)),
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
