/** `threadfold completions`. */
import { Args, Command, CommandDescriptor } from "@effect/cli"
import { Effect, Schema } from "effect"
import { saying } from "../options.js"
import { write } from "../output.js"

/** Shell → what makes the script for it. */
const shells = {
  bash: CommandDescriptor.getBashCompletions,
  fish: CommandDescriptor.getFishCompletions,
  zsh: CommandDescriptor.getZshCompletions,
} as const

const shell = Args.text({ name: "SHELL" }).pipe(
  Args.withSchema(
    Schema.Literal("bash", "fish", "zsh").annotations({ message: saying("SHELL is one of bash, fish, zsh") }),
  ),
  Args.withDescription("bash, fish or zsh."),
)

/** @param whole the program's command, asked for when the script is written: it contains this one */
export const completionsCommand = (whole: () => CommandDescriptor.Command<unknown>) =>
  Command.make("completions", { shell }, (options) =>
    Effect.flatMap(shells[options.shell](whole(), "threadfold"), (lines) => write(`${lines.join("\n")}\n`)),
  ).pipe(
    Command.withDescription(
      "Print the script by which a shell completes commands and options. For bash: source <(threadfold completions bash); for zsh: source <(threadfold completions zsh); for fish: threadfold completions fish | source.",
    ),
  )
