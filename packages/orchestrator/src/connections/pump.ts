/**
 * The pump of one connection: what the provider says goes to the engine, batch by batch, as it comes. While a batch is
 * not durable the next one is not taken, so that a slow disk slows the agent and loses nothing.
 */
import type { Emitted } from "@threadfold/contracts"
import { newsOf } from "@threadfold/core"
import { ConnectionIngestion, Engine, type EventDraft } from "@threadfold/engine"
import { Chunk, Effect, Stream } from "effect"
import { Ids } from "../Ids.js"
import { untilTaken } from "../ownWrites.js"
import { Wakeups } from "../Wakeups.js"
import type { LiveConnection, LiveThreads } from "./LiveThreads.js"
import type { Retries } from "./Retries.js"

/** Runs until the connection has said its last word. Of what is durable it tells `threads` and `retries`, in order. */
export const pump = (
  { agent, connection, connectionId }: LiveConnection,
  threads: LiveThreads,
  retries: Retries,
): Effect.Effect<void, never, Engine | Wakeups> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const ids = yield* Ids
    const wakeups = yield* Wakeups
    const ingestion = new ConnectionIngestion({
      connectionId,
      sourceKind: agent.driver.provider,
      imported: false,
      threadId: (nativeThreadId, at) => connection.reference(nativeThreadId) ?? ids.next(at),
      sessionId: (_nativeThreadId, _ordinal, at) => ids.next(at),
    })

    const note = ({ event, sessionId }: EventDraft, threadId: string): void => {
      if (sessionId === null) return
      if (event.type === "session.started") threads.sessionStarted(sessionId, threadId, connectionId)
      if (event.type === "session.exited") threads.sessionEnded(sessionId)
      retries.heard(threadId, event)
    }

    const take = (emitted: readonly Emitted[]): Effect.Effect<void> => {
      const drafts = ingestion.drafts(emitted)
      return untilTaken(engine.submit({ drafts })).pipe(
        Effect.flatMap(({ results }) => {
          const woken = new Set<string>()
          for (const [index, member] of drafts.entries()) {
            const threadId = results[index]?.streamId ?? member.to.streamId
            note(member, threadId)
            if (newsOf(member.event.type).wakes) woken.add(threadId)
          }
          return wakeups.wakeAll(woken)
        }),
        // What the engine refuses for good is a defect of ours; it must not silence the agent's later words.
        Effect.catchAll((problem) =>
          Effect.logError(`${drafts.length} events of connection ${connectionId} were refused`, problem),
        ),
      )
    }

    return yield* Stream.runForEachChunk(connection.events, (chunk) => take(Chunk.toReadonlyArray(chunk)))
  })
