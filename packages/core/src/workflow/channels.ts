/** Whether a session may have one channel more. */
import { type Actor, channelLimit } from "@threadfold/contracts"
import type { FoldState } from "../state/FoldState.js"

/** Where an event comes from. */
export interface EventSource {
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
  { actor, channel, sessionId }: EventSource,
): boolean =>
  session?.mode === "attached" &&
  session.sessionId === sessionId &&
  actor === "provider" &&
  channels[channel] === undefined &&
  Object.keys(channels).length >= channelLimit
