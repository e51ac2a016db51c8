/** What a wrong command line probably means, and the help of the right one: said by the names of our commands and options. */
import { stripVTControlCharacters } from "node:util"
import { CliConfig, CommandDescriptor, HelpDoc, Usage } from "@effect/cli"
import { nearest } from "@threadfold/contracts"
import { HashMap } from "effect"
import { examplesOf } from "./examples.js"

/** A command by its name, and what it names itself. */
export interface KnownCommand {
  readonly name: string
  readonly options: readonly string[]
  /** Those of them that may be given several times. */
  readonly repeatable: readonly string[]
  /** Those of them that stand before a value. */
  readonly valued: readonly string[]
  /** Commands below it. */
  readonly below: readonly KnownCommand[]
}

/** Help shows our options only. A mistyped option is named, never corrected by itself. */
export const cliConfig = CliConfig.make({ showBuiltIns: false, autoCorrectLimit: 0 })

/** Options that the library takes everywhere and this program has no use for. */
const unused = ["--wizard", "--log-level"]
const everywhere = ["--help", "-h", "--version", "--completions"]

/** The options that a command names in its usage. What one takes stands behind it; dots there say that it may be repeated. */
const optionsOf = (usage: Usage.Usage): Pick<KnownCommand, "options" | "repeatable" | "valued"> => {
  const text = stripVTControlCharacters(HelpDoc.toAnsiText(Usage.getHelp(usage)))
  const found = [...text.matchAll(/(--[a-z][a-z-]*)((?:(?!--)[^\][<])*)/g)].map(([, name = "", rest = ""]) => ({
    name,
    rest,
  }))
  return {
    options: found.map(({ name }) => name),
    repeatable: found.filter(({ rest }) => rest.includes("...")).map(({ name }) => name),
    valued: found.filter(({ rest }) => /\w/.test(rest)).map(({ name }) => name),
  }
}

/** What is known of each command that was asked for. Its usage is read once: the usages of all take 20 ms. */
const known = new WeakMap<CommandDescriptor.Command<unknown>, KnownCommand>()

/** What the library knows of a command, and of those one level below it. */
export const knownCommand = (command: CommandDescriptor.Command<unknown>): KnownCommand => {
  const found = known.get(command) ?? describedCommand(command)
  known.set(command, found)
  return found
}

const describedCommand = (command: CommandDescriptor.Command<unknown>): KnownCommand => {
  const [name = ""] = CommandDescriptor.getNames(command)
  const below = HashMap.toEntries(CommandDescriptor.getSubcommands(command)).filter(([child]) => child !== name)
  return {
    name,
    ...optionsOf(CommandDescriptor.getUsage(command)),
    below: below
      .map(([child, descriptor]) => ({
        name: child,
        ...optionsOf(CommandDescriptor.getUsage(descriptor)),
        below: [],
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

interface Meant {
  /** The words of the command, for example `["import", "codex-app-server"]`. */
  readonly words: readonly string[]
  readonly options: readonly string[]
  readonly repeatable: readonly string[]
  readonly valued: readonly string[]
  readonly below: readonly KnownCommand[]
  /** What follows its words. */
  readonly rest: readonly string[]
}

/** Follows the words that name commands as far as they go. */
const meant = (commands: readonly KnownCommand[], args: readonly string[]): Meant => {
  let found: Meant = { words: [], options: [], repeatable: [], valued: [], below: commands, rest: args }
  for (;;) {
    const [word = "", ...rest] = found.rest
    const next = found.below.find(({ name }) => name === word)
    if (next === undefined) return found
    found = { ...next, words: [...found.words, word], rest }
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

/** The first option that is given twice and may not be; null: there is none. */
const givenTwice = ({ options, repeatable, rest }: Meant): string | null => {
  const names = rest.map(nameOf).filter((name) => options.includes(name) && !repeatable.includes(name))
  return names.find((name, at) => names.indexOf(name) < at) ?? null
}

/**
 * What is wrong with the names of a command line: the first word that names no command, or no option of its command, with the one
 * that is nearest; or an option that is given twice. Null: nothing is.
 */
export const misspelt = (commands: readonly KnownCommand[], args: readonly string[]): string | null => {
  const line = meant(commands, beforeEnd(args))
  const { below, options, rest, words } = line
  const [word] = rest
  if (word !== undefined && !word.startsWith("-") && below.length > 0) {
    const whole = (name: string) => [...words, name].join(" ")
    const names = below.map(({ name }) => whole(name))
    return sentence("command", whole(word), names, "")
  }
  const wrong = rest.find((one) => one.startsWith("--") && ![...options, ...everywhere].includes(nameOf(one)))
  if (wrong === undefined) {
    const twice = givenTwice(line)
    return twice === null ? null : `${twice} is given twice; give it once.`
  }
  const known = options.length === 0 ? everywhere : options
  return sentence("option", nameOf(wrong), known, ["threadfold", ...words].join(" "))
}

/** What is missing of the value of an option. */
export interface MissingValue {
  readonly option: string
  /** True: there is a value, which is empty, as of a variable that a shell does not know. False: there is none. */
  readonly isEmpty: boolean
}

/**
 * The first option of a command that takes a value and has none, or an empty one. It has none where it is the last word, or another option
 * of the command follows: the library takes the one for an argument and the other for the value. Null: there is none.
 */
export const missingValue = (commands: readonly KnownCommand[], args: readonly string[]): MissingValue | null => {
  const { options, rest, valued } = meant(commands, beforeEnd(args))
  const isOption = (arg: string) => options.includes(nameOf(arg)) || everywhere.includes(arg)
  let at = 0
  while (at < rest.length) {
    const arg = rest[at] ?? ""
    const value = rest[at + 1]
    if (valued.includes(arg)) {
      if (value === undefined || isOption(value)) return { option: arg, isEmpty: false }
      if (value === "") return { option: arg, isEmpty: true }
      at += 1
    } else if (arg.endsWith("=") && valued.includes(nameOf(arg)) && nameOf(arg).length === arg.length - 1) {
      return { option: nameOf(arg), isEmpty: true }
    }
    at += 1
  }
  return null
}

/** An option of the library that is no option of this program; null: there is none. */
export const unusedOption = (args: readonly string[]): string | null =>
  beforeEnd(args)
    .map(nameOf)
    .find((name) => unused.includes(name)) ?? null

/** What the library says of every option besides our description: the brackets of the usage say it, too, or it says nothing. */
const filler = new Set([
  "A user-defined piece of text.",
  "A true or false value.",
  "An integer.",
  "A floating point number.",
  "This setting is optional.",
  "This option may be repeated zero or more times.",
])

/** A page without those lines, and without the blank line that follows each. */
const withoutFiller = (page: string): string => {
  const lines = page.split("\n")
  const isFiller = (line: string | undefined) => line !== undefined && filler.has(stripVTControlCharacters(line).trim())
  return lines.filter((line, at) => !isFiller(line) && !(line.trim() === "" && isFiller(lines[at - 1]))).join("\n")
}

/**
 * The page of help with the whole command in its usage, of which the library writes the last word only, without what the library
 * says of every option, and with examples at its end.
 */
export const wholePage = (commands: readonly KnownCommand[], args: readonly string[], page: string): string => {
  const { words } = meant(commands, beforeEnd(args))
  if (words.length === 0) return page
  const usage = withoutFiller(page).replace(/\$ (\S+)/, `$ threadfold ${words.join(" ")}`)
  const lines = examplesOf(words)
  return lines.length === 0 ? usage : `${usage.trimEnd()}\n\nEXAMPLES\n\n${lines.join("\n")}\n`
}

/** What to do after a command line that was not taken: how the command that was meant is used. */
export const rightUsage = (commands: readonly KnownCommand[], args: readonly string[]): string => {
  const { below, words } = meant(commands, beforeEnd(args))
  if (words.length === 0) return "`threadfold --help` lists the commands, each with what it does."
  const name = ["threadfold", ...words].join(" ")
  const [example] = below.length > 0 ? below.flatMap((one) => examplesOf([...words, one.name])) : examplesOf(words)
  const help = `\`${name} --help\` says what it takes.`
  return example === undefined ? help : `For example: \`${example}\`. ${help}`
}
