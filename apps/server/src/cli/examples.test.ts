/** The examples of the help, read as the program reads them. */
import { CommandDescriptor } from "@effect/cli"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Effect, HashMap } from "effect"
import { describe, expect, it } from "vitest"
import { cliConfig } from "./arguments.js"
import { examples } from "./examples.js"
import { described } from "./main.js"

type Descriptor = CommandDescriptor.Command<unknown>

/** The words of every command that does something. */
const commandsOf = (descriptor: Descriptor): readonly (readonly string[])[] => {
  const [own = ""] = CommandDescriptor.getNames(descriptor)
  const below = HashMap.toEntries(CommandDescriptor.getSubcommands(descriptor)).filter(([name]) => name !== own)
  return below.length === 0 ? [[own]] : below.flatMap(([, child]) => commandsOf(child).map((words) => [own, ...words]))
}

/** The words of a command line as a shell makes them. */
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) => single ?? double ?? bare ?? "")

const parse = (args: readonly string[]) =>
  Effect.runPromise(
    CommandDescriptor.parse(described.program, ["threadfold", ...args], cliConfig).pipe(
      Effect.provide(NodeContext.layer),
      Effect.either,
    ),
  )

describe("examples", () => {
  it("every command has one, and none is of a command that is not there", () => {
    const names = described.commands.flatMap(commandsOf).map((words) => words.join(" "))
    expect(Object.keys(examples).sort()).toEqual([...names].sort())
  })

  it.each(Object.entries(examples).flatMap(([name, lines]) => lines.map((line) => [name, line] as const)))(
    "%s: %s",
    async (name, line) => {
      const args = wordsOf(line)
      expect(args.slice(0, name.split(" ").length).join(" ")).toBe(name)
      const read = await parse(args)
      expect(read).toMatchObject({ _tag: "Right", right: { _tag: "UserDefined", leftover: [] } })
    },
  )

  it("a wrong one is not read", async () => {
    expect(await parse(["threads", "--limit", "many"])).toMatchObject({ _tag: "Left" })
  })
})
