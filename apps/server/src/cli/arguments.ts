/** What a wrong command line probably means, and the help of the right one: said by the names of our commands and options. */
import { stripVTControlCharacters } from "node:util"
import { CliConfig, CommandDescriptor, HelpDoc, Usage } from "@effect/cli"
import { nearest } from "@threadfold/contracts"
import { HashMap } from "effect"

/** A command by its name, and what it names itself. */
export interface KnownCommand {
  readonly name: string
  readonly options: readonly string[]
  /** Commands below it. */
  readonly below: readonly KnownCommand[]
}

/** Help shows our options only. A mistyped option is named, never corrected by itself. */
export const cliConfig = CliConfig.make({ showBuiltIns: false, autoCorrectLimit: 0 })

/** Options that the library takes everywhere and this program has no use for. */
const unused = ["--wizard", "--log-level"]
const everywhere = ["--help", "-h", "--version", "--completions"]

/** The options that a command names in its usage. */
const optionsOf = (usage: Usage.Usage): readonly string[] =>
  stripVTControlCharacters(HelpDoc.toAnsiText(Usage.getHelp(usage))).match(/--[a-z][a-z-]*/g) ?? []

/** What the library knows of a command, and of those one level below it. */
export const knownCommand = (command: CommandDescriptor.Command<unknown>): KnownCommand => {
  const [name = ""] = CommandDescriptor.getNames(command)
  const below = HashMap.toEntries(CommandDescriptor.getSubcommands(command)).filter(([child]) => child !== name)
  return {
    name,
    options: optionsOf(CommandDescriptor.getUsage(command)),
    below: below
      .map(([child, descriptor]) => ({
        name: child,
        options: optionsOf(CommandDescriptor.getUsage(descriptor)),
        below: [],
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

interface Meant {
  /** The words of the command, for example `["import", "codex-app-server"]`. */
  readonly words: readonly string[]
  readonly options: readonly string[]
  readonly below: readonly KnownCommand[]
  /** What follows its words. */
  readonly rest: readonly string[]
}

/** Follows the words that name commands as far as they go. */
const meant = (commands: readonly KnownCommand[], args: readonly string[]): Meant => {
  let found: Meant = { words: [], options: [], below: commands, rest: args }
  for (;;) {
    const [word = "", ...rest] = found.rest
    const next = found.below.find(({ name }) => name === word)
    if (next === undefined) return found
    found = { words: [...found.words, word], options: next.options, below: next.below, rest }
  }
}

const beforeEnd = (args: readonly string[]): readonly string[] => {
  const end = args.indexOf("--")
  return end < 0 ? args : args.slice(0, end)
}

/** `--port` of `--port=1`. */
const nameOf = (arg: string): string => arg.split("=", 1)[0] ?? ""

const sentence = (what: string, typed: string, known: readonly string[], owner: string): string => {
  const near = nearest(typed, known)
  const instead =
    near === null ? `${owner === "" ? "There are" : `${owner} takes`} ${known.join(", ")}` : `Did you mean ${near}`
  return `There is no ${what} ${typed}. ${instead}${near === null ? "." : "?"}`
}

/** The first word that names no command, or no option of its command, with the one that is nearest; null: all do. */
export const misspelt = (commands: readonly KnownCommand[], args: readonly string[]): string | null => {
  const { below, options, rest, words } = meant(commands, beforeEnd(args))
  const [word] = rest
  if (word !== undefined && !word.startsWith("-") && below.length > 0) {
    const whole = (name: string) => [...words, name].join(" ")
    const names = below.map(({ name }) => whole(name))
    return sentence("command", whole(word), names, "")
  }
  const wrong = rest.find((one) => one.startsWith("--") && ![...options, ...everywhere].includes(nameOf(one)))
  if (wrong === undefined) return null
  const known = options.length === 0 ? everywhere : options
  return sentence("option", nameOf(wrong), known, ["threadfold", ...words].join(" "))
}

/** An option of the library that is no option of this program; null: there is none. */
export const unusedOption = (args: readonly string[]): string | null =>
  beforeEnd(args)
    .map(nameOf)
    .find((name) => unused.includes(name)) ?? null

/** The page of help with the whole command in its usage: the library writes the last word of it only. */
export const withWholeName = (commands: readonly KnownCommand[], args: readonly string[], page: string): string => {
  const { words } = meant(commands, beforeEnd(args))
  return words.length === 0 ? page : page.replace(/\$ (\S+)/, `$ threadfold ${words.join(" ")}`)
}
