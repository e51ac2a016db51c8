/** The command line as a whole: from arguments to an exit code. */
import { format, stripVTControlCharacters } from "node:util"
import { type CliApp, CliConfig, Command, CommandDescriptor, HelpDoc, ValidationError } from "@effect/cli"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Problem } from "@threadfold/contracts/problem"
import { Cause, type Console, Effect, HashSet } from "effect"
import { version } from "../installed.js"
import { cliConfig, knownCommand, missingValue, misspelt, rightUsage, unusedOption, wholePage } from "./arguments.js"
import { adapterCheckCommand } from "./commands/adapterCheckCommand.js"
import { agentsCommand } from "./commands/agentsCommand.js"
import { backupCommand, restoreBackupCommand } from "./commands/backupCommands.js"
import { benchCommand } from "./commands/benchCommand.js"
import { bisectCommand } from "./commands/bisectCommand.js"
import { exportCommand } from "./commands/bundleCommands.js"
import { checkCommand } from "./commands/checkCommand.js"
import { compactCommand } from "./commands/compactCommand.js"
import { compactThreadCommand, reviewCommand, rewindCommand, stopTaskCommand } from "./commands/conversationCommands.js"
import { eventsCommand } from "./commands/eventsCommand.js"
import { forkCommand } from "./commands/forkCommand.js"
import { importCommand } from "./commands/importCommand.js"
import { inboxCommand } from "./commands/inboxCommand.js"
import { atCommand, diffCommand } from "./commands/momentCommands.js"
import { pageCommand } from "./commands/pageCommand.js"
import { completionsCommand, doctorCommand } from "./commands/programCommands.js"
import { rebuildCommand, verifyCommand } from "./commands/projectionCommands.js"
import { purgeCommand } from "./commands/purgeCommand.js"
import { queueCommand } from "./commands/queueCommand.js"
import { replayCommand } from "./commands/replayCommand.js"
import { answerCommand, requestsCommand } from "./commands/requestCommands.js"
import { retainCommand } from "./commands/retainCommand.js"
import { salvageCommand } from "./commands/salvageCommand.js"
import { searchCommand } from "./commands/searchCommand.js"
import { sendCommand } from "./commands/sendCommand.js"
import { serveCommand } from "./commands/serveCommand.js"
import { sqlCommand } from "./commands/sqlCommand.js"
import { statsCommand } from "./commands/statsCommand.js"
import { stepCommand } from "./commands/stepCommand.js"
import { tailCommand } from "./commands/tailCommand.js"
import { talkCommand } from "./commands/talkCommand.js"
import {
  configureCommand,
  deleteCommand,
  folderCommand,
  pinCommand,
  readCommand,
  reaperCommand,
  restoreCommand,
  resumeCommand,
  stopCommand,
  threadCommand,
  threadsCommand,
  traceCommand,
  unpinCommand,
} from "./commands/threadCommands.js"
import { unattendedCommand } from "./commands/unattendedCommand.js"
import { explainCommand, whatIfCommand, whyCommand } from "./commands/whyCommands.js"
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
  pageCommand,
  doctorCommand,
  agentsCommand,
  sendCommand,
  talkCommand,
  answerCommand,
  stopCommand,
  stopTaskCommand,
  configureCommand,
  unattendedCommand,
  resumeCommand,
  queueCommand,
  deleteCommand,
  restoreCommand,
  rewindCommand,
  compactThreadCommand,
  reviewCommand,
  pinCommand,
  unpinCommand,
  readCommand,
  forkCommand,
  purgeCommand,
  retainCommand,
  inboxCommand,
  requestsCommand,
  reaperCommand,
  importCommand,
  exportCommand,
  threadsCommand,
  threadCommand,
  folderCommand,
  traceCommand,
  searchCommand,
  sqlCommand,
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
  compactCommand,
  replayCommand,
  adapterCheckCommand,
  benchCommand,
  completionsCommand((): CommandDescriptor.Command<unknown> => threadfold.descriptor),
] as const

const about = "Runs coding agents, records what they do, folds it into threads, and answers questions about them."

const threadfold = Command.make("threadfold").pipe(Command.withDescription(about), Command.withSubcommands(every))

const descriptors: readonly CommandDescriptor.Command<unknown>[] = every.map(({ descriptor }) => descriptor)

/** All commands, as the library describes them. Made where it is needed: reading the usage of every command takes 20 ms, and a right command line needs none of it. */
export const knownCommands = () => descriptors.map(knownCommand)

/** The one of them that a command line begins with, or none. */
const namedCommand = (args: readonly string[]) =>
  descriptors.filter((one) => HashSet.has(CommandDescriptor.getNames(one), args[0] ?? "")).map(knownCommand)

/** What a command line may end with besides well; errors from below have become problems in the commands. */
type CliError = ValidationError.ValidationError | Problem | Finding | OutputClosed

/** The program and its commands as the library describes them. For tests. */
export const described: {
  readonly program: CommandDescriptor.Command<unknown>
  readonly commands: readonly CommandDescriptor.Command<unknown>[]
} = { program: threadfold.descriptor, commands: descriptors }

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
  write(overviewPage(descriptors, cliConfig, { about, version, width: Math.min(width, widestPage) })),
)

/**
 * The console of the library that reads the arguments: its pages lose their colours where no terminal shows them, and what it
 * says of wrong arguments is kept for {@link failureText}, which says it in the form that the caller asked for.
 */
const quietConsole = (typed: readonly string[]) =>
  Effect.zipWith(Effect.console, outputTakesColour, (console, coloured): Console.Console => {
    const shown = (arg: unknown): unknown => {
      if (typeof arg !== "string") return arg
      const page = wholePage(knownCommands(), typed, arg)
      return coloured ? page : stripVTControlCharacters(page)
    }
    return {
      ...console,
      // A log of the library cannot fail; output that is lost is told by `main` all the same.
      log: (...args) => Effect.orDie(write(`${format(...args.map(shown))}\n`)),
      error: () => Effect.void,
    }
  })

/** What is wrong with the arguments, on one line. The library says of each option that is missing that it expected to find it. */
const usageText = (error: ValidationError.ValidationError): string => {
  const text = stripVTControlCharacters(HelpDoc.toAnsiText(error.error)).replace(/\s+/g, " ").trim()
  const missing = [...text.matchAll(/Expected to find option: '(--[a-z-]+)'/g)].flatMap(([, name]) => name ?? [])
  return missing.length === 0 ? text : `Missing: ${missing.join(", ")}`
}

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

/** Tells a problem and what to do next: after wrong arguments how the command is used, else what the catalogue says. */
const refused = (problem: Problem, args: readonly string[]): Effect.Effect<number> => {
  const next = problem.slug === "invalid-request" ? rightUsage(knownCommands(), args) : undefined
  return report(problem, wantsJson(args), next)
}

/** The exit code of a command line that failed; what it failed with is told. */
const failed = (cause: Cause.Cause<unknown>, args: readonly string[]): Effect.Effect<number> => {
  if (Cause.isInterruptedOnly(cause)) return Effect.interrupt
  const error = Cause.squash(cause)
  if (error instanceof Finding) return Effect.succeed(1)
  if (error instanceof OutputClosed) {
    return error.failure === null ? Effect.succeed(0) : report(error.failure, wantsJson(args), nextOfLostOutput)
  }
  return refused(problemOf(error, args), args)
}

/** Runs one command line (as in `process.argv`) and gives its exit code. */
export const main = (argv: readonly string[]): Effect.Effect<number> => {
  const [first, ...rest] = argv.slice(2)
  const args = first === "help" ? [...rest, "--help"] : argv.slice(2)
  if (args.every((arg) => arg === "--help" || arg === "-h")) {
    return Effect.catchAllCause(Effect.as(overview, 0), (cause) => failed(cause, args))
  }
  const unused = unusedOption(args)
  if (unused !== null) return refused(usageProblem(`There is no option ${unused}.`), args)
  const missing = missingValue(namedCommand(args), args)
  if (missing !== null) {
    const { isEmpty, option } = missing
    const fault = isEmpty ? "it is empty: leave the option out, or name one" : "has none"
    return refused(usageProblem(`${option} takes a value, and ${fault}.`), args)
  }
  return Effect.flatMap(quietConsole(args), (console) =>
    Effect.withConsole(runCli([...argv.slice(0, 2), ...args]), console),
  ).pipe(
    Effect.as(0),
    Effect.provide(NodeContext.layer),
    Effect.provideService(CliConfig.CliConfig, cliConfig),
    Effect.catchAllCause((cause) => failed(cause, args)),
  )
}
