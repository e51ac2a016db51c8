/**
 * `decide`: pure. What follows from a command, given the thread's state after all earlier members of the batch
 * (docs/architecture.md). A refusal is a value: it rolls back nobody.
 */
import type { Command } from "@threadfold/contracts"
import type { RowSource } from "../RowSource.js"
import type { FoldState } from "../state/FoldState.js"
import type { Decision } from "./Decision.js"
import { attachSession, detachSession } from "./session.js"
import { archiveThread, deleteThread, keepThreadAlive, renameThread, unarchiveThread } from "./thread.js"

/**
 * Decides a command.
 *
 * @param state open state of the command's thread
 * @param command the command, decoded
 * @param rows closed rows, for what the open state does not hold
 */
export const decide = (state: FoldState, command: Command, rows: RowSource): Decision => {
  const situation = { state, rows }
  switch (command.type) {
    case "thread.rename":
      return renameThread(situation, command)
    case "thread.archive":
      return archiveThread(situation, command)
    case "thread.unarchive":
      return unarchiveThread(situation, command)
    case "thread.delete":
      return deleteThread(situation, command)
    case "thread.keep-alive":
      return keepThreadAlive(situation, command)
    case "session.attach":
      return attachSession(situation, command)
    case "session.detach":
      return detachSession(situation, command)
  }
}
