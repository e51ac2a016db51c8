/**
 * A thread as it is, and as it becomes: the snapshot, folded on with the thread's events. Another snapshot is read where the reducer
 * asks for one, or where the stream could not be followed.
 */
import type { RowChange, RowsSnapshot } from "@threadfold/contracts/api"
import { Effect, Stream } from "effect"
import type { Connection } from "./Connection.js"
import { events, type StreamMessage } from "./Events.js"
import type { Failure } from "./Failure.js"
import { applyEvent } from "./reducer/applyEvent.js"
import { stateOf, type ThreadState } from "./reducer/ThreadState.js"
import { placeOf } from "./subscription.js"

/** A state of a followed thread. */
export interface FollowedThread {
  readonly state: ThreadState
  /** The rows that changed since the state before; null: everything may have, a snapshot was read. */
  readonly changes: readonly RowChange[] | null
}

/** Reads a snapshot that is true for a sequence or later. */
export type ReadSnapshot = (minSequence: number) => Effect.Effect<RowsSnapshot, Failure>

const fresh = (read: ReadSnapshot, minSequence: number): Effect.Effect<FollowedThread, Failure> =>
  Effect.map(read(minSequence), (snapshot) => ({ state: stateOf(snapshot), changes: null }))

/** What follows a message; null: nothing has changed. */
const next = (
  read: ReadSnapshot,
  { state }: FollowedThread,
  message: StreamMessage,
): Effect.Effect<FollowedThread | null, Failure> => {
  switch (message.kind) {
    case "synced":
      return Effect.succeed(null)
    case "reset":
      return fresh(read, placeOf(message.cursor).sequence)
    case "event": {
      const applied = applyEvent(state, message.event)
      if (applied.kind === "reload") return fresh(read, message.event.sequence)
      return Effect.succeed(applied.kind === "applied" ? { state: applied.state, changes: applied.changes } : null)
    }
  }
}

/** The states of a thread, the present one first. Ends only by a failure, as a subscription to events does. */
export const followThread = (
  connection: Connection,
  threadId: string,
  read: ReadSnapshot,
): Stream.Stream<FollowedThread, Failure> =>
  Stream.unwrap(
    Effect.map(read(0), (snapshot) => {
      const first: FollowedThread = { state: stateOf(snapshot), changes: null }
      const later = events(connection, { threadId, after: snapshot.cursor, audio: true }).pipe(
        Stream.mapAccumEffect(first, (held, message) =>
          Effect.map(next(read, held, message), (found) => [found ?? held, found] as const),
        ),
        Stream.filter((found) => found !== null),
      )
      return Stream.concat(Stream.succeed(first), later)
    }),
  )
