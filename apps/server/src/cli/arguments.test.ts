import { Args, Command, Options } from "@effect/cli"
import { describe, expect, it } from "vitest"
import { knownCommand, missingValue, misspelt, unusedOption, wholePage } from "./arguments.js"

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
    [["serve", "--port", "1", "--port=2"], "--port is given twice; give it once."],
    [["send", "x", "--wait", "--wait"], "--wait is given twice; give it once."],
  ])("%j is answered by what is nearest", (args, answer) => {
    expect(misspelt(commands, args)).toBe(answer)
  })

  it.each([
    [["serve", "--port", "x"]],
    [["send", "serv"]],
    [["send", "--", "--prot"]],
    [["bench"]],
    [["serve", "--allowed-host", "a", "--allowed-host", "b"]],
    [[]],
  ])("%j has every name right", (args) => {
    expect(misspelt(commands, args)).toBeNull()
  })
})

describe("an option that takes a value", () => {
  it.each([
    [["serve", "--port"], "--port"],
    [["serve", "--allowed-host", "a", "--port"], "--port"],
    [["serve", "--allowed-host", "--port", "1"], "--allowed-host"],
    [["serve", "--allowed-host", "--port=1"], "--allowed-host"],
    [["serve", "--port", "--help"], "--port"],
    [["send", "--wait", "x"], null],
    [["send", "x", "--wait"], null],
    [["serve", "--port", "-1"], null],
    [["serve", "--allowed-host", "--odd", "--port=1"], null],
    [["serve", "--port="], "--port"],
    [["bench", "ingest", "--events"], "--events"],
    [["send", "--", "--wait"], null],
    [["bogus", "--port"], null],
  ])("without one: %j is told of %s", (args, option) => {
    expect(missingValue(commands, args)?.option ?? null).toBe(option)
  })

  it.each([
    ["--allowed-host", ["serve", "--allowed-host", ""]],
    ["--allowed-host", ["serve", "--allowed-host", "a", "--allowed-host="]],
    ["--port", ["serve", "--port=", "--allowed-host", "a"]],
    [null, ["send", ""]],
    [null, ["serve", "--allowed-host", "a="]],
  ])("names the option whose value is empty: %s of %j", (option, args) => {
    const found = missingValue(commands, args)
    expect(found).toEqual(option === null ? null : { option, isEmpty: true })
  })
})

it("options of the library that help no one are refused, text behind -- is not", () => {
  expect(unusedOption(["serve", "--wizard"])).toBe("--wizard")
  expect(unusedOption(["serve", "--log-level=all"])).toBe("--log-level")
  expect(unusedOption(["send", "--", "--wizard"])).toBeNull()
  expect(unusedOption(["serve", "--port", "1"])).toBeNull()
})

it("help names the whole command", () => {
  expect(wholePage(commands, ["bench", "ingest", "--help"], "USAGE\n\n$ ingest [--events integer]")).toBe(
    "USAGE\n\n$ threadfold bench ingest [--events integer]\n\nEXAMPLES\n\nthreadfold bench ingest\n",
  )
  expect(wholePage(commands, ["--help"], "$ threadfold")).toBe("$ threadfold")
})

it("help says of an option what we say of it, and nothing else", () => {
  const option = (name: string, kind: string, about: string) =>
    `\u001b[1m--${name}\u001b[22m\n\n  ${kind}\n\n  ${about}\n\n  This setting is optional.\n\n`
  const page = `$ ingest\n\nOPTIONS\n\n${option("after", "A user-defined piece of text.", "Only later events.")}${option("json", "A true or false value.", "Print JSON.")}`
  expect(wholePage(commands, ["bench", "ingest", "--help"], page)).toBe(
    "$ threadfold bench ingest\n\nOPTIONS\n\n\u001b[1m--after\u001b[22m\n\n  Only later events.\n\n\u001b[1m--json\u001b[22m\n\n  Print JSON.\n\nEXAMPLES\n\nthreadfold bench ingest\n",
  )
})
