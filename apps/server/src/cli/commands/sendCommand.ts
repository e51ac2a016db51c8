/** `threadfold send TEXT`. */
import { readFile, stat } from "node:fs/promises"
import { resolve } from "node:path"
import { Args, Command, Options } from "@effect/cli"
import type { Threadfold } from "@threadfold/client"
import { MessageMode, type Receipt, type SentPart } from "@threadfold/contracts"
import { Effect, Option } from "effect"
import { awaitAnswer } from "../exchange/awaitAnswer.js"
import { asFinding, usageProblem } from "../failures.js"
import { ask, asProblem, openServer, outcomeLine, receiptLines, writeReceipt } from "../live.js"
import { currentLook, note, writeJson } from "../output.js"
import { remoteReader, threadNamed } from "../reading.js"
import { dataDir, json, oneOf } from "../sharedOptions.js"

const text = Args.text({ name: "TEXT" }).pipe(
  Args.withDescription("The message; may be left out beside --image, --file or --skill."),
  Args.optional,
)
const image = Options.text("image").pipe(
  Options.withDescription("A PNG, JPEG, WebP or GIF that goes with the message. May be repeated."),
  Options.repeated,
)
const file = Options.text("file").pipe(
  Options.withDescription("A file or directory of the thread's folder that the message mentions. May be repeated."),
  Options.repeated,
)
const skill = Options.text("skill").pipe(
  Options.withDescription("A skill of the agent that the message asks for. May be repeated."),
  Options.repeated,
)
const thread = Options.text("thread").pipe(
  Options.withDescription("The thread: its id, the beginning of it, or the agent's id. Without it a new one is made."),
  Options.optional,
)
const agent = Options.text("agent").pipe(
  Options.withDescription("The agent of the new thread; may be left out where only one is configured."),
  Options.optional,
)
const cwd = Options.text("cwd").pipe(
  Options.withDescription("The directory that the new thread's agent works in; by default this one."),
  Options.optional,
)
const title = Options.text("title").pipe(Options.withDescription("The title of the new thread."), Options.optional)
const mode = oneOf("mode", MessageMode.literals).pipe(
  Options.withDescription("What the message does while a turn runs: queue (by default), start, steer or interrupt."),
  Options.optional,
)
const wait = Options.boolean("wait").pipe(
  Options.withDescription("Print the answer as it comes, and end with the turn: 0 when it completed, else 1."),
)

/** The agent of a new thread. */
const agentNamed = (threadfold: Threadfold, named: Option.Option<string>) =>
  Option.match(named, {
    onSome: Effect.succeed,
    onNone: () =>
      Effect.gen(function* () {
        const { items } = yield* ask(threadfold, (api) => api.agents.list())
        const [only, ...others] = items
        if (only !== undefined && others.length === 0) return only.name
        return yield* usageProblem(
          only === undefined
            ? "No agent is configured: `threadfold doctor` says how to get one."
            : `Name a thread with --thread, or an agent with --agent: ${items.map(({ name }) => name).join(", ")}.`,
        )
      }),
  })

/** The parts of the message beside its text. Images are stored: they may lie anywhere on this machine. */
const partsOf = (
  threadfold: Threadfold,
  { file, image, skill }: Readonly<Record<"file" | "image" | "skill", readonly string[]>>,
) =>
  Effect.gen(function* () {
    const unreadable = (path: string) => usageProblem(`${path} cannot be read.`)
    const skills = skill.map((name): SentPart => ({ type: "skill", name }))
    const images = yield* Effect.forEach(image, (path) =>
      Effect.tryPromise(() => readFile(path)).pipe(
        Effect.orElse(() => unreadable(path)),
        Effect.flatMap((bytes) => Effect.mapError(threadfold.storeBlob(bytes), asProblem)),
        Effect.map(({ hash }): SentPart => ({ type: "image", hash })),
      ),
    )
    const files = yield* Effect.forEach(file, (path) =>
      Effect.tryPromise(() => stat(path)).pipe(
        Effect.orElse(() => unreadable(path)),
        Effect.map((found): SentPart => ({ type: found.isDirectory() ? "directory" : "file", path: resolve(path) })),
      ),
    )
    return { before: skills, after: [...images, ...files] }
  })

export const sendCommand = Command.make(
  "send",
  { text, image, file, skill, thread, agent, cwd, title, mode, wait, dataDir, json },
  (options) =>
    Effect.gen(function* () {
      const ofNew = [options.agent, options.cwd, options.title].some(Option.isSome)
      if (Option.isSome(options.thread) && ofNew) {
        return yield* usageProblem("--agent, --cwd and --title are of a new thread; --thread names one that is there.")
      }
      const hasParts = [options.image, options.file, options.skill].some(({ length }) => length > 0)
      if (Option.isNone(options.text) && !hasParts)
        return yield* usageProblem("There is nothing to send: TEXT is missing.")
      const { server, threadfold } = yield* openServer(options.dataDir)
      // Before a thread is made for it: a file that is not there leaves nothing behind.
      const { after, before } = yield* partsOf(threadfold, options)
      const words: readonly SentPart[] = Option.toArray(options.text).map((said) => ({ type: "text", text: said }))
      const message = hasParts
        ? { parts: [...before, ...words, ...after] }
        : { text: Option.getOrUndefined(options.text) }
      const threadId = Option.isSome(options.thread)
        ? yield* threadNamed(yield* remoteReader(server), options.thread.value)
        : (yield* Effect.mapError(
            threadfold.createThread({
              agent: yield* agentNamed(threadfold, options.agent),
              cwd: resolve(Option.getOrElse(options.cwd, () => ".")),
              title: Option.getOrUndefined(options.title),
            }),
            asProblem,
          )).threadId
      const receipt: Receipt = yield* Effect.mapError(
        threadfold.sendMessage(threadId, { ...message, mode: Option.getOrUndefined(options.mode) }),
        asProblem,
      )
      if (!options.wait) {
        return yield* writeReceipt(receipt, options.json)
      }
      if (!options.json) yield* note(receiptLines(receipt).trimEnd())
      const answer = yield* awaitAnswer(threadfold, receipt, { silent: options.json })
      yield* asFinding(
        options.json
          ? writeJson({ ...receipt, turn: answer.turn, text: answer.text })
          : note(outcomeLine(yield* currentLook, answer.turn)),
        answer.turn?.outcome === "completed",
      )
    }).pipe(Effect.scoped),
).pipe(Command.withDescription("Send a message to an agent: in a new thread, or in one that is there."))
