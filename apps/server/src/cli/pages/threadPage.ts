/** The page of `thread ID`: what happened, turn by turn. */
import type { ItemView, RequestView, ThreadSnapshot, TurnView, UsageView } from "@threadfold/contracts"
import { harmless, type Look, oneLine, paintStatus } from "../text/Look.js"
import { cut } from "../text/table.js"
import { ago, count, counted, span, threadTitle } from "../text/words.js"

/** Lines of a message or an output that a page shows before it refers to --json. */
const shownLines = 12

const label: Readonly<Record<string, string>> = {
  user_message: "user",
  agent_message: "agent",
  file_change: "file",
  tool_call: "tool",
  web_search: "search",
}

const tokens = (usage: UsageView | null): string | null => {
  if (usage === null) return null
  const named: readonly (readonly [string, number | null])[] = [
    ["in", usage.inputTokens],
    ["cached", usage.cachedInputTokens],
    ["out", usage.outputTokens],
    ["reasoning", usage.reasoningTokens],
    ["total", usage.totalTokens],
  ]
  const parts = named.flatMap(([name, value]) => (value === null ? [] : [`${count(value)} ${name}`]))
  return parts.length === 0 ? null : `${parts.join(", ")} tokens`
}

const joined = (parts: readonly (string | null | undefined | false)[], separator = " · "): string =>
  parts.filter((part): part is string => typeof part === "string" && part !== "").join(separator)

/** How something ended, and by which evidence. */
const ending = (
  look: Look,
  row: { readonly status: string; readonly outcome: string | null; readonly evidence: string | null },
): string =>
  `${paintStatus(look)(row.outcome ?? row.status)}${row.evidence === "inferred" ? look.dim(" (inferred)") : ""}`

const block = (look: Look, text: string, indent: string): string => {
  const lines = harmless(text).trimEnd().split("\n")
  const shown = lines.slice(0, shownLines).map((line) => indent + cut(line, Math.max(20, look.width - indent.length)))
  const rest = lines.length - shown.length
  return [...shown, ...(rest > 0 ? [indent + look.dim(`… ${counted(rest, "line")} more`)] : [])].join("\n")
}

const itemText = (look: Look, item: ItemView): string => {
  const state = item.status === "completed" ? "" : ` ${paintStatus(look)(item.status)}`
  const exit = item.exitCode === null || item.exitCode === 0 ? "" : look.bad(` exit ${item.exitCode}`)
  const cutText = item.truncated?.text
  const more =
    cutText === undefined ? "" : `\n    ${look.dim(`cut: ${count(cutText.bytes)} bytes in all, at ${cutText.href}`)}`
  const name = (label[item.kind] ?? (item.kind === "other" ? (item.nativeKind ?? "other") : item.kind)).padEnd(10)
  const head = `  ${look.dim(oneLine(name).padEnd(10))} `
  if (item.title === null && item.text !== null) {
    return `${head.trimEnd()}${state}${exit}\n${block(look, item.text, "    ")}${more}`
  }
  const title = cut(oneLine(item.title ?? "-"), Math.max(20, look.width - 24))
  return `${head}${title}${state}${exit}${item.text === null || item.text === "" ? "" : `\n${block(look, item.text, "    ")}${more}`}`
}

const requestText = (look: Look, request: RequestView): string =>
  `  ${look.dim("asks".padEnd(10))} ${joined([
    oneLine(request.title ?? request.kind),
    paintStatus(look)(request.status),
    request.decision === null ? null : oneLine(request.decision),
  ])}`

const turnText = (look: Look, snapshot: ThreadSnapshot, turn: TurnView, number: number): string => {
  const head = joined([
    look.bold(`Turn ${number}`),
    ending(look, turn),
    span(turn.startedAt, turn.endedAt),
    ago(turn.startedAt, look.now),
    tokens(turn.usage),
    // That the provider itself said so is what one expects.
    turn.cause === null || turn.cause === "provider" ? null : look.dim(oneLine(turn.cause)),
    turn.rewound && look.busy("taken back"),
  ])
  return [
    head,
    ...snapshot.items.filter(({ turnId }) => turnId === turn.turnId).map((item) => itemText(look, item)),
    ...snapshot.requests.filter(({ turnId }) => turnId === turn.turnId).map((request) => requestText(look, request)),
  ].join("\n")
}

/** Whether a deleted thread can come back. */
const endOf = (status: ThreadSnapshot["thread"]["status"]): string =>
  status === "purged" ? "its content is gone for good" : "`threadfold restore` brings it back"

const headOf = (look: Look, { session, thread, usage }: ThreadSnapshot): string => {
  const rows: readonly (readonly [string, string])[] = [
    ["thread", `${thread.threadId} · ${paintStatus(look)(thread.status)}`],
    ["native", oneLine(joined([thread.provider, thread.nativeThreadId]))],
    ["model", oneLine(thread.model ?? "")],
    ["folder", oneLine(thread.cwd ?? "")],
    [
      "deleted",
      thread.deletedAt === null ? "" : look.bad(joined([ago(thread.deletedAt, look.now), endOf(thread.status)])),
    ],
    ["parent", thread.parentThreadId ?? ""],
    ["forked from", thread.forkedFromThreadId ?? ""],
    [
      "session",
      session === null
        ? ""
        : joined([
            session.sessionId,
            `epoch ${session.epoch}`,
            session.mode,
            paintStatus(look)(session.status),
            session.cause === null ? null : oneLine(session.cause),
          ]),
    ],
    ["last error", session?.lastError === null || session === null ? "" : look.bad(oneLine(session.lastError))],
    ["usage", tokens(usage) ?? ""],
  ]
  return [
    look.bold(threadTitle(thread)),
    ...rows.filter(([, text]) => text !== "").map(([name, text]) => `${look.dim(name.padEnd(12))}${text}`),
  ].join("\n")
}

const section = (look: Look, title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [[look.bold(title), ...lines.map((line) => `  ${line}`)].join("\n")]

export const threadPage = (look: Look, snapshot: ThreadSnapshot): string => {
  const turnIds = new Set(snapshot.turns.map(({ turnId }) => turnId))
  const stray = snapshot.items.filter(({ turnId }) => turnId === null || !turnIds.has(turnId))
  const parts = [
    headOf(look, snapshot),
    ...snapshot.turns.map((turn, index) => turnText(look, snapshot, turn, index + 1)),
    ...(stray.length === 0
      ? []
      : [[look.bold("Outside of turns"), ...stray.map((item) => itemText(look, item))].join("\n")]),
    ...section(
      look,
      "Model calls",
      snapshot.inferences.map((one) =>
        joined([oneLine(one.model ?? "?"), paintStatus(look)(one.status), counted(one.outputItems, "output item")]),
      ),
    ),
    ...section(
      look,
      "Voice",
      snapshot.realtimeRuns.map((run) => joined([paintStatus(look)(run.status), run.reason, run.lastError])),
    ),
    ...section(
      look,
      "Delegations from voice",
      snapshot.delegations.map((one) => joined([paintStatus(look)(one.status), oneLine(one.text ?? "")])),
    ),
    ...section(
      look,
      "Background tasks",
      snapshot.tasks.map((task) =>
        joined([oneLine(task.title ?? task.kind ?? "task"), ending(look, { ...task, evidence: null })]),
      ),
    ),
    ...section(
      look,
      snapshot.thread.queueHeld ? "Queued messages, held until `threadfold resume`" : "Queued messages",
      snapshot.queue.map((message) => `${message.position}. ${oneLine(message.text)}`),
    ),
    ...section(
      look,
      "Anomalies (recorded, not applied)",
      snapshot.anomalies.map((one) =>
        joined([
          look.busy(one.reason),
          oneLine(one.subject),
          `${counted(one.count, "time")}, last at event ${one.lastSequence}`,
          one.detail === null ? null : look.dim(oneLine(one.detail)),
        ]),
      ),
    ),
    look.dim(`True as of event ${count(snapshot.sequence)}.`),
  ]
  return `${parts.join("\n\n")}\n`
}
