/** Commands that ask a log for reasons: `threadfold why` and `threadfold whatif`. */
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { Args, Command, Options } from "@effect/cli"
import { readJson } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { isBadPath, parseRowPath } from "@threadfold/core/model"
import { Effect, Option } from "effect"
import type { JobProgress } from "../../offline/jobs/Job.js"
import type { Question } from "../../offline/why.js"
import { usageProblem } from "../failures.js"
import { currentLook, write, writeJson } from "../output.js"
import { whatIfPage, whyPage } from "../pages/whyPage.js"
import { threadForWork } from "../reading.js"
import { runWatched } from "../runWatched.js"
import { dataDir, db, json, threadArg, wholeNumber } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const folded = ({ events }: JobProgress): string => `${counted(events, "event")} read`

const row = Args.text({ name: "ROW" }).pipe(
  Args.withDescription("A row or a field of `thread ID --json`: thread#status, turns/ID#outcome, requests/ID …"),
  Args.optional,
)
const event = Options.text("event").pipe(
  Options.withDescription("Instead of a row: what the event of this id changed, or why it changed nothing."),
  Options.optional,
)
const at = wholeNumber("at", 1).pipe(
  Options.withDescription("The row as it was after the event of this sequence of the log."),
  Options.optional,
)

/** What is asked about. A path that cannot be read is refused before the database is opened. */
const questionOf = (named: {
  readonly row: Option.Option<string>
  readonly event: Option.Option<string>
}): Effect.Effect<Question, Problem> => {
  if (Option.isSome(named.row) === Option.isSome(named.event)) {
    return usageProblem("Name a row, for example thread#status, or an event with --event ID.")
  }
  if (Option.isSome(named.event)) return Effect.succeed({ kind: "event", eventId: named.event.value })
  const path = Option.getOrElse(named.row, () => "")
  const typed = parseRowPath(path)
  return isBadPath(typed) ? usageProblem(typed.problem) : Effect.succeed({ kind: "row", path })
}

export const whyCommand = Command.make("why", { id: threadArg, row, event, at, dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const question = yield* questionOf(options)
    const { file, threadId } = yield* threadForWork(options)
    const report = yield* runWatched(
      { name: "why", file, options: { threadId, question, at: Option.getOrNull(options.at) } },
      folded,
    )
    yield* options.json ? writeJson(report) : write(whyPage(yield* currentLook, report))
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Tell which event, by which rule of the fold, made a row or a field what it is, and what led to that event.",
  ),
)

const edits = Options.text("edits").pipe(
  Options.withPseudoName("FILE"),
  Options.withDescription("A JSON list of edits: drop, insert, replace, reorder, delay. `-` reads standard input."),
  Options.optional,
)
const fold = Options.text("fold").pipe(
  Options.withPseudoName("MODULE"),
  Options.withDescription(
    "An ES module that exports another build of the fold: `fold` and `FOLD_VERSION`. Its code is run.",
  ),
  Options.optional,
)
const sequence = wholeNumber("sequence", 1).pipe(
  Options.withDescription("Compare the threads as they were after this sequence of the log; else at the end."),
  Options.optional,
)

/** Longest file of edits, bytes. */
const longestFile = 16 * 1024 * 1024

/** The JSON of a file. */
const jsonOf = (file: string): Effect.Effect<unknown, Problem> =>
  Effect.try({
    try: () => readFileSync(file === "-" ? 0 : resolve(file), "utf8"),
    catch: (error) =>
      usageProblem(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`),
  }).pipe(
    Effect.filterOrFail(
      (text) => text.length <= longestFile,
      () => usageProblem(`${file} is longer than ${longestFile} bytes.`),
    ),
    Effect.flatMap((text) => {
      const read = readJson(text)
      return "problem" in read
        ? usageProblem(
            `${file} is no JSON that is taken: ${read.problem}${read.place === "" ? "" : ` at ${read.place}`}.`,
          )
        : Effect.succeed(read.value)
    }),
  )

export const whatIfCommand = Command.make(
  "whatif",
  { id: threadArg, edits, fold, sequence, dataDir, db, json },
  (options) =>
    Effect.gen(function* () {
      if (Option.isNone(options.edits) && Option.isNone(options.fold)) {
        return yield* usageProblem("Name what is to be different: --edits FILE, --fold MODULE, or both.")
      }
      const given = Option.isSome(options.edits) ? yield* jsonOf(options.edits.value) : []
      const { file, threadId } = yield* threadForWork(options)
      const module = Option.getOrNull(Option.map(options.fold, (path) => resolve(path)))
      const until = Option.getOrNull(options.sequence)
      const report = yield* runWatched(
        { name: "whatif", file, options: { threadId, edits: given, module, until } },
        folded,
      )
      yield* options.json ? writeJson(report) : write(whatIfPage(yield* currentLook, report))
    }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Show how a thread would be with an edited log or another build of the fold. Writes nothing.",
  ),
)
