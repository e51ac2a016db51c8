/** `If-Match`: a command that holds only while its resource is as its sender saw it (docs/http.md). */
import type { Command } from "@threadfold/contracts"
import { type Decision, refuse, type Situation } from "./Decision.js"
import { decide } from "./decide.js"

/** The row that a command is about: its own resource where it names one, else its thread. Null: there is none. */
const versionOf = ({ rows, state }: Situation, command: Command): number | null => {
  switch (command.type) {
    case "request.respond":
      return (state.requests[command.requestId] ?? rows.find("requests", "key", [command.requestId]))?.sequence ?? null
    case "turn.interrupt": {
      const turnId = command.turnId ?? state.active?.turnId ?? null
      if (turnId === null) return state.thread?.sequence ?? null
      return (state.active?.turnId === turnId ? state.active : rows.find("turns", "key", [turnId]))?.sequence ?? null
    }
    case "queue.cancel":
      return rows.find("queue", "key", [command.messageId])?.sequence ?? null
    default:
      return state.thread?.sequence ?? null
  }
}

/**
 * Decides a command whose sender named the version of the resource that it read: the sequence of the last change of the
 * resource's row, never the stream's. Another version refuses it with `precondition-failed`.
 */
export const decideIf = (situation: Situation, command: Command, ifSequence: number | null): Decision => {
  const version = ifSequence === null ? null : versionOf(situation, command)
  return version === ifSequence || version === null
    ? decide(situation, command)
    : refuse("precondition-failed", `It is at version ${version}, not ${ifSequence}.`)
}
