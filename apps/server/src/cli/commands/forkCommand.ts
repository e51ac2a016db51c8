/** `threadfold fork THREAD --at TURN`. */
import { Command, Options } from "@effect/cli"
import type { Failure, Threadfold } from "@threadfold/client"
import { Problem } from "@threadfold/contracts/problem"
import { Effect } from "effect"
import { isSequence } from "../../offline/namedEvent.js"
import { usageProblem } from "../failures.js"
import { asProblem, openThread, writeReceipt } from "../live.js"
import { watchServer } from "../longWork.js"
import { namedThread } from "../namedThread.js"
import { note } from "../output.js"
import { dataDir, json } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const at = Options.text("at").pipe(
  Options.withPseudoName("TURN"),
  Options.withDescription(
    "The turn that is the last one of the copy: its id, or an event of it by id or sequence of the log. It has ended.",
  ),
)

const goOn = Options.boolean("go-on").pipe(
  Options.withDescription(
    "The agent goes on in the copy, with a conversation that it forks itself. Not every agent can.",
  ),
)

/** The turn that is named by itself, or by one of its events. */
const turnNamed = ({ call }: Threadfold, threadId: string, name: string): Effect.Effect<string, Failure> =>
  Effect.gen(function* () {
    const sequence = yield* isSequence(name)
      ? Effect.succeed(Number(name))
      : call(({ moments }) => moments.find({ path: { threadId }, urlParams: { event: name } })).pipe(
          Effect.map((found) => found.sequence),
          Effect.catchIf(
            (failure) => failure._tag === "Problem" && failure.slug === "event-not-found",
            () => Effect.succeed(null),
          ),
        )
    if (sequence === null) return name
    const event = yield* call(({ log }) => log.event({ path: { sequence }, urlParams: {} }))
    if (event.streamId !== threadId) {
      return yield* new Problem({ slug: "event-not-found", detail: `Thread ${threadId} has no event ${name}.` })
    }
    return (
      event.turnId ??
      (yield* usageProblem(`--at ${name}: the event ${event.type} is of no turn; name a turn, or an event of one.`))
    )
  })

/** A copy that has not grown for so long, ms, is waited for no longer. */
const patienceMs = 60_000

/** Events of a thread; null: it is whole. */
const lookAt = ({ call }: Threadfold, threadId: string, from: string): Effect.Effect<number | null, Failure> =>
  call((api) => api.threads.get({ path: { threadId }, urlParams: { limit: 1 } })).pipe(
    Effect.map(({ thread }) => (thread.forkedFromThreadId === from ? null : thread.streamVersion)),
    Effect.catchIf(
      (failure) => failure._tag === "Problem" && failure.slug === "thread-not-found",
      () => Effect.succeed(0),
    ),
  )

/** Waits until a copy is whole, and says how far it is. Whether it is. */
const whole = (threadfold: Threadfold, threadId: string, from: string): Effect.Effect<boolean, Failure> =>
  watchServer(
    lookAt(threadfold, threadId, from),
    (events) => events,
    (events) => `${counted(events, "event")} copied`,
    patienceMs,
  ).pipe(Effect.map((events) => events === null))

export const forkCommand = Command.make("fork", { thread: namedThread(), at, goOn, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const { threadId: from, threadfold } = yield* openThread(options)
    const forked = Effect.gen(function* () {
      const receipt = yield* threadfold.forkThread(from, {
        turnId: yield* turnNamed(threadfold, from, options.at),
        ...(options.goOn ? { goOn: true } : {}),
      })
      return { receipt, isWhole: yield* whole(threadfold, receipt.threadId, from) }
    })
    const { isWhole, receipt } = yield* Effect.mapError(forked, asProblem)
    if (!isWhole) yield* note("The copy is not whole yet: the server goes on with it.")
    yield* writeReceipt(receipt, options.json)
  }),
).pipe(
  Command.withDescription(
    "Copy a thread, as it was when a turn had ended, into a new one to look at or to try things on. The copy is read-only, unless its agent goes on there.",
  ),
)
