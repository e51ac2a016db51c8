/**
 * Holds the lines of native threads that may belong to a thread which we start. Codex may send lines of a thread before it
 * answers the call that started it, and only the answer says which of our threads it is. So the lines of an unknown thread
 * are held while such an answer is due, for two seconds at most. The lines of other threads pass.
 */

import type { WireLine } from "../../Translator.js"
import { holdMs } from "../translate/CodexConnection.js"

export interface HeldLines {
  /** A thread is being started. */
  readonly startAsked: () => void
  /** The start was answered. `nativeThreadId`: the started thread. Null: the start failed. */
  readonly startAnswered: (nativeThreadId: string | null) => void
  /** It is known whose thread this is: its lines are not held. */
  readonly know: (nativeThreadId: string) => void
  /** Passes a line on, now or later. `nativeThreadId`: the thread that the line names, if any. */
  readonly take: (line: WireLine, nativeThreadId: string | undefined) => void
  /** When held lines must pass although no answer came. Null: no line is held. */
  readonly nextDeadline: () => number | null
  /** Passes on the lines that are due at `now`. */
  readonly release: (now: number) => void
}

interface Held {
  readonly deadline: number
  readonly lines: WireLine[]
}

export const makeHeldLines = (pass: (line: WireLine) => void): HeldLines => {
  const known = new Set<string>()
  const held = new Map<string, Held>()
  let starting = 0

  const letGo = (id: string): void => {
    const lines = held.get(id)?.lines ?? []
    held.delete(id)
    known.add(id)
    for (const line of lines) pass(line)
  }
  const release = (now: number): void => {
    for (const [id, { deadline }] of [...held]) if (deadline <= now) letGo(id)
  }

  return {
    startAsked: () => {
      starting += 1
    },
    startAnswered: (nativeThreadId) => {
      starting -= 1
      if (nativeThreadId !== null) letGo(nativeThreadId)
      if (starting === 0) release(Number.POSITIVE_INFINITY)
    },
    know: (nativeThreadId) => {
      known.add(nativeThreadId)
    },
    take: (line, nativeThreadId) => {
      if (nativeThreadId === undefined || known.has(nativeThreadId)) return pass(line)
      const waiting = held.get(nativeThreadId)
      if (waiting !== undefined) {
        waiting.lines.push(line)
      } else if (starting > 0) {
        held.set(nativeThreadId, { deadline: line.at + holdMs, lines: [line] })
      } else {
        known.add(nativeThreadId)
        pass(line)
      }
    },
    nextDeadline: () => {
      const deadlines = [...held.values()].map(({ deadline }) => deadline)
      return deadlines.length === 0 ? null : Math.min(...deadlines)
    },
    release,
  }
}
