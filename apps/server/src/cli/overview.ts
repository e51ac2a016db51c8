/** The page that `threadfold --help` prints: what there is, a line or two each. The library's own page is a line of 200 columns per command. */
import { stripVTControlCharacters } from "node:util"
import { type CliConfig, CommandDescriptor, HelpDoc } from "@effect/cli"
import { HashMap } from "effect"
import { columns, wrapped } from "./text/table.js"

type Descriptor = CommandDescriptor.Command<unknown>

/** A command that does something, and what it does. */
interface Entry {
  /** Its words, for example `bench ingest`. */
  readonly name: string
  /** The first sentence of its description. */
  readonly summary: string
}

/** Paragraphs of a help page, in order, with the names of their sections among them. */
const partsOf = (doc: HelpDoc.HelpDoc): readonly HelpDoc.HelpDoc[] =>
  HelpDoc.isSequence(doc) ? [...partsOf(doc.left), ...partsOf(doc.right)] : [doc]

const plain = (doc: HelpDoc.HelpDoc): string => stripVTControlCharacters(HelpDoc.toAnsiText(doc)).trim()

/** The first sentence of what a command says of itself. */
const summaryOf = (descriptor: Descriptor, config: CliConfig.CliConfig): string => {
  const parts = partsOf(CommandDescriptor.getHelp(descriptor, config)).filter((part) => !HelpDoc.isEmpty(part))
  const at = parts.findIndex((part) => HelpDoc.isHeader(part) && plain(part) === "DESCRIPTION")
  const description = at < 0 ? undefined : parts[at + 1]
  const text = description === undefined ? "" : plain(description).replace(/\s+/g, " ")
  return /^.*?[.](?= |$)/.exec(text)?.[0] ?? text
}

const entriesOf = (descriptor: Descriptor, config: CliConfig.CliConfig, before: string): readonly Entry[] => {
  const [own = ""] = CommandDescriptor.getNames(descriptor)
  const name = `${before}${own}`
  const below = HashMap.toEntries(CommandDescriptor.getSubcommands(descriptor)).filter(([child]) => child !== own)
  if (below.length === 0) return [{ name, summary: summaryOf(descriptor, config) }]
  return below.sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, child]) => entriesOf(child, config, `${name} `))
}

/** The words of a text in lines of at most `width` columns. */
const inLines = (text: string, width: number): readonly string[] => wrapped(text.split(" "), " ", width)

/**
 * The overview of all commands.
 *
 * @param commands what the program consists of, in the order of the page
 * @param width columns of the page
 */
export const overviewPage = (
  commands: readonly Descriptor[],
  config: CliConfig.CliConfig,
  { about, version, width }: { readonly about: string; readonly version: string; readonly width: number },
): string => {
  const entries = commands.flatMap((command) => entriesOf(command, config, ""))
  const margin = Math.max(...entries.map(({ name }) => columns(name))) + 4
  const lines = entries.flatMap(({ name, summary }) =>
    inLines(summary, width - margin).map(
      (text, at) => `${at === 0 ? `  ${name}`.padEnd(margin) : " ".repeat(margin)}${text}`,
    ),
  )
  return [
    `threadfold ${version}`,
    "",
    ...inLines(about, width),
    "",
    "USAGE",
    "",
    "  threadfold COMMAND [OPTION ...] [ARGUMENT ...]",
    "",
    "COMMANDS",
    "",
    ...lines,
    "",
    ...inLines(
      "`threadfold COMMAND --help` shows the options of a command; `threadfold --version` shows the version.",
      width,
    ),
    "",
  ].join("\n")
}
