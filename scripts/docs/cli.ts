/** The page of the command line, from what the built program prints for `--help`. */
import { spawnSync } from "node:child_process"
import { program } from "../tools.mjs"
import { code, page, slug, table } from "./markdown.js"

/** What the built program prints for `--help` of some command. */
const help = (words: readonly string[]): string => {
  const env = { ...process.env, NO_COLOR: "1" }
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words, "--help"], {
    encoding: "utf8",
    env,
  })
  if (status !== 0) throw new Error(`${words.join(" ")} --help ended with ${status}: ${stderr}`)
  return stdout
}

/** Section → its paragraphs. A section's name is a line of capitals. */
const sectionsOf = (text: string): ReadonlyMap<string, readonly string[]> => {
  const sections = new Map<string, string[]>()
  let current: string[] = []
  for (const line of text.split("\n")) {
    if (/^[A-Z]{4,}$/.test(line.trim())) {
      current = []
      sections.set(line.trim(), current)
    } else if (line.trim() !== "") current.push(line)
  }
  return sections
}

/** What the library says of every value, and of every command. */
const noise =
  /^(A true or false value|A user-defined piece of text|An integer|This setting is optional|One of the following|This (option|argument) m(ay|ust) be repeated)/
const builtIn = /^(--completions|--log-level|\(-h, --help\)|--wizard|--version)/

/** Names at the margin, what is said of them below, further in. */
const entries = (lines: readonly string[] = []): readonly (readonly string[])[] => {
  const found: { readonly name: string; readonly says: string[] }[] = []
  for (const line of lines) {
    if (/^\S/.test(line)) found.push({ name: line.trim(), says: [] })
    else if (!noise.test(line.trim())) found.at(-1)?.says.push(line.trim())
  }
  return found.filter(({ name }) => !builtIn.test(name)).map(({ name, says }) => [code(name), says.join(" ")])
}

const command = ({ words, text }: { readonly words: readonly string[]; readonly text: string }): readonly string[] => {
  const sections = sectionsOf(text)
  const name = words.join(" ")
  const usage = (sections.get("USAGE")?.[0] ?? "").replace(/^\$ /, "")
  return [
    `## ${name}`,
    "",
    ...(sections.get("DESCRIPTION") ?? []),
    "",
    "```",
    usage,
    "```",
    "",
    ...table(["Argument", "Meaning"], entries(sections.get("ARGUMENTS"))),
    ...table(["Option", "Meaning"], entries(sections.get("OPTIONS"))),
  ]
}

/** The names of all commands, as the program lists them: two blanks or more end a name. */
const commandsOf = (text: string): readonly (readonly string[])[] =>
  (sectionsOf(text).get("COMMANDS") ?? [])
    .filter((line) => /^ {2}\S/.test(line))
    .map((line) => (line.trim().split(/\s{2,}/)[0] ?? "").split(" "))

/** The page. */
export const cliPage = (): string => {
  const commands = commandsOf(help([])).map((words) => ({ words, text: help(words) }))
  return page(
    "Command line",
    `Commands: ${commands.map(({ words }) => `[${code(words.join(" "))}](#${slug(words.join(" "))})`).join(", ")}.`,
    "",
    "- Every command that answers takes `--json`: one document on standard output; `events` and `tail` print one",
    "  [envelope](envelope.md) a line. Progress and remarks go to standard error. An error is a [problem](problems.md) on",
    "  standard error, as JSON where `--json` was given.",
    "- Exit codes: 0 ok, 1 finding, 2 usage, 3 environment. `rebuild --cancel` ends with 1 where no rebuild runs.",
    "- A thread is named by its id, the beginning of it, or the provider's id: as an argument, or with `--thread` (`send` takes the option",
    "  alone). An event is named by its id or by its sequence of the log.",
    "- The data directory is `--data-dir`, else `$THREADFOLD_DATA_DIR`, else the platform's usual place.",
    "- `threads`, `thread`, `trace`, `events`, `tail` and `stats` ask the server, where one owns the directory; `send`, `talk`, `answer`,",
    "  `stop`, `resume`, `delete`, `restore`, `fork`, `purge`, `retain`, `requests` and `reaper` need one, and end with 3 where none runs;",
    "  `compact` runs only while none does; `check`, `verify`, `at` and `diff` look",
    "  at a copy of that moment; `import` and `rebuild` go through it.",
    "- Where standard output cannot be written (a full disk), the command ends with 3 and says so; that its reader went away (`| head`) is no error.",
    "- `--db FILE` looks at a private copy of a database file and leaves its directory as it was.",
    "- Every command also takes `--help` and `--version`.",
    "",
    ...commands.flatMap(command),
  )
}
