/** Commands about threads: `threadfold threads`, `thread`, `stop`, `resume`, `delete`, `restore`, and `reaper`, which stops what is idle. */
import { Command, Options } from "@effect/cli"
import type { Failure, Threadfold } from "@threadfold/client"
import { type Receipt, ThreadStatus } from "@threadfold/contracts"
import { Effect, Option } from "effect"
import { asProblem, openServer, writeReceipt } from "../live.js"
import { currentLook, write, writeJson } from "../output.js"
import { reaperPage, threadsPage } from "../pages/listPages.js"
import { threadPage } from "../pages/threadPage.js"
import { openReader, remoteReader, threadNamed } from "../reading.js"
import { dataDir, db, json, limit, oneOf, threadArg } from "../sharedOptions.js"

/** Threads on a page by default. */
const pageLength = 50

const status = oneOf("status", ThreadStatus.literals).pipe(
  Options.withDescription("Only threads of this status."),
  Options.optional,
)

const deleted = Options.boolean("deleted").pipe(
  Options.withDescription("The deleted threads only, which `threadfold restore` brings back."),
)

const mirrors = Options.boolean("mirrors").pipe(
  Options.withDescription("With the mirrors: imported threads that are there from elsewhere in a better form."),
)

export const threadsCommand = Command.make(
  "threads",
  { dataDir, db, deleted, json, limit, mirrors, status },
  (options) =>
    Effect.gen(function* () {
      const reader = yield* openReader(options)
      const list = yield* reader.threads({
        limit: Option.getOrElse(options.limit, () => (options.json ? null : pageLength)),
        deleted: options.deleted,
        mirrors: options.mirrors,
        ...(Option.isSome(options.status) ? { status: options.status.value } : {}),
      })
      yield* options.json ? writeJson(list) : write(threadsPage(yield* currentLook, list))
    }).pipe(Effect.scoped),
).pipe(Command.withDescription("List threads, newest first: the newest 50 on a page, all as JSON."))

export const threadCommand = Command.make("thread", { id: threadArg, dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const reader = yield* openReader(options)
    const snapshot = yield* reader.thread(yield* threadNamed(reader, options.id))
    yield* options.json ? writeJson(snapshot) : write(threadPage(yield* currentLook, snapshot))
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Show one thread: its turns and what happened in them."))

/** Dispatches one command about the thread that is named, and prints its receipt. */
const dispatch = (
  { dataDir, id, json }: { readonly id: string; readonly dataDir: Option.Option<string>; readonly json: boolean },
  command: (threadfold: Threadfold, threadId: string) => Effect.Effect<Receipt, Failure>,
) =>
  Effect.gen(function* () {
    const { server, threadfold } = yield* openServer(dataDir)
    const threadId = yield* threadNamed(yield* remoteReader(server), id)
    yield* writeReceipt(yield* Effect.mapError(command(threadfold, threadId), asProblem), json)
  })

const turn = Options.boolean("turn").pipe(
  Options.withDescription("Interrupt the turn only; the agent stays and can be sent the next message."),
)

const reason = { reason: "stopped on the command line" }

export const stopCommand = Command.make("stop", { id: threadArg, turn, dataDir, json }, (options) =>
  dispatch(options, (threadfold, threadId) =>
    options.turn ? threadfold.interruptThread(threadId, reason) : threadfold.stopSession(threadId, reason),
  ),
).pipe(
  Command.withDescription("Stop the agent of a thread and cancel what has not started, or only interrupt its turn."),
)

export const resumeCommand = Command.make("resume", { id: threadArg, dataDir, json }, (options) =>
  dispatch(options, (threadfold, threadId) => threadfold.resumeQueue(threadId)),
).pipe(
  Command.withDescription(
    "Let the queue of a thread run that was held after a stop, an interrupt, a failure or a crash.",
  ),
)

export const deleteCommand = Command.make("delete", { id: threadArg, dataDir, json }, (options) =>
  dispatch(options, (threadfold, threadId) => threadfold.deleteThread(threadId)),
).pipe(
  Command.withDescription(
    "Delete a thread: it is left out of lists and takes no command until `threadfold restore`. Its log stays.",
  ),
)

export const restoreCommand = Command.make("restore", { id: threadArg, dataDir, json }, (options) =>
  dispatch(options, (threadfold, threadId) => threadfold.restoreThread(threadId)),
).pipe(Command.withDescription("Bring a deleted thread back as it was."))

const sweep = Options.boolean("sweep").pipe(Options.withDescription("Sweep now, and tell what was found and done."))

export const reaperCommand = Command.make("reaper", { sweep, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const { threadfold } = yield* openServer(options.dataDir)
    const findings = yield* Effect.mapError(
      threadfold.call((api) => (options.sweep ? api.reaper.sweep() : api.reaper.findings())),
      asProblem,
    )
    yield* options.json ? writeJson(findings) : write(reaperPage(yield* currentLook, findings))
  }),
).pipe(Command.withDescription("Show which sessions the reaper keeps and which it stops, and why."))
