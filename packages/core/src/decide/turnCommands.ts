/** Commands about turns: the interrupt, and what the orchestrator concludes about a turn. */
import type { CommandOf, RequestedEffect, TurnRow } from "@threadfold/contracts"
import { rowOfThread } from "../RowSource.js"
import type { FoldState } from "../state/FoldState.js"
import { livingSession, waitingTurns } from "../state/lifecycle.js"
import { isStartTimed } from "../workflow/watchdog.js"
import { accept, acceptWith, type DecidedEvent, type Decision, refuse, type Situation } from "./Decision.js"
import { isOurs, ofThread, onThread, refuseRecording } from "./threadGuards.js"

/** The events and effects of an interrupt of an open turn; none where the provider was asked already. */
export const interrupting = (
  { attempting, state }: Situation,
  turn: TurnRow,
  reason: string | null,
): { readonly events: readonly DecidedEvent[]; readonly effects: readonly RequestedEffect[] } => {
  const underWay = turn.status === "requested" && turn.handedOver === 0 && attempting(turn.turnId)
  // The event alone cancels a turn that was not delivered. A turn that was delivered and has not started ends in our rows at
  // once; its session may start it after all, so the interrupt has to reach the agent.
  const mayStart = turn.handedOver === 1 && (turn.uncertain === 0 || livingSession(state)?.sessionId === turn.sessionId)
  const isTheirs = turn.status === "running" || mayStart || underWay
  if (isTheirs && turn.interruptRequestedAt !== null) return { events: [], effects: [] }
  const event: DecidedEvent = {
    ...ofThread,
    ids: { turnId: turn.turnId },
    type: "turn.interrupt-requested",
    payload: { reason, underWay },
  }
  const effect: RequestedEffect = { kind: "turn.interrupt", sessionId: turn.sessionId, turnId: turn.turnId }
  return { events: [event], effects: isTheirs ? [effect] : [] }
}

/**
 * The turn that an interrupt is about: the named one; else the running one, the waiting one or the uncertain one, in this order.
 */
export const interruptedTurn = (state: FoldState, command: CommandOf<"turn.interrupt">): string | null => {
  const [waiting] = waitingTurns(state)
  const [doubted] = state.requested
  return command.turnId ?? (state.active ?? waiting ?? doubted)?.turnId ?? null
}

/** `turn.interrupt`. The adapter of an attached session learns of it from the event. */
export const interruptTurn = (situation: Situation, command: CommandOf<"turn.interrupt">): Decision =>
  onThread(situation, command.threadId, (thread) => {
    const { rows, state } = situation
    const turnId = interruptedTurn(state, command)
    if (turnId === null) return accept()
    const turn = rowOfThread(rows, "turns", turnId, command.threadId)
    if (turn === null) {
      return refuse("resource-not-found", `Thread ${command.threadId} has no turn ${turnId}.`)
    }
    if (turn.status === "ended") return acceptWith({ turnId })
    const session = livingSession(state)
    if (session?.mode === "imported") return refuseRecording(session)
    const { effects, events } = interrupting(situation, turn, command.reason ?? null)
    return acceptWith({ events, effects: isOurs(state, thread) ? effects : [], turnId })
  })

/** `task.stop`: the task ends with the agent's own word. Where that call failed, or did not end the task, it may be asked again. */
export const stopTask = (situation: Situation, { reason, taskId, threadId }: CommandOf<"task.stop">): Decision =>
  onThread(situation, threadId, () => {
    const task = rowOfThread(situation.rows, "tasks", taskId, threadId)
    if (task === null) return refuse("resource-not-found", `Thread ${threadId} has no task ${taskId}.`)
    // What was asked for is under way: a second call would ask the agent for what it is doing.
    if (task.status === "ended" || situation.stoppingTask(taskId)) return accept()
    const session = livingSession(situation.state)
    if (session?.mode === "imported") return refuseRecording(session)
    if (session?.mode !== "managed") {
      return refuse("thread-not-run", `No agent of this server runs task ${taskId} of thread ${threadId}.`)
    }
    const event: DecidedEvent = { ...ofThread, ids: { taskId }, type: "task.stop-requested", payload: { reason } }
    return acceptWith({
      events: [event],
      effects: [{ kind: "task.stop", sessionId: task.sessionId, turnId: null, payload: { taskId } }],
    })
  })

/** `turn.settle`. */
export const settleTurn = ({ rows }: Situation, { threadId, turnId }: CommandOf<"turn.settle">): Decision => {
  const turn = rowOfThread(rows, "turns", turnId, threadId)
  return turn?.status === "ended" && turn.settled === 0
    ? accept({ ...ofThread, ids: { turnId }, type: "turn.settled", payload: {} })
    : accept()
}

/** `turn.settle-after-end`: conditional: anything that happened in the thread since the look prevents it. */
export const settleAfterEnd = ({ state }: Situation, command: CommandOf<"turn.settle-after-end">): Decision => {
  const { ifSequence, silentMs, turnId } = command
  return state.open.afterEnd > 0 && state.thread?.sequence === ifSequence
    ? accept({ ...ofThread, ids: { turnId }, type: "turn.after-end-settled", payload: { silentMs } })
    : accept()
}

/** `turn.time-out-start`: conditional: any event of the turn since the watchdog looked prevents it. */
export const timeOutStart = ({ state }: Situation, command: CommandOf<"turn.time-out-start">): Decision => {
  const { ifSequence, turnId, waitedMs } = command
  const turn = state.requested.find((waiting) => waiting.turnId === turnId)
  const mode = livingSession(state)?.mode ?? null
  return turn !== undefined && turn.sequence === ifSequence && isStartTimed(turn, mode)
    ? accept({ ...ofThread, ids: { turnId }, type: "turn.start-timed-out", payload: { waitedMs } })
    : accept()
}

/** `turn.stall`. A turn that waits for a person is not silent: its agent has asked. */
export const stallTurn = ({ state }: Situation, { silentMs, turnId }: CommandOf<"turn.stall">): Decision => {
  return state.active?.turnId === turnId && state.active.stalled === 0 && state.open.unanswered === 0
    ? accept({ ...ofThread, ids: { turnId }, type: "turn.stalled", payload: { silentMs } })
    : accept()
}
