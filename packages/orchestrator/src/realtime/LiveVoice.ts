/**
 * One voice run of this process, with the one way in which it ends. Whatever ends it only says so; its supervisor then ends the link,
 * awaits what reads it and what is being put into it, has the close recorded, and lets the waiting callers go.
 */
import {
  startingVoiceRun,
  stepVoiceRun,
  takesInput,
  type VoiceEnding,
  type VoiceInput,
  type VoiceRecord,
} from "@threadfold/core"
import { VoiceFailed, type VoiceLink, type VoiceRefused } from "@threadfold/providers"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { VoiceInputsFull, VoiceNotLive } from "../Errors.js"
import type { RunPlace } from "./voiceDrafts.js"

/** How long the reader of a link may take to end after the link was closed, ms. */
const READER_MS = 5_000

/** What a run needs of the service that runs it. */
export interface RunParts extends RunPlace {
  /** Has the records written, in order; returns when they are durable. */
  readonly append: (records: readonly VoiceRecord[]) => Effect.Effect<void>
  /** Takes what its link says, until the link is over. */
  readonly read: (link: VoiceLink, run: LiveVoice) => Effect.Effect<void>
  /** Called once, when it is over. */
  readonly onOver: () => void
}

/** Inputs of one run that wait at most, the one that goes in counted. More only pile up: a live voice takes each at once. */
export const maxWaitingInputs = 32

export interface LiveVoice extends RunPlace {
  /** Handoffs whose outcome has not been given back: the provider's id → ours. */
  readonly handoffs: Map<string, string>
  /** The link while the run is live; null: it is not. */
  readonly link: () => VoiceLink | null
  /** Says what happens to it; returns when what follows is durable. */
  readonly tell: (input: VoiceInput) => Effect.Effect<void>
  /** Opens its link, and returns when it is live. */
  readonly open: (
    opening: Effect.Effect<VoiceLink, VoiceFailed, Scope.Scope>,
    onUp: (link: VoiceLink) => void,
  ) => Effect.Effect<VoiceLink, VoiceFailed>
  /** Ends it, and returns when it is over. The first reason counts. */
  readonly end: (ending: VoiceEnding) => Effect.Effect<void>
  /**
   * Puts something into it. Inputs go one after the other, and at most {@link maxWaitingInputs} wait; one that the end overtakes is not
   * waited for.
   */
  readonly input: (
    use: (link: VoiceLink) => Effect.Effect<void, VoiceFailed | VoiceRefused>,
  ) => Effect.Effect<void, VoiceNotLive | VoiceInputsFull | VoiceFailed | VoiceRefused>
  /** Runs until it is over. */
  readonly supervise: Effect.Effect<void>
}

export const makeLiveVoice = (parts: RunParts): Effect.Effect<LiveVoice> =>
  Effect.gen(function* () {
    const { realtimeId, threadId } = parts
    let run = startingVoiceRun
    let link: VoiceLink | null = null
    let reader: Fiber.RuntimeFiber<void> | null = null
    const ending = yield* Deferred.make<void>()
    const over = yield* Deferred.make<void>()
    const scope = yield* Scope.make()
    const inputs = yield* Effect.makeSemaphore(1)
    const records = yield* Effect.makeSemaphore(1)

    const tell = (input: VoiceInput): Effect.Effect<void> =>
      Effect.suspend(() => {
        const step = stepVoiceRun(run, input)
        run = step.run
        if (step.shutsDown) Deferred.unsafeDone(ending, Effect.void)
        return step.records.length === 0 ? Effect.void : records.withPermits(1)(parts.append(step.records))
      })

    const supervise = Effect.gen(function* () {
      yield* Deferred.await(ending)
      yield* Scope.close(scope, Exit.void)
      if (reader !== null) {
        const read = yield* Effect.timeoutOption(Fiber.await(reader), READER_MS)
        if (read._tag === "None") yield* Fiber.interrupt(reader)
      }
      yield* inputs.withPermits(1)(Effect.void)
      yield* tell({ type: "quiet" })
      parts.onOver()
      yield* Deferred.succeed(over, undefined)
    })

    const end: LiveVoice["end"] = (because) =>
      Effect.zipRight(tell({ type: "ends", ending: because }), Deferred.await(over))

    const ended = (message: string) => new VoiceFailed({ message, isRecorded: false })

    const open: LiveVoice["open"] = (opening, onUp) =>
      Effect.gen(function* () {
        const called = Effect.zipRight(Deferred.await(ending), ended("The conversation was ended before it started."))
        const exit = yield* Effect.exit(Effect.raceFirst(Effect.interruptible(Scope.extend(opening, scope)), called))
        if (Exit.isFailure(exit)) {
          const failure = exit.cause._tag === "Fail" ? exit.cause.error : ended("The conversation could not be opened.")
          const { isRecorded, message } = failure
          yield* isRecorded
            ? tell({ type: "recorded", event: "realtime.error", message })
            : tell({ type: "ends", ending: { kind: "failed", message } })
          yield* Deferred.await(over)
          return yield* failure
        }
        const opened = exit.value
        if (opened.isRecorded) yield* tell({ type: "recorded", event: "realtime.started" })
        onUp(opened)
        yield* tell({ type: "up" })
        // No step lies between the look and the start of the reader, so its supervisor cannot miss it.
        const isUp = yield* Effect.sync(() => takesInput(run))
        if (isUp) {
          link = opened
          // What a reader dies of is a defect of ours; a run that nobody reads must not seem live.
          reader = yield* Effect.forkDaemon(
            Effect.catchAllDefect(parts.read(opened, self), (defect) =>
              Effect.zipRight(
                Effect.logError(`the reader of voice run ${realtimeId} has died`, defect),
                tell({ type: "ends", ending: { kind: "failed", message: "What the voice said could not be read." } }),
              ),
            ),
          )
          return opened
        }
        yield* Deferred.await(over)
        return yield* ended("The conversation ended as it started.")
      })

    let waiting = 0
    const input: LiveVoice["input"] = (use) => {
      const notLive = new VoiceNotLive({ threadId })
      const put = Effect.suspend(() =>
        link === null || !takesInput(run)
          ? notLive
          : Effect.raceFirst(use(link), Effect.zipRight(Deferred.await(ending), notLive)),
      )
      const left = Effect.sync(() => {
        waiting -= 1
      })
      return Effect.suspend((): ReturnType<LiveVoice["input"]> => {
        if (waiting >= maxWaitingInputs) return new VoiceInputsFull({ threadId, limit: maxWaitingInputs })
        waiting += 1
        return Effect.ensuring(inputs.withPermits(1)(put), left)
      }).pipe(Effect.tapErrorTag("VoiceFailed", ({ message }) => end({ kind: "failed", message })))
    }

    const self: LiveVoice = {
      realtimeId,
      threadId,
      handoffs: new Map(),
      link: () => (takesInput(run) ? link : null),
      tell,
      open,
      end,
      input,
      supervise,
    }
    return self
  })
