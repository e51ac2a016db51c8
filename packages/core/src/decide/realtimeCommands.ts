/** Rules 8 and 9 for voice conversations that we run: their start, their stop, and what a handoff becomes. */
import { type CommandOf, queueLimit, requestedTurnLimit, type TurnRow, voiceStartLimit } from "@threadfold/contracts"
import type { FoldState } from "../state/FoldState.js"
import { livingSession } from "../state/lifecycle.js"
import { accept, acceptWith, type DecidedEvent, type Decision, refuse, type Situation } from "./Decision.js"
import { requestTurn } from "./messageCommands.js"
import { ofThread, onRunThread } from "./threadGuards.js"

/** `realtime.start`: a run that the agent carries belongs to its session, and has our id as its name; any other has no session. */
export const startRealtime = (situation: Situation, command: CommandOf<"realtime.start">): Decision =>
  onRunThread(situation, command.threadId, () => {
    const { state } = situation
    const { realtimeId, threadId, type: _, ...asked } = command
    if (state.pendingRealtime.length >= voiceStartLimit) {
      return refuse("voice-busy", `Thread ${threadId} has ${voiceStartLimit} voice runs that have not started.`)
    }
    const isCarried = command.transport === "agent"
    return accept({
      sessionId: isCarried ? (livingSession(state)?.sessionId ?? null) : null,
      native: isCarried ? { realtimeId } : null,
      ids: { realtimeId },
      type: "realtime.start-requested",
      payload: { data: asked },
    })
  })

/** `realtime.stop`: a run that is not live any more: no change. */
export const stopRealtime = ({ state }: Situation, { realtimeId }: CommandOf<"realtime.stop">): Decision =>
  state.realtime?.realtimeId === realtimeId && state.realtime.stopRequested === 0
    ? accept({ ...ofThread, ids: { realtimeId }, type: "realtime.stop-requested", payload: {} })
    : accept()

/**
 * What a handoff becomes (rule 9): `turn`, a turn with exactly the id of the delegation; `steered`, a message that goes into the running
 * turn, with the id of the delegation, too. A turn that waits to start takes no message yet, so the new turn follows it.
 */
const handoffBecomes = ({
  active,
}: Pick<FoldState, "active">): { readonly route: "turn" } | { readonly route: "steered"; readonly into: TurnRow } =>
  active === null || active.nativeTurnId === null ? { route: "turn" } : { route: "steered", into: active }

/** `delegation.route`. */
export const routeDelegation = (situation: Situation, command: CommandOf<"delegation.route">): Decision =>
  onRunThread(situation, command.threadId, () => {
    const { rows, state } = situation
    const { delegationId, nativeHandoffId, realtimeId, text, threadId } = command
    if (rows.find("delegations", "key", [delegationId]) !== null) return accept()
    const becomes = handoffBecomes(state)
    const turnId = becomes.route === "turn" ? delegationId : becomes.into.turnId
    const opened: DecidedEvent = {
      sessionId: null,
      native: { handoffId: nativeHandoffId },
      ids: { delegationId, realtimeId, turnId },
      type: "delegation.opened",
      payload: { text, route: becomes.route },
    }
    if (becomes.route === "turn") {
      if (state.requested.length >= requestedTurnLimit) {
        return refuse("turn-active", `Thread ${threadId} has ${requestedTurnLimit} turns that wait to start.`)
      }
      const { effect, event } = requestTurn(delegationId, { text }, "realtime")
      return acceptWith({ events: [opened, event], effects: [effect], turnId: delegationId })
    }
    if (state.queue.length >= queueLimit) {
      return refuse("queue-conflict", `The queue of thread ${threadId} is full: it has ${queueLimit} messages.`)
    }
    const { sessionId } = becomes.into
    // The delegation follows its message by this: also where the agent does not take it and it becomes a turn of its own later.
    const messageId = delegationId
    return acceptWith({
      events: [{ ...ofThread, type: "message.queued", payload: { messageId, text, settings: null } }, opened],
      effects: [{ kind: "turn.steer", sessionId, turnId, messageId, payload: { text } }],
      turnId,
      messageId,
    })
  })
