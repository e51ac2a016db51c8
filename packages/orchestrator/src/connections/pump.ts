/**
 * The pump of one connection: what the provider says goes to the engine, batch by batch, as it comes. While a batch is
 * not durable the next one is not taken, so that a slow disk slows the agent and loses nothing.
 */
import type { Emitted } from "@threadfold/contracts"
import { newsOf } from "@threadfold/core"
import { ConnectionIngestion, Engine, type EventDraft } from "@threadfold/engine"
import { Chunk, Effect, Predicate, Stream } from "effect"
import { Ids } from "../Ids.js"
import { untilTaken } from "../ownWrites.js"
import { Wakeups } from "../Wakeups.js"
import type { LiveAudio } from "./LiveAudio.js"
import type { LiveConnection, LiveThreads } from "./LiveThreads.js"
import type { RecordedWords } from "./RecordedWords.js"
import type { Retries } from "./Retries.js"

/** The event alone, without the message that told it. */
const withoutBytes = ({ event: { raw: _, ...event }, ...draft }: EventDraft): EventDraft => ({ ...draft, event })

/** What hears what is durable, in order. */
export interface PumpListeners {
  readonly threads: LiveThreads
  readonly retries: Retries
  readonly words: RecordedWords
  readonly audio: LiveAudio
  /** Closes what came up for a thread whose start was given up; it returns at once. */
  readonly closeStray: (threadId: string) => Effect.Effect<void>
}

/** Runs until the connection has said its last word. */
export const pump = (
  { agent, connection, connectionId, openedFor }: LiveConnection,
  { audio, closeStray, retries, threads, words }: PumpListeners,
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
      if (event.type === "session.started") {
        const nativeThreadId = event.native?.threadId ?? null
        const isAsked = nativeThreadId !== null && connection.reference(nativeThreadId) === threadId
        threads.sessionStarted(sessionId, { threadId, nativeThreadId, connectionId, isAsked })
      }
      if (event.type === "session.exited") threads.sessionEnded(sessionId)
      retries.heard(threadId, event)
      words.heard(threadId, event)
    }

    const keepsBytes = ({ event, to }: EventDraft): boolean => words.keepsBytes(to.streamId, event.type)

    /** A connection says what it was opened for, so that a purge of that thread finds it though no session began. */
    const named = (draft: EventDraft): EventDraft =>
      draft.event.type === "connection.opened" && Predicate.isRecord(draft.event.payload)
        ? { ...draft, event: { ...draft.event, payload: { ...draft.event.payload, threadId: openedFor } } }
        : draft

    const take = (emitted: readonly Emitted[]): Effect.Effect<void> => {
      const told = ingestion.drafts(emitted).map(named)
      const drafts = told.map((draft) => (keepsBytes(draft) ? draft : withoutBytes(draft)))
      for (const { event, to } of told) audio.told(to.streamId, event)
      return untilTaken(engine.submit({ drafts })).pipe(
        Effect.flatMap(({ results }) => {
          const woken = new Set<string>()
          const begun = new Set<string>()
          for (const [index, member] of drafts.entries()) {
            const threadId = results[index]?.streamId ?? member.to.streamId
            note(member, threadId)
            if (newsOf(member.event.type).wakes) woken.add(threadId)
            if (member.event.type === "session.started") begun.add(threadId)
          }
          return Effect.zipRight(Effect.forEach(begun, closeStray, { discard: true }), wakeups.wakeAll(woken))
        }),
        // What the engine refuses for good is a defect of ours; it must not silence the agent's later words.
        Effect.catchAll((problem) =>
          Effect.logError(`${drafts.length} events of connection ${connectionId} were refused`, problem),
        ),
      )
    }

    return yield* Stream.runForEachChunk(connection.events, (chunk) => take(Chunk.toReadonlyArray(chunk)))
  })
