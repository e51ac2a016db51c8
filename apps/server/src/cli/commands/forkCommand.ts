/** `threadfold fork THREAD --at TURN`. */
import { Command, Options } from "@effect/cli"
import type { Failure, Threadfold } from "@threadfold/client"
import { Clock, Effect } from "effect"
import { asProblem, openServer, writeReceipt } from "../live.js"
import { note } from "../output.js"
import { remoteReader, threadNamed } from "../reading.js"
import { dataDir, json, threadArg } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const at = Options.text("at").pipe(
  Options.withPseudoName("TURN"),
  Options.withDescription("The turn that is the last one of the copy: its id. It has ended."),
)

/** Between two looks at a copy. */
const pause = "250 millis"
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
const whole = (threadfold: Threadfold, threadId: string, from: string): Effect.Effect<boolean, Failure> => {
  const next = (before: number, since: number): Effect.Effect<boolean, Failure> =>
    Effect.gen(function* () {
      const events = yield* lookAt(threadfold, threadId, from)
      if (events === null) return true
      const now = yield* Clock.currentTimeMillis
      const grows = events > before
      if (!grows && now - since > patienceMs) return false
      if (grows && before >= 0) yield* note(`${counted(events, "event")} copied`)
      yield* Effect.sleep(pause)
      return yield* next(events, grows ? now : since)
    })
  return Effect.flatMap(Clock.currentTimeMillis, (now) => next(-1, now))
}

export const forkCommand = Command.make("fork", { id: threadArg, at, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const { server, threadfold } = yield* openServer(options.dataDir)
    const from = yield* threadNamed(yield* remoteReader(server), options.id)
    const forked = Effect.gen(function* () {
      const receipt = yield* threadfold.forkThread(from, { turnId: options.at })
      return { receipt, isWhole: yield* whole(threadfold, receipt.threadId, from) }
    })
    const { isWhole, receipt } = yield* Effect.mapError(forked, asProblem)
    if (!isWhole) yield* note("The copy is not whole yet: the server goes on with it.")
    yield* writeReceipt(receipt, options.json)
  }),
).pipe(
  Command.withDescription(
    "Copy a thread, as it was when a turn had ended, into a new one to look at or to try things on. The copy is read-only.",
  ),
)
