/** Threads that an agent opened by itself, and the thread of ours that they belong to. */
import type { LivingSession } from "./reaper.js"

/** The thread that it was opened from, where that is known. */
const opener = ({ forkedFromThreadId, parentThreadId }: LivingSession): string | null =>
  parentThreadId ?? forkedFromThreadId

/**
 * Those of `opened` that belong to a thread: opened from it, or from one that was. Where it is not known
 * which of the threads on the connection one belongs to, it belongs to each.
 *
 * @param opened all threads on the connection that its agent opened by itself
 * @param isRun whether a thread is one that we run
 */
export const childrenOf = (
  threadId: string,
  opened: readonly LivingSession[],
  isRun: (threadId: string) => boolean,
): readonly LivingSession[] => {
  const byThread = new Map(opened.map((session) => [session.threadId, session]))
  const root = (session: LivingSession): string | null => {
    const seen = new Set<string>()
    let from = opener(session)
    // Stryker disable next-line ConditionalExpression: no thread has the id null, so the loop would end there, too.
    while (from !== null && !seen.has(from)) {
      if (isRun(from)) return from
      seen.add(from)
      const above = byThread.get(from)
      from = above === undefined ? null : opener(above)
    }
    return null
  }
  return opened.filter((session) => [null, threadId].includes(root(session)))
}
