/** `threadfold bisect`. */
import { Command, Options } from "@effect/cli"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Option } from "effect"
import { isSequence } from "../../offline/namedEvent.js"
import { eventOption, sequenceNamed } from "../eventOption.js"
import { asFinding, usageProblem } from "../failures.js"
import { runWatched } from "../longWork.js"
import { namedThread } from "../namedThread.js"
import { currentLook, write, writeJson } from "../output.js"
import { bisectPage } from "../pages/bisectPage.js"
import { threadForWork } from "../reading.js"
import { dataDir, db, json } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const where = Options.text("where").pipe(
  Options.withPseudoName("CEL"),
  Options.withDescription(
    'What is to become true, over the fields of `thread ID --json`, for example: session.status == "ready" && turns.exists(t, t.status == "running").',
  ),
)
const from = eventOption("from").pipe(
  Options.withDescription("The first event that may be the answer: its sequence of the log, or its id."),
  Options.optional,
)
const to = eventOption("to").pipe(Options.withDescription("The last one; else the end of the log."), Options.optional)
const monotone = Options.boolean("monotone").pipe(
  Options.withDescription("The expression stays true once it is: evaluate it a few times only."),
)

/** `--fold MODULE`. */
export const foldModule = Options.text("fold").pipe(
  Options.withPseudoName("MODULE"),
  Options.withDescription(
    "Another build of the fold: a file with an ES module that exports `fold`. It is run as code.",
  ),
  Options.optional,
)

/** Refuses a wrong expression before a database is looked at. The library is loaded for this command only. */
const requireExpression = (source: string): Effect.Effect<void, Problem> =>
  Effect.tryMapPromise(Effect.succeed(source), {
    try: async (text) => void (await import("../../offline/expression.js")).compileExpression(text),
    catch: (error) => (error instanceof Problem ? error : new Problem({ slug: "internal", detail: String(error) })),
  })

const requireOrder = (from: number, to: number): Effect.Effect<void, Problem> =>
  from > to ? usageProblem("--from is behind --to.") : Effect.void

/** The sequence of an event that is named by it. */
const knownSequence = (event: Option.Option<string>, otherwise: number): number =>
  Option.isSome(event) && isSequence(event.value) ? Number(event.value) : otherwise

export const bisectCommand = Command.make(
  "bisect",
  { thread: namedThread(), where, from, to, monotone, fold: foldModule, dataDir, db, json },
  (options) =>
    Effect.gen(function* () {
      yield* requireExpression(options.where)
      // Before a database is looked at, as far as ids need not be looked up.
      yield* requireOrder(knownSequence(options.from, 1), knownSequence(options.to, Number.MAX_SAFE_INTEGER))
      const { file, reader, threadId } = yield* threadForWork(options)
      const { monotone, where } = options
      const [from = 1, to = Number.MAX_SAFE_INTEGER] = yield* Effect.forEach([options.from, options.to], (event) =>
        Option.isNone(event) ? Effect.succeed(undefined) : sequenceNamed(reader, threadId, event.value),
      )
      yield* requireOrder(from, to)
      const asked = { threadId, where, from, to, monotone, fold: Option.getOrNull(options.fold) }
      const report = yield* runWatched(
        { name: "bisect", file, options: asked },
        ({ events }) => `${counted(events, "event")} folded`,
      )
      const page = options.json ? writeJson(report) : write(bisectPage(yield* currentLook, report))
      yield* asFinding(page, report.found !== null)
    }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Find the first event of a thread after which an expression is true, and show what the event changed. Exit 1 where there is none.",
  ),
)
