/** `threadfold bisect`. */
import { Command, Options } from "@effect/cli"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Option } from "effect"
import { asFinding, usageProblem } from "../failures.js"
import { currentLook, write, writeJson } from "../output.js"
import { bisectPage } from "../pages/bisectPage.js"
import { threadForWork } from "../reading.js"
import { runWatched } from "../runWatched.js"
import { dataDir, db, json, threadArg, wholeNumber } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const where = Options.text("where").pipe(
  Options.withPseudoName("CEL"),
  Options.withDescription(
    'What is to become true, over the fields of `thread ID --json`, for example: session.status == "ready" && turns.exists(t, t.status == "running").',
  ),
)
const from = wholeNumber("from", 1).pipe(
  Options.withDescription("The first sequence of the log that may be the answer."),
  Options.withDefault(1),
)
const to = wholeNumber("to", 1).pipe(
  Options.withDescription("The last one; else the end of the log."),
  Options.withDefault(Number.MAX_SAFE_INTEGER),
)
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

export const bisectCommand = Command.make(
  "bisect",
  { id: threadArg, where, from, to, monotone, fold: foldModule, dataDir, db, json },
  (options) =>
    Effect.gen(function* () {
      if (options.from > options.to) return yield* usageProblem("--from is behind --to.")
      yield* requireExpression(options.where)
      const { file, threadId } = yield* threadForWork(options)
      const { from, monotone, to, where } = options
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
