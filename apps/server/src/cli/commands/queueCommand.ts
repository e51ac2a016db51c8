/** `threadfold queue THREAD`: the messages that wait, and what is done with one of them. */
import { Command, Options } from "@effect/cli"
import { queueLimit } from "@threadfold/contracts"
import { Effect, Option } from "effect"
import { usageProblem } from "../failures.js"
import { ask, asProblem, openThread, writeReceipt } from "../live.js"
import { namedThread } from "../namedThread.js"
import { currentLook, write, writeJson } from "../output.js"
import { queuePage } from "../pages/listPages.js"
import { dataDir, json } from "../sharedOptions.js"

const messageOption = (name: string, what: string) =>
  Options.text(name).pipe(
    Options.withPseudoName("MESSAGE"),
    Options.withDescription(`${what}: its id, or its place in the queue, from 1.`),
    Options.optional,
  )

const text = Options.text("text").pipe(Options.withDescription("What the message says from now on."), Options.optional)

const turn = Options.boolean("turn").pipe(
  Options.withDescription("Beside --promote: into the running turn; where none runs, to the front."),
)

const given = {
  thread: namedThread(),
  edit: messageOption("edit", "The message to write again, with --text"),
  text,
  promote: messageOption("promote", "The message that goes before all others"),
  turn,
  cancel: messageOption("cancel", "The message to take out of the queue"),
  dataDir,
  json,
}

export const queueCommand = Command.make("queue", given, (options) =>
  Effect.gen(function* () {
    const { cancel, edit, promote } = options
    if ([cancel, edit, promote].filter(Option.isSome).length > 1) {
      return yield* usageProblem("Give one of --edit, --promote and --cancel.")
    }
    if (Option.isSome(edit) !== Option.isSome(options.text)) {
      return yield* usageProblem("--edit MESSAGE and --text TEXT belong together.")
    }
    if (options.turn && Option.isNone(promote)) return yield* usageProblem("--turn belongs to --promote MESSAGE.")
    const { threadId, threadfold } = yield* openThread(options)
    const { queue, thread } = yield* ask(threadfold, (api) =>
      api.threads.get({ path: { threadId }, urlParams: { limit: queueLimit } }),
    )
    /** The id that a name stands for; the server says of one that is none that there is no such message. */
    const messageNamed = (name: string) =>
      queue.find(({ messageId, position }) => messageId === name || String(position) === name)?.messageId ?? name
    const done = Option.firstSomeOf([
      Option.zipWith(edit, options.text, (name, words) =>
        threadfold.editMessage(threadId, messageNamed(name), { text: words }),
      ),
      Option.map(promote, (name) =>
        threadfold.promoteMessage(threadId, messageNamed(name), { to: options.turn ? "turn" : "front" }),
      ),
      Option.map(cancel, (name) => threadfold.cancelMessage(threadId, messageNamed(name))),
    ])
    if (Option.isSome(done)) return yield* writeReceipt(yield* Effect.mapError(done.value, asProblem), options.json)
    yield* options.json
      ? writeJson({ threadId, queueHeld: thread.queueHeld, queue })
      : write(queuePage(yield* currentLook, { threadId, queueHeld: thread.queueHeld, queue }))
  }),
).pipe(
  Command.withDescription("List the messages that wait in a thread; write one again, have it go first, or cancel it."),
)
