/** Commands about the conversation of a thread as a whole, which its agent carries out between two turns. */
import type { CommandOf, ReviewTarget, TurnWork } from "@threadfold/contracts"
import { waitingTurns } from "../state/lifecycle.js"
import { takenBack } from "../state/rewound.js"
import { acceptWith, type Decision, refuse, type Situation } from "./Decision.js"
import { requestTurn } from "./messageCommands.js"
import { onRunThread, refuseOpenCall } from "./threadGuards.js"

/** Refuses what must not happen while a turn runs, may still run or waits, or while a call to the agent is open; null: it may happen. */
const refuseAtWork = ({ openEffect, state }: Situation, threadId: string): Decision | null => {
  const [turn] = [...(state.active === null ? [] : [state.active]), ...waitingTurns(state), ...state.requested]
  if (turn?.uncertain === 1) {
    return refuse(
      "turn-active",
      `Turn ${turn.turnId} of thread ${threadId} is uncertain: its message may have reached the agent. Interrupt it first.`,
    )
  }
  if (turn !== undefined) return refuse("turn-active", `Turn ${turn.turnId} of thread ${threadId} is ${turn.status}.`)
  if (state.provisional !== null) {
    const { turnId } = state.provisional
    return refuse(
      "turn-active",
      `The end of turn ${turnId} of thread ${threadId} is not final yet: ask again in a second.`,
    )
  }
  if (state.open.afterEnd > 0) {
    return refuse("turn-active", `The agent of thread ${threadId} is still at work after the end of its turn.`)
  }
  const effect = openEffect()
  return effect === null ? null : refuseOpenCall(effect, threadId)
}

/**
 * `thread.rewind`. The turns are counted when it is decided; what becomes of their rows follows from the agent's own word
 * (`thread.rewound`, rule 13), so that a rewind which the agent refuses leaves them as they are.
 */
export const rewindThread = (situation: Situation, command: CommandOf<"thread.rewind">): Decision =>
  onRunThread(situation, command.threadId, () => {
    const { rows, state } = situation
    const { threadId } = command
    const atWork = refuseAtWork(situation, threadId)
    if (atWork !== null) return atWork
    const asked = command.turns ?? 1
    const found = takenBack(state, rows, { count: asked, kept: null })
    if (found === null || found.count < asked) {
      const left = found?.count ?? 0
      return refuse("resource-not-found", `Thread ${threadId} has ${left} turns that can be taken back, not ${asked}.`)
    }
    const { turnId } = found.first
    const payload = { turns: asked, files: command.files === true }
    return acceptWith({ effects: [{ kind: "thread.rewind", turnId, payload }], turnId })
  })

/** A turn that does something else than answer a message. */
const requestWork = (situation: Situation, threadId: string, text: string, work: TurnWork): Decision => {
  const atWork = refuseAtWork(situation, threadId)
  if (atWork !== null) return atWork
  const turnId = situation.mint("turn")
  const { effect, event } = requestTurn(turnId, { text, work }, "client")
  return acceptWith({ events: [event], effects: [effect], turnId })
}

/** `thread.compact`. */
export const compactThread = (situation: Situation, { threadId }: CommandOf<"thread.compact">): Decision =>
  onRunThread(situation, threadId, ({ turns }) =>
    turns === 0
      ? refuse("resource-not-found", `Thread ${threadId} has had no turn: there is nothing to compact.`)
      : requestWork(situation, threadId, "/compact", { type: "compact" }),
  )

/** The target of a review in one line, as a recording of Codex tells it. */
const reviewText = (target: ReviewTarget): string => {
  switch (target.type) {
    case "uncommitted":
      return "review: uncommittedChanges"
    case "branch":
      return `review: baseBranch ${target.branch}`
    case "commit":
      return `review: commit ${target.title ?? target.sha}`
    case "text":
      return `review: custom ${target.text}`
  }
}

/** `review.start`. */
export const startReview = (situation: Situation, { target, threadId }: CommandOf<"review.start">): Decision =>
  onRunThread(situation, threadId, () =>
    requestWork(situation, threadId, reviewText(target), { type: "review", target }),
  )
