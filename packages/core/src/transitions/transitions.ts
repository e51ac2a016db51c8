/** Looks transitions up, and prints the tables. */
import { machines } from "./machines.js"
import type { Machine, MachineName, StateName, Transition } from "./Transition.js"

/** Whether a table's rows have a status with a transition table. */
export const isMachine = (table: string): table is MachineName => Object.hasOwn(machines, table)

/** The transition by which an event may take a row from one state to another, or null. Staying is no transition. */
export const transitionOf = (table: MachineName, from: StateName, to: StateName, type: string): Transition | null =>
  machines[table].transitions.find(
    (one) => one.to === to && one.from.includes(from) && one.by.some((event) => event === type),
  ) ?? null

const cell = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(", ")

const section = (machine: Machine): readonly string[] => [
  `## ${machine.name[0]?.toUpperCase()}${machine.name.slice(1)}`,
  "",
  `Table \`${machine.table}\`, rule ${machine.rule}.`,
  "",
  "| From | To | By | Note |",
  "|---|---|---|---|",
  ...machine.transitions.map((one) => `| ${cell(one.from)} | ${cell([one.to])} | ${cell(one.by)} | ${one.note} |`),
  "",
]

/** The tables as one Markdown page, the same text for the same release. */
export const transitionsMarkdown = (): string =>
  [
    "# Transitions",
    "",
    "Every change of state that the fold makes, and the events that make it. `new` is the state before there is a row;",
    "`observed` and `inferred` say how we know that something is over. A state that nothing leaves is final.",
    "",
    ...Object.values(machines).flatMap(section),
  ].join("\n")
