/** Copies a thread into a fork of it, in short commits: other threads go on between them. */
import type { StorageUnavailable } from "@threadfold/contracts"
import { mintId } from "@threadfold/core"
import { type EngineService, type EventDraft, type RestoredEvent, type SubmitError, sha256 } from "@threadfold/engine"
import { type ForkTarget, forkedEvent, forkedId } from "@threadfold/imports"
import type { Fork } from "@threadfold/orchestrator"
import { Chunk, Clock, Effect, Sink, Stream } from "effect"
import type { ForkPoint } from "../moments/momentProtocol.js"

/** Events of one commit, and their texts in UTF-16 units. */
const sliceEvents = 512
const sliceUnits = 4 * 1024 * 1024

const weightOf = ({ body, row }: RestoredEvent): number =>
  sliceUnits / sliceEvents + row.payload.length + (body?.length ?? 0)

const slices = Sink.foldWeighted<Chunk.Chunk<RestoredEvent>, RestoredEvent>({
  initial: Chunk.empty(),
  maxCost: sliceUnits,
  cost: (_slice, event) => weightOf(event),
  body: (slice, event) => Chunk.append(slice, event),
})

/** What ends a fork's stream: what lived is closed, and where the fork comes from. */
const endingOf = (fork: Fork, { sequence, settling, usage }: ForkPoint, at: number): readonly EventDraft[] => {
  const { agent, commandId, fromThreadId, threadId, turnId } = fork
  const target: ForkTarget = { threadId }
  const idsOf = (payload: unknown): unknown =>
    typeof payload === "object" && payload !== null && "messageId" in payload && typeof payload.messageId === "string"
      ? { ...payload, messageId: forkedId(payload.messageId, target) }
      : payload
  const settled = settling.map(({ payload, sessionId, type }) => ({
    type,
    sessionId: sessionId === null ? null : forkedId(sessionId, target),
    payload: idsOf(payload),
  }))
  const forked = {
    type: "thread.forked",
    sessionId: null,
    payload: { fromThreadId, atTurnId: turnId, atSequence: sequence, ...(agent === undefined ? {} : { agent }), usage },
  }
  return [...settled, forked].map(({ payload, sessionId, type }, index) => ({
    to: { streamId: threadId },
    sessionId,
    actor: "orchestrator",
    commandId,
    event: {
      type,
      payload,
      native: null,
      channel: null,
      seq: null,
      at,
      eventId: mintId(sha256, at, `fork|${threadId}|${index}|${type}`),
    },
  }))
}

/** What a part of the copy is submitted with. */
const importingOf = ({ importId, threadId }: Fork) => ({ streamId: threadId, importId, done: false })

/**
 * Copies the events of the origin that are missing in a fork, up to a sequence of the log. They follow from the fork and its origin, so
 * that a copy that was stopped goes on where it was. One slice is in memory at a time.
 */
export const copyEvents = (
  { log, submit }: EngineService,
  fork: Fork,
  until: number,
): Effect.Effect<void, SubmitError | StorageUnavailable> =>
  Effect.gen(function* () {
    const { fromThreadId, threadId } = fork
    const [last] = yield* log.read({ streamId: threadId, order: "desc", limit: 1, texts: "beginnings" })
    const there = last?.streamVersion ?? 0
    const importing = importingOf(fork)
    yield* log.readAll({ streamId: fromThreadId, until, limit: sliceEvents }).pipe(
      Stream.filter(({ streamVersion }) => streamVersion > there),
      Stream.mapEffect(({ sequence, ...row }) =>
        Effect.map(log.native(sequence), (body) => forkedEvent({ row, body }, { threadId })),
      ),
      Stream.transduce(slices),
      Stream.filter(Chunk.isNonEmpty),
      Stream.runForEach((slice) => submit({ drafts: [], restored: Chunk.toReadonlyArray(slice), importing })),
    )
  })

/** Copies what is missing of a fork, and makes it whole. */
export const copyThread = (
  engine: EngineService,
  fork: Fork,
  point: ForkPoint,
): Effect.Effect<void, SubmitError | StorageUnavailable> =>
  Effect.gen(function* () {
    yield* copyEvents(engine, fork, point.sequence)
    const drafts = endingOf(fork, point, yield* Clock.currentTimeMillis)
    yield* engine.submit({ drafts, importing: { ...importingOf(fork), done: true } })
  })

/** Gives a fork up of which nothing can be copied: its thread never comes to be. */
export const callOff = ({ submit }: EngineService, fork: Fork): Effect.Effect<void, SubmitError> =>
  Effect.asVoid(submit({ drafts: [], importing: { ...importingOf(fork), done: true } }))
