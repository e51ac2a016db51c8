/** Voice conversations that a thread's own agent carries: its session is started where none lives, and its connection is the link. */
import { Engine, WorkReads } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import {
  AgentVoice,
  type ProviderFailure,
  type ProviderVoice,
  refusalIn,
  VoiceFailed,
  type VoiceLink,
  VoiceRefused,
  type VoiceTransport,
  type VoiceWord,
} from "@threadfold/providers"
import { Deferred, Effect, Layer, Queue, Schedule, Stream } from "effect"
import { Agents } from "../Agents.js"
import { Connections } from "../connections/Connections.js"
import type { LiveThread } from "../connections/LiveThreads.js"
import type { RecordedWord } from "../connections/RecordedWords.js"
import { failureText } from "../outbox/deliver.js"
import { upkeep } from "../ownWrites.js"
import { Wakeups } from "../Wakeups.js"
import { textIn } from "./voiceDrafts.js"

/** How long an agent may take to report that a conversation has started, ms. */
const START_MS = 30_000
/** How long it may take to report that one has ended, ms; after it the run is closed without its word. */
const CLOSE_MS = 5_000

const refuse = (message: string) => new VoiceRefused({ check: "transport", message })
const failed = (message: string, isRecorded = false) => new VoiceFailed({ message, isRecorded })
const refusedBy = (failure: ProviderFailure) => refuse(failureText(failure))

/** Words that move a run. What is said in it moves nothing, so the queue between is as short as a run's life has steps. */
const moves = ["realtime.started", "realtime.error", "realtime.failed", "realtime.closed", "session.exited"] as const

const messageOf = (word: RecordedWord): string => textIn(word, "message") ?? "The agent did not say why."

interface Reached {
  readonly live: LiveThread
  readonly voice: ProviderVoice
}

const make = Effect.gen(function* () {
  const agents = yield* Agents
  const connections = yield* Connections
  const projections = yield* Projections
  const reads = yield* WorkReads
  const wakeups = yield* Wakeups
  const engine = yield* Engine

  /** Has the thread's session live: by the same effect as any other start, so that no two of them come up. */
  const ensureLive = (threadId: string): Effect.Effect<LiveThread, VoiceRefused> =>
    Effect.gen(function* () {
      const known = connections.threads.of(threadId)
      if (known !== null) return known
      const { effects } = yield* upkeep({ type: "session.start", threadId }, "client")
      yield* wakeups.wake(threadId)
      const [start] = effects
      if (start !== undefined) {
        const isOver = Effect.map(reads.effectsOf(start.commandId), (all) => all.every((one) => one.endedAt !== null))
        yield* Effect.repeat(isOver, { until: (over) => over, schedule: Schedule.spaced("50 millis") })
      }
      const live = connections.threads.of(threadId)
      if (live !== null) return live
      const [ended] = start === undefined ? [] : yield* reads.effectsOf(start.commandId)
      return yield* refuse(ended?.message ?? `The agent of thread ${threadId} did not start.`)
    }).pipe(
      Effect.provideService(Engine, engine),
      Effect.catchAll((error) => (error._tag === "VoiceRefused" ? error : refuse(error.message))),
    )

  const reach = (threadId: string): Effect.Effect<Reached, VoiceRefused> =>
    Effect.gen(function* () {
      const work = yield* Effect.mapError(projections.threadWork(threadId), ({ message }) => refuse(message))
      const agent = yield* Effect.mapError(agents.get(work?.thread.agent ?? ""), ({ message }) => refuse(message))
      if (agent.driver.hasVoice !== true) {
        return yield* refuse(`Agent ${agent.name} has no voice. Ask for the transport \`direct\`.`)
      }
      const live = yield* ensureLive(threadId)
      const { voice } = live.on.connection
      return voice === undefined ? yield* refuse(`Agent ${agent.name} has no voice.`) : { live, voice }
    })

  const open: VoiceTransport["open"] = (request) =>
    Effect.gen(function* () {
      const { realtimeId, threadId } = request
      const live = connections.threads.of(threadId)
      const voice = live?.on.connection.voice
      if (live === null || voice === undefined) return yield* failed("The agent is gone. Start the conversation again.")
      const { nativeThreadId } = live
      const queue = yield* Queue.unbounded<VoiceWord | null>()
      const started = yield* Deferred.make<string | null, VoiceFailed>()
      const over = yield* Deferred.make<void>()
      let isStopping = false
      let hasStarted = false
      const unlisten = connections.words.listen(threadId, (word) => {
        const type = moves.find((one) => one === word.type)
        if (type === undefined) return
        const name = word.native?.realtimeId
        // The late word of another run is not about this one.
        if (typeof name === "string" && name !== realtimeId) return
        if (type === "realtime.closed" && name === undefined && !hasStarted) {
          // The answer to a stop of nothing: it closes no run, and nothing comes after it.
          if (isStopping) Deferred.unsafeDone(over, Effect.void)
          return
        }
        Queue.unsafeOffer(queue, { type, payload: word.payload })
        if (type === "realtime.started") {
          hasStarted = true
          Deferred.unsafeDone(started, Effect.succeed(textIn(word, "version")))
        }
        if (type === "realtime.error" || type === "realtime.failed") {
          Deferred.unsafeDone(started, failed(messageOf(word), true))
          // A start that has failed needs no end.
          if (!hasStarted) Deferred.unsafeDone(over, Effect.void)
        }
        if (type === "realtime.closed" || type === "session.exited") {
          Deferred.unsafeDone(started, failed("The agent closed the conversation before it started.", true))
          Deferred.unsafeDone(over, Effect.void)
        }
      })
      const endWords = Effect.zipRight(Effect.sync(unlisten), Queue.offer(queue, null))
      const stop = Effect.suspend(() => {
        isStopping = true
        return Effect.zipRight(Effect.ignore(voice.stop(nativeThreadId)), Deferred.await(over))
      })
      const close = yield* Effect.cached(
        Effect.flatMap(Deferred.isDone(over), (isOver) => (isOver ? Effect.void : stop)).pipe(
          Effect.timeoutOption(CLOSE_MS),
          Effect.zipRight(endWords),
          Effect.asVoid,
          Effect.uninterruptible,
        ),
      )
      yield* Effect.addFinalizer(() => close)
      const call = voice.start({ ...request, nativeThreadId, name: realtimeId })
      const { answered } = yield* Effect.mapError(call, (failure) => failed(failureText(failure)))
      // A refused call is an event of the translator.
      yield* Effect.mapError(answered, (failure) => failed(failureText(failure), failure._tag === "Refused"))
      const version = yield* Effect.timeoutFail(Deferred.await(started), {
        duration: START_MS,
        onTimeout: () => failed(`The agent did not start the conversation within ${START_MS} ms.`),
      })
      const input = (call: Effect.Effect<void, ProviderFailure>) =>
        Effect.mapError(call, (failure) =>
          failure._tag === "Refused"
            ? new VoiceRefused({ check: "input", message: failure.message })
            : failed(failureText(failure)),
        )
      const link: VoiceLink = {
        isRecorded: true,
        version,
        words: Stream.fromQueue(queue).pipe(Stream.takeWhile((word): word is VoiceWord => word !== null)),
        appendText: (text) => input(voice.appendText({ nativeThreadId, text })),
        appendAudio: (audio) => input(voice.appendAudio({ nativeThreadId, ...audio })),
        speak: (text) => input(voice.appendSpeech({ nativeThreadId, text })),
        report: () => failed("The agent gives the outcome of its work back by itself."),
        close,
      }
      return link
    })

  return AgentVoice.of({
    // Codex tells no models: its own configuration names the one.
    voices: (threadId) =>
      Effect.flatMap(reach(threadId), ({ voice }) =>
        Effect.mapBoth(voice.voices, {
          onFailure: refusedBy,
          onSuccess: (listed) => ({ ...listed, models: null, defaultModel: null }),
        }),
      ),
    check: (request) =>
      Effect.gen(function* () {
        const { live, voice } = yield* reach(request.threadId)
        const catalogue = yield* Effect.mapError(voice.voices, refusedBy)
        const refusal = refusalIn(catalogue, request)
        if (refusal !== null) return yield* refusal
        const { nativeThreadId } = live
        const check = voice.check({ ...request, nativeThreadId, voices: catalogue.versions })
        const objection = yield* Effect.mapError(check, refusedBy)
        if (objection !== null) return yield* new VoiceRefused(objection)
      }),
    open,
  })
})

/** Over the connections to agents. */
export const agentVoiceLive = Layer.effect(AgentVoice, make)
