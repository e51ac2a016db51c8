import { Args, Command, Options } from "@effect/cli"
import { describe, expect, it } from "vitest"
import { knownCommand, misspelt, unusedOption, withWholeName } from "./arguments.js"

const serve = Command.make("serve", {
  port: Options.integer("port").pipe(Options.optional),
  host: Options.text("allowed-host").pipe(Options.repeated, Options.withDefault([])),
})
const send = Command.make("send", { text: Args.text({ name: "TEXT" }), wait: Options.boolean("wait") })
const ingest = Command.make("ingest", { events: Options.integer("events") })
const bench = Command.make("bench").pipe(Command.withSubcommands([ingest]))
const commands = [serve, send, bench].map(({ descriptor }) => knownCommand(descriptor))

describe("a command line that cannot be read", () => {
  it.each([
    [["serv"], "There is no command serv. Did you mean serve?"],
    [["bench", "ingst"], "There is no command bench ingst. Did you mean bench ingest?"],
    [["nothing-like-it"], "There is no command nothing-like-it. There are serve, send, bench."],
    [["serve", "--prot", "1"], "There is no option --prot. Did you mean --port?"],
    [["serve", "--allowed-hosts=x"], "There is no option --allowed-hosts. Did you mean --allowed-host?"],
    [["bench", "ingest", "--evnets", "1"], "There is no option --evnets. Did you mean --events?"],
    [["serve", "--something"], "There is no option --something. threadfold serve takes --port, --allowed-host."],
    [["--verson"], "There is no option --verson. Did you mean --version?"],
  ])("%j is answered by what is nearest", (args, answer) => {
    expect(misspelt(commands, args)).toBe(answer)
  })

  it.each([[["serve", "--port", "x"]], [["send", "serv"]], [["send", "--", "--prot"]], [["bench"]], [[]]])(
    "%j has every name right",
    (args) => {
      expect(misspelt(commands, args)).toBeNull()
    },
  )
})

it("options of the library that help no one are refused, text behind -- is not", () => {
  expect(unusedOption(["serve", "--wizard"])).toBe("--wizard")
  expect(unusedOption(["serve", "--log-level=all"])).toBe("--log-level")
  expect(unusedOption(["send", "--", "--wizard"])).toBeNull()
  expect(unusedOption(["serve", "--port", "1"])).toBeNull()
})

it("help names the whole command", () => {
  expect(withWholeName(commands, ["bench", "ingest", "--help"], "USAGE\n\n$ ingest [--events integer]")).toBe(
    "USAGE\n\n$ threadfold bench ingest [--events integer]",
  )
  expect(withWholeName(commands, ["--help"], "$ threadfold")).toBe("$ threadfold")
})
