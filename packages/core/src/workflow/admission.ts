/** What the writer may store beside what a thread has: a session of an import, an event on a further channel (docs/concepts.md). */
import { type Actor, channelLimit, type SessionRow } from "@threadfold/contracts"
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

/** Where an event comes from. */
export interface EventOrigin {
  readonly actor: Actor
  readonly sessionId: string | null
  readonly channel: string
}

/**
 * Whether an adapter uses one channel more than its session may have: then the event is refused and not kept. Events of a driver or a
 * recording are kept, and the fold notes them.
 */
export const isBeyondChannels = (
  { channels, session }: Pick<FoldState, "channels" | "session">,
  { actor, channel, sessionId }: EventOrigin,
): boolean =>
  session?.mode === "attached" &&
  session.sessionId === sessionId &&
  actor === "provider" &&
  channels[channel] === undefined &&
  Object.keys(channels).length >= channelLimit
