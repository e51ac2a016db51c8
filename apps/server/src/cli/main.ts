/** The command line as a whole: from arguments to an exit code. */
import { format, stripVTControlCharacters } from "node:util"
import { type CliApp, CliConfig, Command, type CommandDescriptor, HelpDoc, ValidationError } from "@effect/cli"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Problem } from "@threadfold/contracts/problem"
import { Cause, type Console, Effect } from "effect"
import { version } from "../installed.js"
import { cliConfig, knownCommand, misspelt, unusedOption, withWholeName } from "./arguments.js"
import { adapterCheckCommand } from "./commands/adapterCheckCommand.js"
import { backupCommand, restoreBackupCommand } from "./commands/backupCommands.js"
import { benchCommand } from "./commands/benchCommand.js"
import { bisectCommand } from "./commands/bisectCommand.js"
import { exportCommand } from "./commands/bundleCommands.js"
import { checkCommand } from "./commands/checkCommand.js"
import { eventsCommand } from "./commands/eventsCommand.js"
import { explainCommand } from "./commands/explainCommand.js"
import { forkCommand } from "./commands/forkCommand.js"
import { importCommand } from "./commands/importCommand.js"
import { atCommand, diffCommand } from "./commands/momentCommands.js"
import { completionsCommand, doctorCommand } from "./commands/programCommands.js"
import { rebuildCommand, verifyCommand } from "./commands/projectionCommands.js"
import { replayCommand } from "./commands/replayCommand.js"
import { answerCommand, requestsCommand } from "./commands/requestCommands.js"
import { salvageCommand } from "./commands/salvageCommand.js"
import { sendCommand } from "./commands/sendCommand.js"
import { serveCommand } from "./commands/serveCommand.js"
import { statsCommand } from "./commands/statsCommand.js"
import { stepCommand } from "./commands/stepCommand.js"
import { tailCommand } from "./commands/tailCommand.js"
import {
  deleteCommand,
  reaperCommand,
  restoreCommand,
  resumeCommand,
  stopCommand,
  threadCommand,
  threadsCommand,
} from "./commands/threadCommands.js"
import { whatIfCommand, whyCommand } from "./commands/whyCommands.js"
import {
  exitCodeOf,
  Finding,
  nextOfLostOutput,
  OutputClosed,
  problemJson,
  problemText,
  usageProblem,
} from "./failures.js"
import { currentLook, outputTakesColour, write } from "./output.js"
import { overviewPage } from "./overview.js"

export { runProgram } from "./signals.js"

/** Every command, in the order of the help. */
const every = [
  serveCommand,
  doctorCommand,
  sendCommand,
  answerCommand,
  stopCommand,
  resumeCommand,
  deleteCommand,
  restoreCommand,
  forkCommand,
  requestsCommand,
  reaperCommand,
  importCommand,
  exportCommand,
  threadsCommand,
  threadCommand,
  atCommand,
  diffCommand,
  bisectCommand,
  explainCommand,
  whyCommand,
  whatIfCommand,
  stepCommand,
  eventsCommand,
  tailCommand,
  statsCommand,
  checkCommand,
  verifyCommand,
  rebuildCommand,
  salvageCommand,
  backupCommand,
  restoreBackupCommand,
  replayCommand,
  adapterCheckCommand,
  benchCommand,
  completionsCommand((): CommandDescriptor.Command<unknown> => threadfold.descriptor),
] as const

const about = "Runs coding agents, records what they do, folds it into threads, and answers questions about them."

const threadfold = Command.make("threadfold").pipe(Command.withDescription(about), Command.withSubcommands(every))

/** Made where it is needed: reading the usage of every command takes 20 ms, and a right command line needs none of it. */
const knownCommands = () => every.map(({ descriptor }) => knownCommand(descriptor))

/** What a command line may end with besides well; errors from below have become problems in the commands. */
type CliError = ValidationError.ValidationError | Problem | Finding | OutputClosed

const runCli: (args: readonly string[]) => Effect.Effect<void, CliError, CliApp.CliApp.Environment> = Command.run(
  threadfold,
  {
    name: "Threadfold",
    executable: "threadfold",
    version,
  },
)

/** Widest page of help, columns. */
const widestPage = 100

/** Help of the program as a whole. */
const overview = Effect.flatMap(currentLook, ({ width }) =>
  write(
    overviewPage(
      every.map(({ descriptor }) => descriptor),
      cliConfig,
      { about, version, width: Math.min(width, widestPage) },
    ),
  ),
)

/**
 * The console of the library that reads the arguments: its pages lose their colours where no terminal shows them, and what it
 * says of wrong arguments is kept for {@link failureText}, which says it in the form that the caller asked for.
 */
const quietConsole = (typed: readonly string[]) =>
  Effect.zipWith(Effect.console, outputTakesColour, (console, coloured): Console.Console => {
    const shown = (arg: unknown): unknown => {
      if (typeof arg !== "string") return arg
      const page = withWholeName(knownCommands(), typed, arg)
      return coloured ? page : stripVTControlCharacters(page)
    }
    return {
      ...console,
      // A log of the library cannot fail; output that is lost is told by `main` all the same.
      log: (...args) => Effect.orDie(write(`${format(...args.map(shown))}\n`)),
      error: () => Effect.void,
    }
  })

/** What is wrong with the arguments, on one line. */
const usageText = (error: ValidationError.ValidationError): string =>
  stripVTControlCharacters(HelpDoc.toAnsiText(error.error)).replace(/\s+/g, " ").trim()

const wantsJson = (args: readonly string[]): boolean => {
  const end = args.indexOf("--")
  return (end < 0 ? args : args.slice(0, end)).includes("--json")
}

const report = (problem: Problem, json: boolean, next?: string): Effect.Effect<number> =>
  Effect.sync(() => {
    process.stderr.write(json ? problemJson(problem, next) : problemText(problem, next))
    return exitCodeOf(problem)
  })

const problemOf = (error: unknown, args: readonly string[]): Problem =>
  error instanceof Problem
    ? error
    : ValidationError.isValidationError(error)
      ? usageProblem(misspelt(knownCommands(), args) ?? `${usageText(error)}.`)
      : new Problem({ slug: "internal", detail: `${error instanceof Error ? error.message : String(error)}.` })

/** The exit code of a command line that failed; what it failed with is told. */
const failed = (cause: Cause.Cause<unknown>, args: readonly string[]): Effect.Effect<number> => {
  if (Cause.isInterruptedOnly(cause)) return Effect.interrupt
  const error = Cause.squash(cause)
  if (error instanceof Finding) return Effect.succeed(1)
  if (error instanceof OutputClosed) {
    return error.failure === null ? Effect.succeed(0) : report(error.failure, wantsJson(args), nextOfLostOutput)
  }
  return report(problemOf(error, args), wantsJson(args))
}

/** Runs one command line (as in `process.argv`) and gives its exit code. */
export const main = (argv: readonly string[]): Effect.Effect<number> => {
  const [first, ...rest] = argv.slice(2)
  const args = first === "help" ? [...rest, "--help"] : argv.slice(2)
  if (args.every((arg) => arg === "--help" || arg === "-h")) {
    return Effect.catchAllCause(Effect.as(overview, 0), (cause) => failed(cause, args))
  }
  const unused = unusedOption(args)
  if (unused !== null) return report(usageProblem(`There is no option ${unused}.`), wantsJson(args))
  return Effect.flatMap(quietConsole(args), (console) =>
    Effect.withConsole(runCli([...argv.slice(0, 2), ...args]), console),
  ).pipe(
    Effect.as(0),
    Effect.provide(NodeContext.layer),
    Effect.provideService(CliConfig.CliConfig, cliConfig),
    Effect.catchAllCause((cause) => failed(cause, args)),
  )
}
