/** Commands about threads: `threadfold threads`, `thread`, `stop`, `resume`, `delete`, `restore`, `pin`, `unpin`, `read`, and `reaper`, which stops what is idle. */
import { resolve } from "node:path"
import { Command, Options } from "@effect/cli"
import type { Failure, Threadfold } from "@threadfold/client"
import { type Receipt, ThreadStatus } from "@threadfold/contracts"
import { Effect, Option } from "effect"
import { usageProblem } from "../failures.js"
import { ask, asProblem, openServer, openThread, writeReceipt } from "../live.js"
import { type NamedThread, namedThread, requiredThread } from "../namedThread.js"
import { currentLook, write, writeJson } from "../output.js"
import { folderPage, reaperPage, threadsPage } from "../pages/listPages.js"
import { threadPage } from "../pages/threadPage.js"
import { tracePage } from "../pages/tracePage.js"
import { openReader, threadNamed } from "../reading.js"
import { dataDir, db, json, limit, oneOf, wholeNumber } from "../sharedOptions.js"

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

const onlyOf = (name: string, what: string) =>
  Options.text(name).pipe(Options.withDescription(`Only threads ${what}.`), Options.optional)

const filters = {
  agent: onlyOf("agent", "of this configured agent"),
  model: onlyOf("model", "whose model, last named, is this one"),
  folder: onlyOf("folder", "in this folder or below it"),
  text: onlyOf("text", "whose title or first words hold this text"),
  root: Options.boolean("root").pipe(Options.withDescription("Without threads that another one spawned.")),
  sort: oneOf("sort", ["createdAt", "updatedAt"]).pipe(
    Options.withDescription("What the order goes by; createdAt by default."),
    Options.optional,
  ),
}

export const threadsCommand = Command.make(
  "threads",
  { ...filters, dataDir, db, deleted, json, limit, mirrors, status },
  (options) =>
    Effect.gen(function* () {
      const reader = yield* openReader(options)
      const list = yield* reader.threads({
        limit: Option.getOrElse(options.limit, () => (options.json ? null : pageLength)),
        deleted: options.deleted,
        mirrors: options.mirrors,
        ...(options.root ? { root: true } : {}),
        status: Option.getOrUndefined(options.status),
        agent: Option.getOrUndefined(options.agent),
        model: Option.getOrUndefined(options.model),
        folder: Option.getOrUndefined(Option.map(options.folder, (folder) => resolve(folder))),
        text: Option.getOrUndefined(options.text),
        sort: Option.getOrUndefined(options.sort),
      })
      yield* options.json ? writeJson(list) : write(threadsPage(yield* currentLook, list))
    }).pipe(Effect.scoped),
).pipe(Command.withDescription("List threads, newest first: the newest 50 on a page, all as JSON."))

export const threadCommand = Command.make("thread", { thread: namedThread(), dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const id = yield* requiredThread(options.thread)
    const reader = yield* openReader(options)
    const snapshot = yield* reader.thread(yield* threadNamed(reader, id), options.json)
    yield* options.json ? writeJson(snapshot) : write(threadPage(yield* currentLook, snapshot))
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Show one thread: its turns and what happened in them."))

export const folderCommand = Command.make("folder", { thread: namedThread(), dataDir, json }, (options) =>
  Effect.gen(function* () {
    const { threadId, threadfold } = yield* openThread(options)
    const folder = yield* Effect.mapError(threadfold.folderOf(threadId), asProblem)
    yield* options.json ? writeJson(folder) : write(folderPage(folder))
  }),
).pipe(
  Command.withDescription(
    "Show the folder of a thread: whether it is there, and which branch and worktree git has there.",
  ),
)

/** Turns on the page of a trace by default. */
const traceLength = 20

export const traceCommand = Command.make("trace", { thread: namedThread(), dataDir, db, json, limit }, (options) =>
  Effect.gen(function* () {
    const reader = yield* openReader(options)
    const threadId = yield* threadNamed(reader, yield* requiredThread(options.thread))
    const trace = yield* reader.trace(
      threadId,
      Option.getOrElse(options.limit, () => traceLength),
    )
    yield* options.json ? writeJson(trace) : write(tracePage(yield* currentLook, trace))
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Show the model calls of a thread, turn by turn, with what each led to: the newest 20 turns.",
  ),
)

/** Dispatches one command about the thread that is named, and prints its receipt. */
const dispatch = (
  options: { readonly thread: NamedThread; readonly dataDir: Option.Option<string>; readonly json: boolean },
  command: (threadfold: Threadfold, threadId: string) => Effect.Effect<Receipt, Failure>,
) =>
  Effect.gen(function* () {
    const { threadId, threadfold } = yield* openThread(options)
    yield* writeReceipt(yield* Effect.mapError(command(threadfold, threadId), asProblem), options.json)
  })

const turn = Options.boolean("turn").pipe(
  Options.withDescription("Interrupt the turn only; the agent stays and can be sent the next message."),
)

const reason = { reason: "stopped on the command line" }

export const stopCommand = Command.make("stop", { thread: namedThread(), turn, dataDir, json }, (options) =>
  dispatch(options, (threadfold, threadId) =>
    options.turn ? threadfold.interruptThread(threadId, reason) : threadfold.stopSession(threadId, reason),
  ),
).pipe(
  Command.withDescription("Stop the agent of a thread and cancel what has not started, or only interrupt its turn."),
)

const choice = (name: string, what: string) => Options.text(name).pipe(Options.withDescription(what), Options.optional)

const choices = {
  model: choice("model", "Another model, in the agent's words."),
  effort: choice("effort", "How much the model thinks, for example high."),
  mode: choice("mode", "For what the agent asks permission, in its own words."),
  sandbox: choice("sandbox", "What its commands may touch, for example read-only."),
}

export const configureCommand = Command.make(
  "configure",
  { thread: namedThread(), ...choices, dataDir, json },
  (options) =>
    Effect.gen(function* () {
      const chosen = {
        model: Option.getOrUndefined(options.model),
        effort: Option.getOrUndefined(options.effort),
        mode: Option.getOrUndefined(options.mode),
        sandbox: Option.getOrUndefined(options.sandbox),
      }
      if (Object.values(chosen).every((value) => value === undefined)) {
        return yield* usageProblem("Give one of --model, --effort, --mode and --sandbox, or several.")
      }
      yield* dispatch(options, (threadfold, threadId) => threadfold.configureSession(threadId, chosen))
    }),
).pipe(
  Command.withDescription(
    "Choose the model, the effort, the approval mode or the sandbox of a thread, from its next turn on or at once.",
  ),
)

export const resumeCommand = Command.make("resume", { thread: namedThread(), dataDir, json }, (options) =>
  dispatch(options, (threadfold, threadId) => threadfold.resumeQueue(threadId)),
).pipe(
  Command.withDescription(
    "Let the queue of a thread run that was held after a stop, an interrupt, a failure or a crash.",
  ),
)

export const deleteCommand = Command.make("delete", { thread: namedThread(), dataDir, json }, (options) =>
  dispatch(options, (threadfold, threadId) => threadfold.deleteThread(threadId)),
).pipe(
  Command.withDescription(
    "Delete a thread: it is left out of lists and takes no command until `threadfold restore`. Its log stays.",
  ),
)

export const restoreCommand = Command.make("restore", { thread: namedThread(), dataDir, json }, (options) =>
  dispatch(options, (threadfold, threadId) => threadfold.restoreThread(threadId)),
).pipe(Command.withDescription("Bring a deleted thread back as it was."))

export const pinCommand = Command.make("pin", { thread: namedThread(), dataDir, json }, (options) =>
  dispatch(options, (threadfold, threadId) => threadfold.pinThread(threadId)),
).pipe(Command.withDescription("Pin a thread: clients show it first."))

export const unpinCommand = Command.make("unpin", { thread: namedThread(), dataDir, json }, (options) =>
  dispatch(options, (threadfold, threadId) => threadfold.unpinThread(threadId)),
).pipe(Command.withDescription("Take the pin of a thread away."))

const upTo = wholeNumber("up-to", 1).pipe(
  Options.withDescription(
    "Version of the thread's stream (`streamVersion`) that was seen; its present one by default.",
  ),
  Options.optional,
)

export const readCommand = Command.make("read", { thread: namedThread(), upTo, dataDir, json }, (options) =>
  dispatch(options, (threadfold, threadId) =>
    Effect.gen(function* () {
      const version = Option.isSome(options.upTo)
        ? options.upTo.value
        : (yield* threadfold.call((api) => api.threads.get({ path: { threadId }, urlParams: { limit: 1 } }))).thread
            .streamVersion
      return yield* threadfold.readThread(threadId, { version })
    }),
  ),
).pipe(Command.withDescription("Mark a thread as read: it leaves the inbox, and is unread again when news comes."))

const sweep = Options.boolean("sweep").pipe(Options.withDescription("Sweep now, and tell what was found and done."))

export const reaperCommand = Command.make("reaper", { sweep, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const { threadfold } = yield* openServer(options.dataDir)
    const findings = yield* ask(threadfold, (api) => (options.sweep ? api.reaper.sweep() : api.reaper.findings()))
    yield* options.json ? writeJson(findings) : write(reaperPage(yield* currentLook, findings.items))
  }),
).pipe(Command.withDescription("Show which sessions the reaper keeps and which it stops, and why."))
