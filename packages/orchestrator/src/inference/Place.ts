/** Where the attempts of a route belong: the thread, its session on the route's connection, and the turn that runs in it. */
import type { ThreadWork } from "@threadfold/core"
import { Projections } from "@threadfold/projections"
import { Duration, Effect, Schedule } from "effect"

/** What an attempt is bound to. */
export interface Binding {
  readonly sessionId: string
  /** The turn that was active when the call began; null: none was. */
  readonly turnId: string | null
}

/** What a route stands for. */
export interface Place {
  readonly threadId: string
  /** Null until the connection is known. */
  readonly connectionId: string | null
}

/** How long a call may be ahead of the events of its session, which come on another way. */
const SESSION_WAIT = Duration.seconds(5)
/** How long it may be ahead of the start of a turn that was requested, and of one that was not. */
const TURN_WAIT = Duration.seconds(2)
const UNASKED_WAIT = Duration.millis(150)
const LOOK_EVERY = Duration.millis(10)

const everyLook = (wait: Duration.Duration) => Schedule.spaced(LOOK_EVERY).pipe(Schedule.upTo(wait))

type Seen = { readonly binding: Binding | null; readonly isPending: boolean }

const seenIn = (work: ThreadWork | null, { connectionId }: Place): Seen => {
  const session = work?.session ?? null
  if (work === null || session === null || session.connectionId !== connectionId) {
    return { binding: null, isPending: false }
  }
  const { activeTurnId, pendingTurnId, sessionId } = session
  const binding = { sessionId, turnId: activeTurnId }
  return { binding, isPending: activeTurnId === null && pendingTurnId !== null }
}

/**
 * The session and the turn of a call that begins now. The agent speaks on its pipe and calls its model on a socket, so that the
 * call may come before the events that explain it are committed: then it waits for them, a short while. Null: the session is
 * not known, or the rows cannot be read.
 */
export const bind = (place: () => Place): Effect.Effect<Binding | null, never, Projections> =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const look = Effect.suspend(() =>
      Effect.map(projections.threadWork(place().threadId), (work) => seenIn(work, place())),
    )
    const until = (first: Seen, isEnough: (seen: Seen) => boolean, wait: Duration.Duration) =>
      isEnough(first)
        ? Effect.succeed(first)
        : Effect.repeat(look, { until: isEnough, schedule: everyLook(wait) }).pipe(Effect.zipRight(look))
    const seen = yield* until(yield* look, ({ binding }) => binding !== null, SESSION_WAIT)
    if (seen.binding === null || seen.binding.turnId !== null) return seen.binding
    const wait = seen.isPending ? TURN_WAIT : UNASKED_WAIT
    const { binding } = yield* until(seen, ({ binding: bound }) => bound === null || bound.turnId !== null, wait)
    return binding ?? seen.binding
  }).pipe(Effect.catchAll((problem) => Effect.as(Effect.logWarning("a call of a model has no place", problem), null)))
