/** The translator's state of a conversation in a session file: the session's own, or a sub-agent's. */

import type { TokenCounts } from "@threadfold/contracts"
import { makeSession, type Session } from "../translate/ClaudeSession.js"

/** Tokens of the running turn: of its model calls before the last one, and of the last one so far. */
export interface TurnUsage {
  readonly before: TokenCounts
  readonly messageId: string
  readonly last: TokenCounts
}

export interface HistoryThread {
  readonly id: string
  /** The session that started it; undefined for the session itself. */
  readonly parent: string | undefined
  session: Session
  sessions: number
  isOpen: boolean
  /** The turn that started last, running or over. */
  lastTurn: string | undefined
  /** Id of the message with which the model ended the turn; null: it has not. More blocks of that message may follow. */
  endedBy: string | null
  usage: TurnUsage | null
  /** The configuration as recorded last, as JSON text. */
  configured: string
  forkedFrom: string | undefined
}

export const makeHistoryThread = (id: string, parent: string | undefined): HistoryThread => ({
  id,
  parent,
  session: makeSession(id, 0, id, { counted: undefined }),
  sessions: 0,
  isOpen: false,
  lastTurn: undefined,
  endedBy: null,
  usage: null,
  configured: "",
  forkedFrom: undefined,
})

/** How many lines are remembered by their ids. A rewind to a line before them is not seen. */
const mostLines = 65_536

/** Which thread and turn a line belongs to, by its uuid: the newest lines. */
export class KnownLines {
  private readonly places = new Map<string, { readonly thread: string; readonly turn: string | undefined }>()

  get(uuid: string | undefined): { readonly thread: string; readonly turn: string | undefined } | undefined {
    return uuid === undefined ? undefined : this.places.get(uuid)
  }

  set(uuid: string, thread: string, turn: string | undefined): void {
    const [oldest] = this.places.size >= mostLines ? this.places.keys() : []
    if (oldest !== undefined) this.places.delete(oldest)
    this.places.set(uuid, { thread, turn })
  }
}
