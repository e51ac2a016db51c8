/** The page of `explain`: what a thread does, waits for, and what follows by itself. */
import type { ExplainFact, ExplainReport } from "@threadfold/contracts"
import { type Look, oneLine, paintStatus } from "../text/Look.js"
import { ago, moment } from "../text/words.js"

const headings = [
  ["now", "Now"],
  ["waits", "It waits for"],
  ["next", "What follows by itself"],
  ["anomaly", "What was refused"],
] as const

/** `in 12 min`, roughly. */
const ahead = (at: number, now: number): string =>
  at <= now ? "now" : `in ${ago(now - (at - now), now).replace(" ago", "")}`

const timeOf = ({ at, topic }: ExplainFact, now: number): string => {
  if (at === null) return ""
  return topic === "next" ? ` ${moment(at)} UTC, ${ahead(at, now)}.` : ` Since ${moment(at)} UTC, ${ago(at, now)}.`
}

const factLine = (look: Look, fact: ExplainFact, now: number): string => {
  const where = fact.row === null ? "" : ` ${look.dim(`[${fact.row}]`)}`
  return `  - ${oneLine(fact.sentence)}${timeOf(fact, now)}${where}`
}

/** What a thread does, in plain sentences. */
export const explainPage = (look: Look, { facts, now, policy, status, threadId }: ExplainReport): string => {
  const head = `${look.bold(threadId)} is ${paintStatus(look)(status)}.`
  const parts = headings.flatMap(([topic, title]) => {
    const own = facts.filter((fact) => fact.topic === topic)
    return own.length === 0 ? [] : [[look.bold(title), ...own.map((fact) => factLine(look, fact, now))].join("\n")]
  })
  const note = look.dim(
    `As of ${moment(now)} UTC, if nothing happens before. Policy: ${policy}. Why: threadfold why ${threadId} ROW.`,
  )
  return `${[head, ...parts, note].join("\n\n")}\n`
}
