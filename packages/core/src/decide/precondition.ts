/** `If-Match`: a command that holds only while its resource is as its sender saw it (docs/http.md). */
import type { Command } from "@threadfold/contracts"
import { type EntityTable, rowOfThread } from "../RowSource.js"
import { type Decision, refuse, type Situation } from "./Decision.js"
import { decide } from "./decide.js"
import { interruptedTurn } from "./turnCommands.js"

/**
 * The version of the row that a command is about: the resource that it names or implies, else the thread. Null: there is no row.
 */
const versionOf = ({ rows, state }: Situation, command: Command): number | null => {
  const { thread } = state
  if (thread === null || (thread.deletedAt !== null && command.type !== "thread.restore")) return null
  const version = (table: EntityTable, id: string): number | null =>
    rowOfThread(rows, table, id, command.threadId)?.sequence ?? null
  switch (command.type) {
    case "request.respond":
      return version("requests", command.requestId)
    case "turn.interrupt": {
      const turnId = interruptedTurn(state, command)
      return turnId === null ? thread.sequence : version("turns", turnId)
    }
    case "queue.cancel":
    case "message.edit":
    case "message.promote":
      return version("queue", command.messageId)
    case "session.detach":
      return version("sessions", command.sessionId)
    default:
      return thread.sequence
  }
}

/**
 * Decides a command whose sender named the version of the resource that it read: the sequence of the last change of the
 * resource's row, never the stream's. Another version refuses it with `precondition-failed`; what there is not is refused
 * as such.
 */
export const decideIf = (situation: Situation, command: Command, ifSequence: number | null): Decision => {
  const version = ifSequence === null ? null : versionOf(situation, command)
  return version === ifSequence || version === null
    ? decide(situation, command)
    : refuse("precondition-failed", `It is at version ${version}, not ${ifSequence}.`)
}
