/** `threadfold send TEXT`. */
import { resolve } from "node:path"
import { Args, Command, Options } from "@effect/cli"
import type { Threadfold } from "@threadfold/client"
import { MessageMode, type Receipt } from "@threadfold/contracts"
import { Effect, Option } from "effect"
import { awaitAnswer } from "../exchange/awaitAnswer.js"
import { asFinding, usageProblem } from "../failures.js"
import { asProblem, openServer, outcomeLine, receiptLines, writeReceipt } from "../live.js"
import { currentLook, note, writeJson } from "../output.js"
import { remoteReader, threadNamed } from "../reading.js"
import { dataDir, json, oneOf } from "../sharedOptions.js"

const text = Args.text({ name: "TEXT" }).pipe(Args.withDescription("The message."))
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
        const { items } = yield* Effect.mapError(
          threadfold.call((api) => api.agents.list()),
          asProblem,
        )
        const [only, ...others] = items
        if (only !== undefined && others.length === 0) return only.name
        return yield* usageProblem(
          only === undefined
            ? "No agent is configured: `threadfold doctor` says how to get one."
            : `Name a thread with --thread, or an agent with --agent: ${items.map(({ name }) => name).join(", ")}.`,
        )
      }),
  })

export const sendCommand = Command.make(
  "send",
  { text, thread, agent, cwd, title, mode, wait, dataDir, json },
  (options) =>
    Effect.gen(function* () {
      const ofNew = [options.agent, options.cwd, options.title].some(Option.isSome)
      if (Option.isSome(options.thread) && ofNew) {
        return yield* usageProblem("--agent, --cwd and --title are of a new thread; --thread names one that is there.")
      }
      const { server, threadfold } = yield* openServer(options.dataDir)
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
        threadfold.sendMessage(threadId, { text: options.text, mode: Option.getOrUndefined(options.mode) }),
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
