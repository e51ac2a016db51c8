/** Commands that an agent carries out on a conversation: `threadfold rewind`, `compact-thread`, `review`, `stop-task`. Each waits for what became of its call. */
import { Command, Options } from "@effect/cli"
import type { Failure, Threadfold } from "@threadfold/client"
import type { Receipt, ReviewTarget } from "@threadfold/contracts"
import { Effect, Option } from "effect"
import { asFinding, oneMeant, usageProblem } from "../failures.js"
import { asProblem, openThread, receiptLines } from "../live.js"
import { watchServer } from "../longWork.js"
import { type NamedThread, namedThread } from "../namedThread.js"
import { currentLook, note, write, writeJson } from "../output.js"
import { dataDir, json, wholeNumber } from "../sharedOptions.js"

/** A call that has not ended for so long, ms, is waited for no longer. */
const patienceMs = 120_000

/** Dispatches a command about the thread that is named, and waits for the calls that follow: 0 where each was carried out, else 1. */
const carriedOut = (
  options: { readonly thread: NamedThread; readonly dataDir: Option.Option<string>; readonly json: boolean },
  command: (threadfold: Threadfold, threadId: string) => Effect.Effect<Receipt, Failure>,
) =>
  Effect.gen(function* () {
    const { threadId, threadfold } = yield* openThread(options)
    const receipt = yield* Effect.mapError(command(threadfold, threadId), asProblem)
    const { effects } = yield* Effect.mapError(
      watchServer(
        threadfold.call((api) => api.commands.get({ path: { commandId: receipt.commandId } })),
        (seen) => (seen.effects.every(({ endedAt }) => endedAt !== null) ? null : 0),
        () => "The agent is asked.",
        patienceMs,
      ),
      asProblem,
    )
    const look = yield* currentLook
    const isDone = effects.every(({ status }) => status === "delivered")
    if (!options.json) {
      yield* write(receiptLines(receipt))
      for (const { kind, message, status } of effects) {
        const word = status === "delivered" ? look.good("done") : look.bad(status)
        yield* note(`${kind}: ${word}${message === null ? "" : `, ${message}`}`)
      }
    }
    yield* asFinding(options.json ? writeJson({ ...receipt, effects }) : Effect.void, isDone)
  })

const turns = wholeNumber("turns", 1, 1_000).pipe(
  Options.withDescription("How many of the newest turns are taken back; 1 by default."),
  Options.optional,
)

const files = Options.boolean("files").pipe(
  Options.withDescription("Change the files back, too, that the agent changed in these turns. Not every agent can."),
)

export const rewindCommand = Command.make("rewind", { thread: namedThread(), turns, files, dataDir, json }, (options) =>
  carriedOut(options, (threadfold, threadId) =>
    threadfold.rewindThread(threadId, {
      turns: Option.getOrUndefined(options.turns),
      ...(options.files ? { files: true } : {}),
    }),
  ),
).pipe(
  Command.withDescription(
    "Take the newest turns of a conversation back: its agent goes on from before them. What was said stays, marked as taken back.",
  ),
)

export const compactThreadCommand = Command.make(
  "compact-thread",
  { thread: namedThread(), dataDir, json },
  (options) => carriedOut(options, (threadfold, threadId) => threadfold.compactThread(threadId)),
).pipe(
  Command.withDescription(
    "Have an agent replace the head of its conversation by a summary, in a turn of its own. Not every agent can.",
  ),
)

const branch = Options.text("branch").pipe(
  Options.withDescription("Review what the folder's branch has beyond this one."),
  Options.optional,
)
const commit = Options.text("commit").pipe(Options.withDescription("Review this commit."), Options.optional)
const about = Options.text("text").pipe(Options.withDescription("Review what this text says."), Options.optional)

export const reviewCommand = Command.make(
  "review",
  { thread: namedThread(), branch, commit, text: about, dataDir, json },
  (options) =>
    Effect.gen(function* () {
      const targets: readonly ReviewTarget[] = [
        ...Option.toArray(Option.map(options.branch, (name) => ({ type: "branch" as const, branch: name }))),
        ...Option.toArray(Option.map(options.commit, (sha) => ({ type: "commit" as const, sha }))),
        ...Option.toArray(Option.map(options.text, (text) => ({ type: "text" as const, text }))),
      ]
      if (targets.length > 1) return yield* usageProblem("Give one of --branch, --commit and --text.")
      const target = targets[0] ?? { type: "uncommitted" as const }
      yield* carriedOut(options, (threadfold, threadId) => threadfold.startReview(threadId, { target }))
    }),
).pipe(
  Command.withDescription(
    "Have an agent review changes of its folder, in a turn of its own: those that are not committed, or what is named. Not every agent can.",
  ),
)

const task = Options.text("task").pipe(
  Options.withPseudoName("TASK"),
  Options.withDescription("The task: its id, or the beginning of it. `threadfold thread THREAD --json` has the tasks."),
)

export const stopTaskCommand = Command.make("stop-task", { thread: namedThread(), task, dataDir, json }, (options) =>
  carriedOut(options, (threadfold, threadId) =>
    Effect.gen(function* () {
      const { tasks } = yield* threadfold.call((api) =>
        api.threads.get({ path: { threadId }, urlParams: { limit: 100 } }),
      )
      const ids = tasks.map(({ taskId }) => taskId).filter((id) => id.startsWith(options.task))
      // The server says of an id that is none that there is no such task.
      const taskId = (yield* oneMeant(options.task, ids)) ?? options.task
      return yield* threadfold.stopTask(threadId, taskId, { reason: "stopped on the command line" })
    }),
  ),
).pipe(Command.withDescription("Have an agent end one of its background tasks. Not every agent can."))
