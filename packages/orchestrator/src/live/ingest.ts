/**
 * The pump of one connection: what the provider says goes to the engine, batch by batch, as it comes. While a batch is
 * not durable the next one is not taken, so that a slow disk slows the agent and loses nothing.
 */
import type { Emitted } from "@threadfold/contracts"
import { ConnectionIngestion, type EngineService, type EventDraft } from "@threadfold/engine"
import { Chunk, Effect, Stream } from "effect"
import type { IdsService } from "../Ids.js"
import { untilTaken } from "../untilTaken.js"
import type { LiveConnection, LiveThreads } from "./LiveThreads.js"
import type { Retries } from "./Retries.js"

/** An event that went into the log, and where. */
export interface Ingested {
  readonly threadId: string
  readonly sessionId: string | null
  readonly type: string
  readonly turnId: string | null
}

export interface PumpOptions {
  readonly live: LiveConnection
  readonly threads: LiveThreads
  readonly retries: Retries
  readonly engine: EngineService
  readonly ids: IdsService
  /** Told of what is durable, in order. */
  readonly onCommitted: (events: readonly Ingested[]) => Effect.Effect<void>
}

/** Runs until the connection has said its last word. */
export const pump = ({ engine, ids, live, onCommitted, retries, threads }: PumpOptions): Effect.Effect<void> => {
  const { agent, connection, connectionId } = live
  const ingestion = new ConnectionIngestion({
    connectionId,
    sourceKind: agent.driver.provider,
    imported: false,
    threadId: (nativeThreadId, at) => connection.reference(nativeThreadId) ?? ids.next(at),
    sessionId: (_nativeThreadId, _ordinal, at) => ids.next(at),
  })

  const note = ({ event, sessionId }: EventDraft, threadId: string): Ingested => {
    if (sessionId !== null && event.type === "session.started") {
      threads.sessionStarted(sessionId, threadId, connectionId)
    }
    if (sessionId !== null && event.type === "session.exited") threads.sessionEnded(sessionId)
    if (sessionId !== null) retries.heard(threadId, event)
    return { threadId, sessionId, type: event.type, turnId: event.turnId ?? null }
  }

  const take = (emitted: readonly Emitted[]): Effect.Effect<void> => {
    const drafts = ingestion.drafts(emitted)
    return untilTaken(engine.submit({ drafts })).pipe(
      Effect.flatMap(({ results }) =>
        onCommitted(drafts.map((draft, index) => note(draft, results[index]?.streamId ?? draft.to.streamId))),
      ),
      // What the engine refuses for good is a defect of ours; it must not silence the agent's later words.
      Effect.catchAll((problem) =>
        Effect.logError(`${drafts.length} events of connection ${connectionId} were refused`, problem),
      ),
    )
  }

  return Stream.runForEachChunk(connection.events, (chunk) => take(Chunk.toReadonlyArray(chunk)))
}
