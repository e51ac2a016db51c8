/**
 * A conversation with a realtime model over its WebSocket. A connection that breaks is made again, within limits, and goes on with
 * the conversation so far; what waits to be put in waits for that.
 */
import { Clock, Deferred, Effect, Exit, Option, Queue, Scope, Stream } from "effect"
import { makeRedactor } from "../redaction/Redactor.js"
import { connect, READY_MS, type Session } from "./DirectSession.js"
import type { DirectVoiceSettings } from "./DirectVoiceSettings.js"
import { audioMessage, directVersion, type Heard, sampleRate } from "./directMessages.js"
import {
  type ClientMessage,
  type DirectState,
  forget,
  isAwaited,
  outcomeMessages,
  speakMessages,
  textMessages,
  unsaid,
} from "./directState.js"
import type { NoSocket, RealtimeSocket } from "./RealtimeSocket.js"
import { VoiceFailed, type VoiceLink, VoiceRefused, type VoiceRequest, type VoiceWord } from "./VoiceTransport.js"

/** Pauses before the tries to connect again that follow each other, ms. No more are made. */
const PAUSES = [0, 250, 500, 1_000, 2_000, 4_000] as const
/** A connection that lasted so long was no failed try, ms: the tries after it are counted anew. */
const STEADY_MS = 30_000

/** What may wait to be taken before a connection is not read any more, and until it is read again: words, and their size. */
const highMark = { words: 2_048, units: 8 * 1024 * 1024 } as const
const lowMark = { words: 256, units: 1024 * 1024 } as const

const failed = (message: string): VoiceFailed => new VoiceFailed({ message, isRecorded: false })
const notTaken = (message: string): VoiceRefused => new VoiceRefused({ check: "input", message })
const unreachable = ({ message }: NoSocket): VoiceFailed =>
  failed(`The realtime model could not be reached. ${message}`)

/** How much a word holds, UTF-16 units, as good as it is known without writing it out. */
const sizeOf = ({ raw = "" }: VoiceWord): number => raw.length + 128

const told = (kind: string, message: string): VoiceWord => ({
  type: "realtime.item-added",
  payload: { kind, item: { message } },
})

/** Opens the conversation. */
export const openDirectLink = (
  settings: DirectVoiceSettings,
  request: VoiceRequest,
): Effect.Effect<VoiceLink, VoiceFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const redactor = settings.secrets === undefined ? null : makeRedactor(settings.secrets)
    const queue = yield* Queue.unbounded<VoiceWord | null>()
    const closing = yield* Deferred.make<void>()
    const ended = yield* Deferred.make<void>()
    let session: Session | null = null
    /** What the newest session knows, also when it is over. */
    let known: DirectState | null = null
    /** Inputs that the model has not confirmed, by our id. */
    const inputs = new Map<string, Deferred.Deferred<void, VoiceFailed | VoiceRefused>>()
    let ordinal = 0
    /** The newest socket, also while its session is not ready. */
    let reads: RealtimeSocket | null = null
    let waitingUnits = 0
    /** When the newest connection was made, ms since the epoch. */
    let madeAt = 0
    /** Tries to connect again since the last connection that lasted. */
    let tried = 0
    /** Open while there is a session to put something into, or none will come any more. */
    const up = yield* Effect.makeLatch(false)
    /** Open while all that was heard is taken and done with: in the log, where the next session reads what was said. */
    const quiet = yield* Effect.makeLatch(true)
    const isFuller = (limit: { readonly words: number; readonly units: number }): boolean =>
      waitingUnits > limit.units || Option.getOrElse(queue.unsafeSize(), () => 0) > limit.words
    const emit = (words: readonly VoiceWord[]): void => {
      quiet.unsafeClose()
      for (const word of words) {
        waitingUnits += sizeOf(word)
        queue.unsafeOffer(word)
      }
      if (isFuller(highMark)) reads?.read(false)
    }
    const settle = (confirmed: readonly string[], refused: Heard["refused"]): void => {
      for (const id of confirmed) {
        const input = inputs.get(id)
        if (input !== undefined) Deferred.unsafeDone(input, Effect.void)
      }
      const input = refused === null ? undefined : inputs.get(refused.id)
      if (input !== undefined)
        Deferred.unsafeDone(input, notTaken(`The realtime model refused it. ${refused?.message}`))
    }
    const leave = Effect.suspend(() => {
      const last = session
      session = null
      return last === null ? Effect.void : Scope.close(last.scope, Exit.void)
    })
    // What is connected is known at once, so that an end in between leaves no connection behind.
    const connecting = Effect.uninterruptibleMask((restore) =>
      Effect.tap(
        restore(
          Effect.suspend(() =>
            connect({
              settings,
              request,
              redactor,
              emit,
              settle,
              lost: known,
              onSocket: (socket) => {
                reads = socket
              },
            }),
          ),
        ),
        (made) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            session = made
            known = made.state
            madeAt = now
          }),
      ),
    )
    yield* Effect.addFinalizer(() => leave)
    const first = yield* Effect.mapError(connecting, unreachable)
    yield* up.open

    /** Makes the connection again; the word of it, if that fails. */
    const again = (why: string): Effect.Effect<Session | VoiceWord> =>
      Effect.gen(function* () {
        emit([told("connection.lost", why)])
        yield* quiet.await
        if ((yield* Clock.currentTimeMillis) - madeAt >= STEADY_MS) tried = 0
        let problem = "It is lost again and again."
        for (let pause = PAUSES[tried]; pause !== undefined; pause = PAUSES[tried]) {
          tried += 1
          if (pause > 0) yield* Effect.sleep(pause)
          const made = yield* Effect.either(connecting)
          if (made._tag === "Right") {
            emit([told("connection.made", "The conversation goes on.")])
            return made.right
          }
          problem = made.left.message
          if (!made.left.mayPass) break
        }
        const message = `The connection was lost (${why}) and could not be made again. ${problem}`
        return { type: "realtime.error", payload: { message } } satisfies VoiceWord
      })

    const run = Effect.gen(function* () {
      let current: Session = first
      for (;;) {
        const over = yield* current.over
        yield* up.close
        yield* leave
        if (over.kind === "hung-up") return
        const next: Session | VoiceWord =
          over.kind === "fatal"
            ? { type: "realtime.error", payload: { message: over.message } }
            : yield* again(over.message)
        if ("type" in next) return emit([next])
        current = next
        yield* up.open
      }
    })
    const over = Effect.gen(function* () {
      yield* leave
      // Their callers were told that they were taken.
      const left = known === null ? [] : unsaid(known).filter((id) => !inputs.has(id))
      if (left.length > 0)
        emit([told("speech.unsaid", `The conversation ended before ${left.length} texts were said.`)])
      yield* Queue.offer(queue, null)
      yield* up.open
      yield* Deferred.succeed(ended, undefined)
      const lost = failed("The conversation was over before the realtime model had confirmed this.")
      for (const input of inputs.values()) Deferred.unsafeDone(input, lost)
    })
    yield* Effect.raceFirst(run, Deferred.await(closing)).pipe(
      Effect.interruptible,
      Effect.ensuring(over),
      Effect.forkDaemon,
    )
    const close = Effect.zipRight(Deferred.succeed(closing, undefined), Deferred.await(ended))
    yield* Effect.addFinalizer(() => close)

    /** Puts something into the session that is up, or into the next one. @param id ours; null: nothing confirms it */
    const put = (
      id: string | null,
      messagesOf: (state: DirectState) => readonly ClientMessage[],
    ): Effect.Effect<void, VoiceFailed> =>
      Effect.flatMap(up.await, () =>
        Effect.suspend(() => {
          const now = session
          if (now === null) {
            // Between the end of a connection and the latch; or the end of all of them.
            return Effect.flatMap(Deferred.isDone(ended), (isOver) =>
              isOver ? failed("The conversation is over.") : Effect.zipRight(Effect.yieldNow(), put(id, messagesOf)),
            )
          }
          for (const message of messagesOf(now.state)) {
            const sent = now.socket.send(JSON.stringify(message))
            if (sent === "full") return failed("The realtime model does not take what it is sent.")
            if (sent === "sent") continue
            // What has an id goes over to the next session with all that this one has not confirmed.
            if (id !== null) return Effect.void
            return Effect.zipRight(now.over, Effect.zipRight(Effect.yieldNow(), put(id, messagesOf)))
          }
          return Effect.void
        }),
      )

    /** Returns when the model has confirmed it; one that it does not confirm is not tried any more. */
    const confirmed = (id: string, input: Deferred.Deferred<void, VoiceFailed | VoiceRefused>) =>
      Effect.gen(function* () {
        for (;;) {
          const got = yield* Effect.timeoutOption(Deferred.await(input), READY_MS)
          if (Option.isSome(got)) return
          // The time in which there is no connection does not count.
          const isUp = session !== null && (yield* Clock.currentTimeMillis) - madeAt >= READY_MS
          if (!isUp || known === null) continue
          forget(known, id)
          return yield* notTaken(`The realtime model did not confirm it within ${READY_MS} ms. It may have heard it.`)
        }
      })

    /** Puts something in, exactly once: again, where the connection is lost before the model has confirmed it. */
    const putOnce = (
      messagesOf: (state: DirectState, id: string) => readonly ClientMessage[],
    ): Effect.Effect<void, VoiceFailed | VoiceRefused> =>
      Effect.gen(function* () {
        ordinal += 1
        const id = `tf_${request.realtimeId.replaceAll("-", "").slice(-16)}_${ordinal}`
        const input = yield* Deferred.make<void, VoiceFailed | VoiceRefused>()
        inputs.set(id, input)
        const messages = (state: DirectState): readonly ClientMessage[] => {
          const made = messagesOf(state, id)
          // The session has it from its context, or it waits for the end of what is said.
          if (!isAwaited(state, id)) Deferred.unsafeDone(input, Effect.void)
          return made
        }
        yield* Effect.ensuring(
          Effect.zipRight(put(id, messages), confirmed(id, input)),
          Effect.sync(() => inputs.delete(id)),
        )
      })

    /** What waits to be taken. Whoever asks for more is done with what was taken before. */
    const heard = Effect.suspend(() => {
      if (queue.unsafeSize().pipe(Option.getOrElse(() => 0)) === 0) quiet.unsafeOpen()
      return Effect.tap(Queue.takeBetween(queue, 1, highMark.words), (words) =>
        Effect.sync(() => {
          for (const word of words) waitingUnits -= word === null ? 0 : sizeOf(word)
          if (!isFuller(lowMark)) reads?.read(true)
        }),
      )
    })

    return {
      isRecorded: false,
      version: directVersion,
      words: Stream.repeatEffectChunk(heard).pipe(Stream.takeWhile((word): word is VoiceWord => word !== null)),
      appendText: (text) => putOnce((state, id) => textMessages(state, id, text)),
      appendAudio: (audio) =>
        audio.sampleRate === sampleRate && audio.channels === 1
          ? put(null, () => [audioMessage(audio)])
          : new VoiceRefused({
              check: "input",
              message: `The audio must be mono with ${sampleRate} samples a second.`,
            }),
      speak: (text) => putOnce((state, id) => speakMessages(state, id, text)),
      report: (handoffId, text) =>
        Effect.catchTag(
          putOnce((state, id) => outcomeMessages(state, id, handoffId, text)),
          "VoiceRefused",
          ({ message }) => failed(message),
        ),
      close,
    }
  })
