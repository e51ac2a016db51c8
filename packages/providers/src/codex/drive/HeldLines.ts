/**
 * Lines of threads that may turn out to be ours. Codex may speak of a thread before it answers the call that started it,
 * and only the answer says which of our threads it is. What names a thread nobody knows is held while such an answer is
 * due, two seconds at most; other threads go on.
 */

import type { WireLine } from "../../Translator.js"
import { holdMs } from "../translate/CodexConnection.js"

export interface HeldLines {
  /** A thread is being started. */
  readonly startAsked: () => void
  /** It was: `nativeThreadId` is its name; null: it failed. */
  readonly startAnswered: (nativeThreadId: string | null) => void
  /** Nobody needs to wait to learn whose thread this is. */
  readonly know: (nativeThreadId: string) => void
  /** Tells a line, now or later. `nativeThreadId`: the thread that it names, where it names one. */
  readonly take: (line: WireLine, nativeThreadId: string | undefined) => void
  /** When lines must be told though no answer came; null: none are held. */
  readonly nextDeadline: () => number | null
  /** Tells the lines that are due at `now`. */
  readonly release: (now: number) => void
}

interface Held {
  readonly deadline: number
  readonly lines: WireLine[]
}

export const makeHeldLines = (tell: (line: WireLine) => void): HeldLines => {
  const known = new Set<string>()
  const held = new Map<string, Held>()
  let starting = 0

  const letGo = (id: string): void => {
    const lines = held.get(id)?.lines ?? []
    held.delete(id)
    known.add(id)
    for (const line of lines) tell(line)
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
      if (nativeThreadId === undefined || known.has(nativeThreadId)) return tell(line)
      const waiting = held.get(nativeThreadId)
      if (waiting !== undefined) {
        waiting.lines.push(line)
      } else if (starting > 0) {
        held.set(nativeThreadId, { deadline: line.at + holdMs, lines: [line] })
      } else {
        known.add(nativeThreadId)
        tell(line)
      }
    },
    nextDeadline: () => {
      const deadlines = [...held.values()].map(({ deadline }) => deadline)
      return deadlines.length === 0 ? null : Math.min(...deadlines)
    },
    release,
  }
}
