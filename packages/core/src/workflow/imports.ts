/** Whether an import may open a session in a thread (docs/concepts.md). */
import type { SessionRow } from "@threadfold/contracts"
import type { FoldState } from "../state/FoldState.js"
import { livingSession } from "../state/lifecycle.js"

/**
 * The living session beside which an import may not open one in the same thread: an agent or an adapter works in it. Null: it
 * may. A recording may follow a recording, and go on with its own session.
 */
export const sessionBesideImport = (
  state: Pick<FoldState, "session">,
  importedSessionId: string | null,
): SessionRow | null => {
  const session = livingSession(state)
  if (session === null || session.sessionId === importedSessionId || session.mode === "imported") return null
  return session
}
