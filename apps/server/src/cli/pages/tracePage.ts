/** The page of `trace ID`: the model calls of a thread as a tree, oldest turn first. */
import type { TraceAttempt, TraceItem, TraceTurn } from "@threadfold/contracts"
import type { TraceList } from "../../offline/Reader.js"
import { type Look, oneLine, paintStatus } from "../text/Look.js"
import { cut } from "../text/table.js"
import { count, counted } from "../text/words.js"

const joined = (parts: readonly (string | null)[]): string =>
  parts.filter((part): part is string => part !== null && part !== "").join(" · ")

const milliseconds = (ms: number | null, what = ""): string | null =>
  ms === null ? null : `${what}${ms < 10_000 ? `${count(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`}`

const tokens = ({ usage }: TraceAttempt): string | null => {
  const input = usage?.inputTokens ?? null
  const output = usage?.outputTokens ?? null
  if (input === null && output === null) return null
  return `${input === null ? "?" : count(input)} in, ${output === null ? "?" : count(output)} out`
}

/** Enough digits for a call that costs little. */
const cost = ({ cost: price }: TraceAttempt): string | null => (price === null ? null : `costs ${price.toPrecision(3)}`)

const itemLine = (look: Look, { itemKey, step }: TraceItem): string => {
  if (step === null) return `      ${look.dim(cut(oneLine(itemKey), 60))}`
  const title = step.title === null ? "" : ` ${oneLine(step.title)}`
  const state = step.status === "completed" ? null : paintStatus(look)(step.status)
  return `      ${cut(joined([`${step.kind}${title}`, state, milliseconds(step.durationMs)]), look.width - 6)}`
}

const attemptLines = (look: Look, attempt: TraceAttempt): readonly string[] => {
  const { error, items, moreItems, model, partial, untraced } = attempt
  const facts = joined([
    paintStatus(look)(attempt.status),
    milliseconds(attempt.durationMs),
    milliseconds(attempt.firstByteMs, "first byte after "),
    tokens(attempt),
    cost(attempt),
    partial ? `partial: ${counted(attempt.outputItems, "item")} kept` : null,
    untraced ? look.bad("not wholly recorded") : null,
    attempt.upstreamRequestId === null ? null : look.dim(attempt.upstreamRequestId),
  ])
  return [
    `    call ${oneLine(model ?? "of a model that is not known")} ${facts}`,
    ...(error === null ? [] : [`      ${look.bad(cut(oneLine(error), look.width - 6))}`]),
    ...items.map((item) => itemLine(look, item)),
    ...(moreItems ? [`      ${look.dim("… more items: see --json and the log")}`] : []),
  ]
}

const turnLines = (look: Look, turn: TraceTurn): readonly string[] => [
  "",
  joined([
    `${look.bold("turn")} ${turn.turnId}`,
    paintStatus(look)(turn.outcome ?? turn.status),
    milliseconds(turn.durationMs),
  ]),
  ...(turn.attempts.length === 0 ? [`    ${look.dim("no model calls are recorded")}`] : []),
  ...turn.attempts.flatMap((attempt) => attemptLines(look, attempt)),
  ...(turn.moreAttempts ? [`    ${look.dim("… more calls")}`] : []),
  ...turn.subagents.map(({ status, threadId, title }) =>
    joined([`    sub-agent ${threadId}`, title === null ? null : oneLine(title), paintStatus(look)(status)]),
  ),
]

export const tracePage = (look: Look, { more, threadId, turns }: TraceList): string => {
  const lines = [...turns].reverse().flatMap((turn) => turnLines(look, turn))
  const head = `Model calls of thread ${threadId}`
  const older = more ? [look.dim("Older turns are left out: --limit shows more.")] : []
  return `${[head, ...older, ...(turns.length === 0 ? ["It has no turns."] : lines)].join("\n")}\n`
}
