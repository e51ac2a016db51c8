/** The pages of `agents`: the agents, one of them, and what it says of itself. */
import type { AgentListName } from "@threadfold/contracts"
import type { AgentDetail, AgentList } from "@threadfold/contracts/api"
import { type Look, oneLine } from "../text/Look.js"
import { type Column, table } from "../text/table.js"
import { ago, counted } from "../text/words.js"

type Agent = (typeof AgentList.Type)["items"][number]

export const agentsPage = (look: Look, { items }: typeof AgentList.Type): string => {
  if (items.length === 0) return "No agent was found or configured; `threadfold doctor` says how to get one.\n"
  const columns: readonly Column<Agent>[] = [
    { title: "AGENT", text: ({ name }) => name, paint: look.bold },
    { title: "KIND", text: ({ kind }) => kind },
    { title: "MODEL", text: ({ model }) => oneLine(model ?? "-") },
    { title: "TELLS", text: ({ capabilities }) => capabilities.lists.join(", ") || "-" },
  ]
  return `${table(look, columns, items)}\n`
}

const yes = (value: boolean | null): string => (value === null ? "not known" : value ? "yes" : "no")

export const agentPage = (look: Look, { installation, kind, model, name, running, signedIn }: AgentDetail): string => {
  const facts = [
    ["kind", kind],
    ["model", model ?? "its own"],
    ["running", yes(running)],
    ["signed in", yes(signedIn)],
    ["installed", installation === null ? "not known" : installation.detail],
    ...(installation?.path == null ? [] : [["path", installation.path]]),
    ...(installation?.next == null ? [] : [["next", installation.next]]),
  ]
  return `${look.bold(name)}\n${facts.map(([what = "", is = ""]) => `${what.padEnd(10)} ${oneLine(is)}`).join("\n")}\n`
}

type Fields = Readonly<Record<string, unknown>>

/** Which fields of an entry are shown, by list. */
const shown: Readonly<Record<Exclude<AgentListName, "account">, readonly string[]>> = {
  models: ["model", "title", "isDefault", "efforts", "description"],
  commands: ["name", "hint", "description"],
  skills: ["name", "scope", "enabled", "description"],
  mcp: ["name", "state", "error", "tools"],
  limits: ["limit", "usedPercent", "resetsAt"],
}

const cell = (value: unknown): string => {
  if (value === null || value === undefined || value === false) return "-"
  if (value === true) return "yes"
  return oneLine(Array.isArray(value) ? value.join(" ") || "-" : String(value))
}

const asked = (look: Look, asOf: number | null): string =>
  asOf === null ? "It was not asked yet: --refresh asks it, and starts it for that." : `Asked ${ago(asOf, look.now)}.`

export const agentListPage = (
  look: Look,
  list: Exclude<AgentListName, "account">,
  {
    asOf,
    items,
    omitted,
  }: { readonly asOf: number | null; readonly items: readonly Fields[]; readonly omitted: number },
): string => {
  const more = omitted === 0 ? "" : `${counted(omitted, "entry", "entries")} more: the list is longer than a page. `
  const foot = look.dim(`${more}${asked(look, asOf)}`)
  if (items.length === 0) return `${asOf === null ? "" : "None. "}${foot}\n`
  const columns = shown[list].map(
    (name): Column<Fields> => ({ title: name.toUpperCase(), text: (row) => cell(row[name]) }),
  )
  return `${table(look, columns, items)}\n${foot}\n`
}

export const accountPage = (
  look: Look,
  { account, asOf }: { readonly asOf: number | null; readonly account: Fields | null },
): string => {
  if (account === null) return `${look.dim(asked(look, asOf))}\n`
  const facts = ["signedIn", "kind", "email", "plan", "organization"].map(
    (name) => `${name.padEnd(13)} ${account[name] === false ? "no" : cell(account[name])}`,
  )
  return `${facts.join("\n")}\n${look.dim(asked(look, asOf))}\n`
}
