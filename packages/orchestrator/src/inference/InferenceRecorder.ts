/**
 * Records the attempts of the inference gateway: what their machine (`Attempt`) makes of a call goes to the engine, in order, by one path.
 * The bytes of the call never depend on it for longer than {@link COMMIT_WAIT}: where the log takes nothing, they pass, and the
 * attempt is `untraced`.
 */
import type { NativeRef } from "@threadfold/contracts"
import { type Acknowledged, Engine, type EventDraft, type QueueFull, type SubmitError } from "@threadfold/engine"
import type { Projections } from "@threadfold/projections"
import {
  Attempt,
  type AttemptEvent,
  type AttemptInput,
  type HeldSecrets,
  makeRedactor,
  type ProtocolReader,
} from "@threadfold/providers"
import {
  Cause,
  Chunk,
  Clock,
  Context,
  Duration,
  Effect,
  Exit,
  Fiber,
  FiberSet,
  Layer,
  Metric,
  Ref,
  Runtime,
} from "effect"
import { Ids } from "../Ids.js"
import { untilTaken } from "../ownWrites.js"
import { type Binding, bind, type Place } from "./Place.js"

/** How long a frame waits for its commit before the log counts as unavailable. */
const COMMIT_WAIT = Duration.seconds(2)
/** Ends of attempts that wait for the log to come back. Of more than these the end follows from their turn's alone. */
const MOST_WAITING = 256

const untracedAttempts = Metric.counter("threadfold_inference_untraced", {
  description: "Attempts of the inference gateway of which a part was not recorded.",
  incremental: true,
})

/** What is known of a call when it begins. */
export interface CallStart {
  /** When it began, ms since the epoch. */
  readonly startedAt: number
  readonly reader: ProtocolReader
  /** The call's own names, as its agent gave them: evidence, which binds nothing. */
  readonly native: NativeRef
  /** Secrets that the call carries, besides those that the server holds. */
  readonly secrets: HeldSecrets
}

/** An attempt under way. */
export interface RecordedAttempt {
  /** Keeps evidence of which no event follows. It is written with what is told next. */
  readonly note: (input: AttemptInput) => void
  /**
   * Records together what follows from these, after everything that was told before. Returns when it is durable, or cannot be.
   * Never fails.
   */
  readonly tell: (inputs: readonly AttemptInput[]) => Effect.Effect<void>
  /** Whether its end is recorded or given up. */
  readonly isOver: () => boolean
}

/** The numbers of the gateway's events, per session. Numbers are given in the order of submission. */
export class SessionNumbers {
  private last = 0
  /** @param lock held from the giving of numbers until the engine has queued the events, so that they come in order */
  constructor(
    readonly sessionId: string,
    readonly lock: Effect.Semaphore,
  ) {}

  next(): number {
    this.last += 1
    return this.last
  }
}

/** A place, and the numbers of the session that it is now. */
export interface RecordedPlace {
  readonly place: () => Place
  numbers: SessionNumbers | null
}

export interface InferenceRecorderService {
  /** An attempt at a place. Its binding is looked up in the background: what is told waits for it, not the call. */
  readonly begin: (at: RecordedPlace, start: CallStart) => Effect.Effect<RecordedAttempt>
}

const numbersOf = (at: RecordedPlace, { sessionId }: Binding): SessionNumbers => {
  if (at.numbers?.sessionId !== sessionId) at.numbers = new SessionNumbers(sessionId, Effect.unsafeMakeSemaphore(1))
  return at.numbers
}

/** A submission that the engine has. */
type Submitted = Fiber.RuntimeFiber<Acknowledged, QueueFull | SubmitError>

const isFull = (exit: Exit.Exit<Acknowledged, QueueFull | SubmitError>): boolean =>
  Exit.isFailure(exit) && Cause.failures(exit.cause).pipe(Chunk.some(({ _tag }) => _tag === "QueueFull"))

/** What became of it. It is not refused for a full queue: then it has waited. */
const taken = (submitted: Submitted): Effect.Effect<Acknowledged, SubmitError> =>
  Effect.catchTag(Fiber.join(submitted), "QueueFull", (full) => Effect.die(full))

/** Whether it succeeds in time. One timer: a race would be two fibers more for each commit. */
const withinWait = <A, E>(work: Effect.Effect<Exit.Exit<A, E>>): Effect.Effect<boolean> =>
  Effect.flatMap(Effect.runtime<never>(), (runtime) =>
    Effect.async<boolean>((resume) => {
      const timer = setTimeout(() => resume(Effect.succeed(false)), Duration.toMillis(COMMIT_WAIT))
      Runtime.runFork(runtime)(work).addObserver((exit) => {
        clearTimeout(timer)
        resume(Effect.succeed(Exit.isSuccess(exit) && Exit.isSuccess(exit.value)))
      })
    }),
  )

const make = Effect.gen(function* () {
  const engine = yield* Engine
  const ids = yield* Ids
  const context = yield* Effect.context<Projections>()
  const runFork = Runtime.runFork(yield* Effect.runtime<never>())
  const waiting = yield* FiberSet.make()
  const waitingCount = yield* Ref.make(0)

  /** The end of an attempt that the log did not take: it is offered until the log takes it, for as long as the server runs. */
  const later = (submission: Effect.Effect<void>): Effect.Effect<void> =>
    Effect.gen(function* () {
      const count = yield* Ref.getAndUpdate(waitingCount, (before) => before + 1)
      const done = Ref.update(waitingCount, (before) => before - 1)
      if (count >= MOST_WAITING)
        return yield* Effect.zipRight(done, Effect.logWarning("the end of a call is not recorded"))
      yield* FiberSet.run(waiting, Effect.ensuring(Effect.interruptible(submission), done))
    })

  const begin = (
    at: RecordedPlace,
    { native, reader, secrets, startedAt }: CallStart,
  ): Effect.Effect<RecordedAttempt> =>
    Effect.gen(function* () {
      const inferenceId = ids.next(startedAt)
      const attempt = new Attempt(reader)
      let redactor: ReturnType<typeof makeRedactor> | undefined
      const inOrder = Effect.unsafeMakeSemaphore(1)
      const binding = yield* Effect.cached(Effect.provide(bind(at.place), context))
      let isGivenUp = false
      let isCounted = false

      /** The call does not wait for the making of it: it is made with the first event. */
      const redacted = (payload: AttemptEvent["payload"]): unknown => {
        if (redactor === undefined) redactor = makeRedactor(secrets)
        return redactor === null ? payload : redactor.value(payload)
      }

      const draftOf = (bound: Binding, numbers: SessionNumbers, event: AttemptEvent): EventDraft => ({
        to: { streamId: at.place().threadId },
        sessionId: bound.sessionId,
        actor: "provider",
        event: {
          type: event.type,
          payload: redacted(event.payload),
          at: event.at,
          channel: "gateway",
          seq: numbers.next(),
          // A turn that the call itself names is never looked up: without an active turn there is none.
          native: bound.turnId === null ? { ...native, turnId: undefined } : native,
          inferenceId,
          ...(bound.turnId === null ? {} : { turnId: bound.turnId }),
        },
      })

      /**
       * The submission of events, which get their numbers when it is their turn. The engine queues them at once, and the next submission
       * of the session may follow; where its queue is full, the others wait with this one. What the engine has begun it ends.
       */
      const numbered = (bound: Binding, events: readonly AttemptEvent[]): Effect.Effect<Submitted> => {
        const numbers = numbersOf(at, bound)
        return numbers.lock.withPermits(1)(
          Effect.suspend(() => {
            const submission = { drafts: events.map((event) => draftOf(bound, numbers, event)) }
            const queued = runFork(engine.trySubmit(submission))
            const early = queued.unsafePoll()
            if (early === null || !isFull(early)) return Effect.succeed(queued)
            const waiting = runFork(engine.submit(submission))
            return Effect.as(Fiber.await(waiting), waiting)
          }),
        )
      }

      /** Whether the log has the events now. A submission that takes too long is left alone: its numbers are taken. */
      const submit = (bound: Binding, events: readonly AttemptEvent[]): Effect.Effect<boolean> =>
        withinWait(Effect.flatMap(numbered(bound, events), Fiber.await))

      /** The end, once the log is there again. */
      const endLater = (bound: Binding, events: readonly AttemptEvent[]): Effect.Effect<void> =>
        later(
          untilTaken(Effect.flatMap(numbered(bound, events), taken)).pipe(
            Effect.asVoid,
            Effect.catchAll((problem) => Effect.logError("the end of a call was refused", problem)),
          ),
        )

      /** What was told and is not taken yet. Bounded by what the proxy has under way: a few. */
      const told: {
        readonly inputs: readonly AttemptInput[]
        readonly at: number
      }[] = []

      /** Takes everything that was told, in order, and records what follows from it together. */
      const record = Effect.gen(function* () {
        const batch = told.splice(0)
        if (batch.length === 0) return
        const events = isGivenUp
          ? []
          : batch.flatMap(({ at: now, inputs }) =>
              inputs.flatMap((input) => attempt.take(input, input.type === "started" ? startedAt : now)),
            )
        if (events.length > 0) {
          const bound = yield* binding
          // An attempt that the log refused once is not held up by it again.
          const recorded = bound !== null && !attempt.untraced && (yield* submit(bound, events))
          attempt.settle(events, recorded)
          if (!recorded && attempt.isEnding) {
            isGivenUp = true
            const now = yield* Clock.currentTimeMillis
            if (bound !== null) yield* endLater(bound, attempt.take({ type: "ended" }, now))
          }
        }
        if (attempt.untraced && !isCounted) {
          isCounted = true
          yield* Metric.increment(untracedAttempts)
          yield* Effect.logWarning("a part of a call of a model is not recorded")
        }
      })

      return {
        note: (input) => void attempt.take(input, startedAt),
        tell: (inputs) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            told.push({ inputs, at: now })
            // When it is its turn, it is recorded: by itself, or together with what was told before it.
            return inOrder.withPermits(1)(Effect.uninterruptible(record))
          }),
        isOver: () => attempt.isOver || isGivenUp,
      }
    })

  return InferenceRecorder.of({ begin })
})

export class InferenceRecorder extends Context.Tag("@threadfold/orchestrator/InferenceRecorder")<
  InferenceRecorder,
  InferenceRecorderService
>() {
  static readonly layer: Layer.Layer<InferenceRecorder, never, Engine | Projections> = Layer.scoped(
    InferenceRecorder,
    make,
  )
}
