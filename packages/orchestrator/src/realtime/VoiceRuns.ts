/**
 * Voice conversations of threads, live: at most one per thread, whatever carries it. What ends one, and what is recorded of that,
 * core says (`stepVoiceRun`); what a handoff becomes, too (`delegation.route`).
 */
import type { StorageUnavailable, VoiceModality, VoiceTransportAsked, VoiceTransportName } from "@threadfold/contracts"
import { Engine, type SubmitError } from "@threadfold/engine"
import { Projections, type RowNotFound } from "@threadfold/projections"
import {
  AgentVoice,
  DirectVoice,
  type VoiceAudio,
  type VoiceCatalogue,
  VoiceFailed,
  type VoiceLink,
  VoiceRefused,
  type VoiceTransport,
  type VoiceWord,
} from "@threadfold/providers"
import { Chunk, Clock, Context, Effect, FiberSet, Layer, Schedule, Stream } from "effect"
import { Agents } from "../Agents.js"
import { Connections } from "../connections/Connections.js"
import type { AudioListener } from "../connections/LiveAudio.js"
import { type AgentUnknown, type VoiceInputsFull, VoiceLimit, VoiceNotLive, VoiceStartsFull } from "../Errors.js"
import { Ids } from "../Ids.js"
import { untilTaken, upkeep } from "../ownWrites.js"
import { Recovery } from "../recovery/Recovery.js"
import type { Wakeups } from "../Wakeups.js"
import { type LiveVoice, makeLiveVoice } from "./LiveVoice.js"
import { readContext } from "./voiceContext.js"
import { lifeEvent, mergedWords, type RunEvent, runDraft, textIn } from "./voiceDrafts.js"
import { makeVoiceHandoffs } from "./voiceHandoffs.js"

/** What a conversation is started with. Null or absent: the transport's own default. */
export interface VoiceSettings {
  readonly transport?: VoiceTransportAsked | null | undefined
  readonly voice?: string | null | undefined
  readonly model?: string | null | undefined
  readonly version?: string | null | undefined
  readonly modality?: VoiceModality | null | undefined
  readonly prompt?: string | null | undefined
  readonly keepAudio?: boolean | null | undefined
}

/** A conversation that is live. */
export interface VoiceStarted {
  readonly realtimeId: string
  readonly transport: VoiceTransportName
  /** Protocol version, for example `v2`; null: not known. */
  readonly version: string | null
}

/** How a start fails. A check that fails leaves a live conversation as it is. */
export type VoiceStartError =
  | VoiceRefused
  | VoiceFailed
  | VoiceLimit
  | VoiceStartsFull
  | AgentUnknown
  | RowNotFound
  | StorageUnavailable
  | SubmitError
/** How input fails. With `VoiceRefused` and `VoiceInputsFull` the conversation goes on, with `VoiceFailed` it has ended. */
export type VoiceInputError = VoiceNotLive | VoiceInputsFull | VoiceFailed | VoiceRefused

/** Our id of the run that an input names; absent or null: it names none. */
type MeantFor = string | null | undefined

export interface VoiceRunsService {
  /** Starts a conversation, in the place of one that is live, and returns when it is. */
  readonly start: (threadId: string, settings: VoiceSettings) => Effect.Effect<VoiceStarted, VoiceStartError>
  /** @param meantFor the run that it is meant for; no other one takes it. Absent or null: whichever is live */
  readonly appendText: (threadId: string, text: string, meantFor?: MeantFor) => Effect.Effect<void, VoiceInputError>
  readonly appendAudio: (
    threadId: string,
    audio: VoiceAudio,
    meantFor?: MeantFor,
  ) => Effect.Effect<void, VoiceInputError>
  /** Has the voice say a text. */
  readonly speak: (threadId: string, text: string, meantFor?: MeantFor) => Effect.Effect<void, VoiceInputError>
  /**
   * Ends the conversation, and returns when its close is in the log; the id of its run, null: none was there.
   *
   * @param realtimeId only this one is ended, and none that has taken its place; absent: whichever is live
   */
  readonly stop: (threadId: string, realtimeId?: string | undefined) => Effect.Effect<string | null, SubmitError>
  /** The voices and models that a conversation of the thread can have. */
  readonly voices: (
    threadId: string,
    transport: VoiceTransportAsked | null,
  ) => Effect.Effect<VoiceCatalogue, VoiceRefused | RowNotFound | StorageUnavailable | AgentUnknown>
  /** Hears what a thread's voice says, as audio, until the returned function is called. @param threadId null: every thread's */
  readonly hear: (threadId: string | null, listener: AudioListener) => () => void
  /** Gives back the outcomes of handoffs that are over. Derived from the rows every time. */
  readonly look: (threadId: string) => Effect.Effect<void>
}

/** Starts of one thread that wait at most, the one that is under way counted: each takes the place of the one before it. */
export const maxWaitingStarts = 8
/** Conversations that are live at a time. */
const liveLimit = 64
/** Handoffs of a run that are remembered, to know them when they are reported again. */
const handoffsKept = 4_096
/** How often the handoffs of live conversations are looked at, whatever was heard of them, ms. */
const LOOK_MS = 1_000
/** How long the end of a conversation may hold up the end of the server, ms. */
const SHUTDOWN_MS = 10_000

const noWebRtc =
  "A conversation over WebRTC is not served. Ask for the transport `agent` or `direct`, or leave `transport` out. The audio then goes over HTTP."

const ending = new VoiceFailed({
  message: "The server is ending. Start the conversation again then.",
  isRecorded: false,
})

const messageOf = (word: VoiceWord): string => textIn(word, "message") ?? "The other side did not say why."

const make = Effect.gen(function* () {
  // What an earlier run of the server left is settled first, so that it is not taken for one of these.
  yield* Recovery
  const agents = yield* Agents
  const connections = yield* Connections
  const engine = yield* Engine
  const ids = yield* Ids
  const projections = yield* Projections
  const transports: Readonly<Record<VoiceTransportName, VoiceTransport>> = {
    agent: yield* AgentVoice,
    direct: yield* DirectVoice,
  }
  const handoffs = yield* makeVoiceHandoffs
  const runs = new Map<string, LiveVoice>()
  /** Starts of one thread go one after the other. */
  const starts = new Map<string, { readonly lock: Effect.Semaphore; waiting: number }>()
  /** Threads whose start has passed its checks and has no run yet: they count as live. */
  const beginning = new Set<string>()
  /** Open while there is none of them. */
  const noneBegins = yield* Effect.makeLatch(true)
  const hasBegun = (threadId: string): void => {
    beginning.delete(threadId)
    if (beginning.size === 0) noneBegins.unsafeOpen()
  }
  let isClosing = false
  const fibers = yield* FiberSet.make()

  const asUpkeep = <A, E>(work: Effect.Effect<A, E, Engine>): Effect.Effect<A, E> =>
    Effect.provideService(work, Engine, engine)

  /** Has events of a run written. What the engine refuses for good is a defect of ours; the run goes on. */
  const append = (
    run: { readonly threadId: string; readonly realtimeId: string },
    events: readonly RunEvent[],
    actor: "orchestrator" | "provider",
  ): Effect.Effect<void> =>
    events.length === 0
      ? Effect.void
      : Effect.gen(function* () {
          const at = yield* Clock.currentTimeMillis
          const drafts = events.map((event) => runDraft(run, event, actor, at, ids.next(at)))
          yield* untilTaken(engine.submit({ drafts }))
        }).pipe(
          Effect.catchAll((problem) =>
            Effect.logError(`${events.length} events of voice run ${run.realtimeId} were refused`, problem),
          ),
        )

  const oneAtATime = <A, E>(threadId: string, start: Effect.Effect<A, E>): Effect.Effect<A, E | VoiceStartsFull> =>
    Effect.suspend((): Effect.Effect<A, E | VoiceStartsFull> => {
      const queue = starts.get(threadId) ?? { lock: Effect.unsafeMakeSemaphore(1), waiting: 0 }
      if (queue.waiting >= maxWaitingStarts) return new VoiceStartsFull({ threadId, limit: maxWaitingStarts })
      starts.set(threadId, queue)
      queue.waiting += 1
      return Effect.ensuring(
        queue.lock.withPermits(1)(start),
        Effect.sync(() => {
          queue.waiting -= 1
          if (queue.waiting === 0) starts.delete(threadId)
        }),
      )
    })

  const readLink = (link: VoiceLink, run: LiveVoice): Effect.Effect<void> => {
    /** Handoffs of the run that were seen, the newest of them: a provider may report one twice. */
    const seen = new Set<string>()
    const take = (words: readonly VoiceWord[]): Effect.Effect<void> =>
      Effect.gen(function* () {
        if (link.isRecorded) {
          yield* Effect.forEach(
            words,
            (word) => run.tell({ type: "recorded", event: word.type, message: messageOf(word) }),
            { discard: true },
          )
          return
        }
        let said: VoiceWord[] = []
        const flush = Effect.suspend(() => {
          const words = said
          said = []
          return append(
            run,
            mergedWords(words).map((word) => bounded(run.threadId, word)),
            "provider",
          )
        })
        for (const word of words) {
          connections.audio.told(run.threadId, word)
          if (word.type === "realtime.handoff") {
            yield* flush
            const handoffId = word.native?.handoffId ?? ""
            if (!seen.has(handoffId) && run.link() !== null) yield* handoffs.route(run, word)
            seen.add(handoffId)
            const [oldest] = seen
            if (seen.size > handoffsKept && oldest !== undefined) seen.delete(oldest)
          } else if (word.type === "realtime.error") {
            yield* flush
            yield* run.tell({ type: "ends", ending: { kind: "failed", message: messageOf(word) } })
          } else if (word.type === "realtime.closed") {
            yield* flush
            yield* run.tell({ type: "ends", ending: { kind: "hung-up" } })
          } else said.push(word)
        }
        yield* flush
      })
    return Effect.zipRight(
      Stream.runForEachChunk(link.words, (chunk) => take(Chunk.toReadonlyArray(chunk))),
      run.tell({ type: "ends", ending: { kind: "hung-up" } }),
    )
  }

  /** A word without the audio's bytes, unless they are kept. */
  const bounded = (threadId: string, { raw, ...word }: VoiceWord): VoiceWord =>
    raw === undefined || !connections.words.keepsBytes(threadId, word.type) ? word : { ...word, raw }

  const chosen = (threadId: string, transport: VoiceTransportAsked | null) =>
    Effect.gen(function* () {
      const { value: thread } = yield* projections.thread(threadId)
      if (transport === "webrtc") return yield* new VoiceRefused({ check: "transport", message: noWebRtc })
      if (transport !== null) return transport
      const work = yield* projections.threadWork(thread.threadId)
      const agent = work?.thread.agent ?? null
      return agent !== null && (yield* agents.get(agent)).driver.hasVoice === true ? "agent" : "direct"
    })

  const begin = (threadId: string, settings: VoiceSettings): Effect.Effect<VoiceStarted, VoiceStartError> =>
    Effect.gen(function* () {
      const transport = yield* chosen(threadId, settings.transport ?? null)
      const realtimeId = yield* Ids.nextNow
      const { keepAudio = null, modality, model = null, prompt = null, version = null, voice = null } = settings
      const readAgain = readContext(engine.log, threadId)
      const request = {
        threadId,
        realtimeId,
        voice,
        model,
        version,
        prompt,
        modality: modality ?? "audio",
        context: Effect.catchAll(readAgain, () => Effect.succeed([])),
      } as const
      yield* transports[transport].check(request)
      if (isClosing) return yield* ending
      const old = runs.get(threadId)
      if (old === undefined && new Set([...runs.keys(), ...beginning]).size >= liveLimit) {
        return yield* new VoiceLimit({ limit: liveLimit })
      }
      beginning.add(threadId)
      noneBegins.unsafeClose()
      if (old !== undefined) yield* old.end({ kind: "replaced" })
      const asked = { transport, voice, model, version, modality: request.modality, keepAudio }
      yield* asUpkeep(upkeep({ type: "realtime.start", threadId, realtimeId, ...asked, prompt }, "client"))
      connections.words.keepAudio(threadId, keepAudio === true)
      let up: VoiceLink | null = null
      const run = yield* makeLiveVoice({
        threadId,
        realtimeId,
        append: (records) =>
          append(
            { threadId, realtimeId },
            records.map((record) => lifeEvent(record, up?.version ?? null)),
            "orchestrator",
          ),
        read: readLink,
        onOver: () => {
          runs.delete(threadId)
          connections.words.keepAudio(threadId, false)
          connections.audio.belongsTo(threadId, null)
        },
      })
      runs.set(threadId, run)
      connections.audio.belongsTo(threadId, realtimeId)
      hasBegun(threadId)
      if (isClosing) yield* run.tell({ type: "ends", ending: { kind: "server-ends" } })
      yield* FiberSet.run(fibers, run.supervise)
      const link = yield* run.open(transports[transport].open(request), (opened) => {
        up = opened
      })
      if (!link.isRecorded) yield* handoffs.adopt(run)
      return { realtimeId, transport, version: link.version }
    }).pipe(Effect.ensuring(Effect.sync(() => hasBegun(threadId))), Effect.provideService(Ids, ids))

  const input = (
    threadId: string,
    meantFor: MeantFor,
    use: (link: VoiceLink) => Effect.Effect<void, VoiceFailed | VoiceRefused>,
  ): Effect.Effect<void, VoiceInputError> =>
    Effect.suspend((): Effect.Effect<void, VoiceInputError> => {
      const run = runs.get(threadId)
      if (run === undefined) return new VoiceNotLive({ threadId })
      const named = meantFor ?? run.realtimeId
      return named === run.realtimeId ? run.input(use) : new VoiceNotLive({ threadId, named, live: run.realtimeId })
    })

  const look: VoiceRunsService["look"] = (threadId) =>
    Effect.suspend(() => {
      const run = runs.get(threadId)
      return run === undefined ? Effect.void : handoffs.look(run)
    })

  const sweep = Effect.suspend(() => Effect.forEach([...runs.keys()], look, { discard: true }))
  yield* Effect.forkScoped(Effect.repeat(sweep, Schedule.spaced(LOOK_MS)))

  /** Ends what is live, and what comes up meanwhile: a start that has begun ends as one that failed. */
  const endLive = Effect.suspend(() =>
    Effect.forEach([...runs.values()], (run) => run.end({ kind: "server-ends" }), {
      concurrency: "unbounded",
      discard: true,
    }),
  )
  const endAll = Effect.suspend(() => {
    isClosing = true
    return Effect.all([endLive, noneBegins.await, endLive])
  })
  yield* Effect.addFinalizer(() => Effect.timeoutOption(Effect.interruptible(endAll), SHUTDOWN_MS))

  return VoiceRuns.of({
    // A caller who goes away ends nothing that has begun.
    start: (threadId, settings) =>
      Effect.flatMap(
        FiberSet.run(fibers, oneAtATime(threadId, begin(threadId, settings))),
        (fiber) => fiber.await,
      ).pipe(Effect.flatten),
    appendText: (threadId, text, named) => input(threadId, named, (link) => link.appendText(text)),
    appendAudio: (threadId, audio, named) => input(threadId, named, (link) => link.appendAudio(audio)),
    speak: (threadId, text, named) => input(threadId, named, (link) => link.speak(text)),
    stop: (threadId, named) =>
      Effect.gen(function* () {
        const run = runs.get(threadId)
        if (run === undefined || (named !== undefined && named !== run.realtimeId)) return null
        const { realtimeId } = run
        yield* asUpkeep(upkeep({ type: "realtime.stop", threadId, realtimeId }, "client"))
        yield* run.end({ kind: "stopped" })
        return realtimeId
      }),
    voices: (threadId, transport) =>
      Effect.flatMap(chosen(threadId, transport), (name) => transports[name].voices(threadId)),
    hear: (threadId, listener) => connections.audio.listen(threadId, listener),
    look,
  })
})

export class VoiceRuns extends Context.Tag("@threadfold/orchestrator/VoiceRuns")<VoiceRuns, VoiceRunsService>() {
  static readonly layer: Layer.Layer<
    VoiceRuns,
    never,
    AgentVoice | Agents | Connections | DirectVoice | Engine | Projections | Recovery | Wakeups
  > = Layer.scoped(VoiceRuns, make)
}
