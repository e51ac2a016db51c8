/** Commands that ask a log for reasons: `threadfold why`, `whatif` and `explain`, which says what a thread does now and why. */
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { Args, Command, Options } from "@effect/cli"
import { readJson } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { isBadPath, parseRowPath } from "@threadfold/core/model"
import { Effect, Option } from "effect"
import type { JobProgress } from "../../offline/jobs/Job.js"
import type { Question } from "../../offline/why.js"
import { eventOption, sequenceNamed } from "../eventOption.js"
import { usageProblem } from "../failures.js"
import { runWatched } from "../longWork.js"
import { type NamedThread, namedThread, requiredThread } from "../namedThread.js"
import { currentLook, write, writeJson } from "../output.js"
import { explainPage } from "../pages/explainPage.js"
import { whatIfPage, whyPage } from "../pages/whyPage.js"
import { openReader, threadForWork, threadNamed } from "../reading.js"
import { config, dataDir, db, directoryOf, json } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const folded = ({ events }: JobProgress): string => `${counted(events, "event")} read`

const row = Args.text({ name: "ROW" }).pipe(
  Args.withDescription("A row or a field of `thread ID --json`: thread#status, turns/ID#outcome, requests/ID …"),
  Args.optional,
)
const event = eventOption("event").pipe(
  Options.withDescription(
    "Instead of a row: what this event changed, or why it changed nothing. Its id, or its sequence of the log.",
  ),
  Options.optional,
)
const at = eventOption("at").pipe(
  Options.withDescription("The row as it was after this event: its sequence of the log, or its id."),
  Options.optional,
)

/** What is asked about. A path that cannot be read is refused before the database is opened. */
const questionOf = (named: {
  readonly row: Option.Option<string>
  readonly event: Option.Option<string>
}): Effect.Effect<Question, Problem> => {
  if (Option.isSome(named.row) === Option.isSome(named.event)) {
    return usageProblem("Name a row, for example thread#status, or an event with --event EVENT.")
  }
  if (Option.isSome(named.event)) return Effect.succeed({ kind: "event", event: named.event.value })
  const path = Option.getOrElse(named.row, () => "")
  const typed = parseRowPath(path)
  return isBadPath(typed) ? usageProblem(typed.problem) : Effect.succeed({ kind: "row", path })
}

/** With `--thread`, the first argument is the row. */
const shifted = <A extends { readonly thread: NamedThread; readonly row: Option.Option<string> }>(given: A): A => {
  const { row, thread } = given
  return Option.isSome(thread.option) && Option.isNone(row)
    ? { ...given, thread: { ...thread, argument: Option.none() }, row: thread.argument }
    : given
}

export const whyCommand = Command.make("why", { thread: namedThread(), row, event, at, dataDir, db, json }, (given) =>
  Effect.gen(function* () {
    const options = shifted(given)
    const question = yield* questionOf(options)
    const { file, reader, threadId } = yield* threadForWork(options)
    const at = Option.isNone(options.at) ? null : yield* sequenceNamed(reader, threadId, options.at.value)
    const report = yield* runWatched({ name: "why", file, options: { threadId, question, at } }, folded)
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
const sequence = eventOption("sequence").pipe(
  Options.withDescription("Compare the threads as they were after this event: its sequence of the log, or its id."),
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
  { thread: namedThread(), edits, fold, sequence, dataDir, db, json },
  (options) =>
    Effect.gen(function* () {
      if (Option.isNone(options.edits) && Option.isNone(options.fold)) {
        return yield* usageProblem("Name what is to be different: --edits FILE, --fold MODULE, or both.")
      }
      const given = Option.isSome(options.edits) ? yield* jsonOf(options.edits.value) : []
      const { file, reader, threadId } = yield* threadForWork(options)
      const module = Option.getOrNull(Option.map(options.fold, (path) => resolve(path)))
      const until = Option.isNone(options.sequence)
        ? null
        : yield* sequenceNamed(reader, threadId, options.sequence.value)
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

/** Loaded on demand: the policy stands beside the services that go by it. */
const loadSettings = Effect.promise(() => import("../../offline/explainSettings.js"))

export const explainCommand = Command.make("explain", { thread: namedThread(), config, dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const id = yield* requiredThread(options.thread)
    const { explainSettings } = yield* loadSettings
    const directory = Option.isSome(options.db) ? null : yield* directoryOf(options.dataDir)
    const settings = yield* explainSettings({ directory, config: Option.getOrNull(options.config) })
    const reader = yield* openReader(options)
    const report = yield* reader.explain(yield* threadNamed(reader, id), settings)
    yield* options.json ? writeJson(report) : write(explainPage(yield* currentLook, report))
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Say in sentences what a thread does, what it waits for, and what reaper, watchdog and queue will do next.",
  ),
)
