/** Commands about the program itself: `threadfold doctor` and `threadfold completions`. */
import { resolve } from "node:path"
import { Args, Command, CommandDescriptor } from "@effect/cli"
import { Effect, Option, Schema } from "effect"
import { asFinding } from "../failures.js"
import { currentLook, write, writeJson } from "../output.js"
import { doctorPage } from "../pages/reportPages.js"
import { config, dataDir, directoryOf, json, saying } from "../sharedOptions.js"

export const doctorCommand = Command.make("doctor", { config, dataDir, json }, (options) =>
  Effect.gen(function* () {
    // Loaded on demand: it imports the drivers of all agents.
    const { examine } = yield* Effect.promise(() => import("../../doctor/doctor.js"))
    const report = yield* examine(resolve(yield* directoryOf(options.dataDir)), Option.getOrNull(options.config))
    yield* asFinding(options.json ? writeJson(report) : write(doctorPage(yield* currentLook, report)), report.ok)
  }),
).pipe(
  Command.withDescription(
    "Say what is installed, in which version, what is missing and how to get it. Exit 1 where something must be corrected.",
  ),
)

/** Shell → what makes the script for it. */
const shells = {
  bash: CommandDescriptor.getBashCompletions,
  fish: CommandDescriptor.getFishCompletions,
  zsh: CommandDescriptor.getZshCompletions,
} as const

/** Options that the library writes into every script, and that this program does not take. */
const untaken = "(?:completions|log-level|wizard)"
const optionWord = new RegExp(` --${untaken}(?= |")`, "g")
const optionLine = new RegExp(`^\\s*'--${untaken}\\[| -l ${untaken} `)

/** The script without these options: words in a line of bash, whole lines in fish and zsh. */
const takenOnly = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => !optionLine.test(line)).map((line) => line.replace(optionWord, ""))

const shell = Args.text({ name: "SHELL" }).pipe(
  Args.withSchema(
    Schema.Literal("bash", "fish", "zsh").annotations({ message: saying("SHELL is one of bash, fish, zsh") }),
  ),
  Args.withDescription("bash, fish or zsh."),
)

/** @param whole the program's command, asked for when the script is written: it contains this one */
export const completionsCommand = (whole: () => CommandDescriptor.Command<unknown>) =>
  Command.make("completions", { shell }, (options) =>
    Effect.flatMap(shells[options.shell](whole(), "threadfold"), (lines) => write(`${takenOnly(lines).join("\n")}\n`)),
  ).pipe(
    Command.withDescription(
      "Print the script by which a shell completes commands and options. For bash: source <(threadfold completions bash); for zsh: source <(threadfold completions zsh); for fish: threadfold completions fish | source.",
    ),
  )
