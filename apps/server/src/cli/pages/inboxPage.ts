/** The page of `inbox`: what needs a person, one line each, and what to do about it. */
import type { Inbox, InboxEntry } from "@threadfold/contracts"
import { type Look, oneLine } from "../text/Look.js"
import { type Column, table } from "../text/table.js"
import { ago, counted, idLength } from "../text/words.js"

/** What a kind is called here, and the command that goes on from it. */
const kinds: Readonly<Record<string, { readonly name: string; readonly next: string }>> = {
  request: {
    name: "question",
    next: "`threadfold requests` shows what each question takes, `threadfold answer` answers it.",
  },
  "stalled-turn": { name: "stalled turn", next: "`threadfold stop THREAD --turn` interrupts a stalled turn." },
  "uncertain-message": {
    name: "uncertain message",
    next: "An uncertain message may or may not have reached its agent: look at the thread, then send it again or stop.",
  },
  "failed-turn": { name: "failed turn", next: "`threadfold explain THREAD` says why a turn failed." },
  "held-queue": { name: "held queue", next: "`threadfold resume THREAD` lets a held queue run." },
}

const textOf = ({ messages, text, threadTitle }: InboxEntry): string =>
  oneLine(text ?? (messages > 0 ? `${counted(messages, "message")} wait` : (threadTitle ?? "-")))

export const inboxPage = (look: Look, { counts, items, more, partial }: Inbox): string => {
  if (items.length === 0) return "Nothing needs you.\n"
  const threads = idLength(
    items.map(({ threadId }) => threadId),
    true,
  )
  const columns: readonly Column<InboxEntry>[] = [
    { title: "THREAD", text: ({ threadId }) => threadId.slice(0, threads), paint: look.bold },
    { title: "SINCE", text: ({ since }) => ago(since, look.now), align: "right" },
    { title: "WHAT", text: ({ kind }) => kinds[kind]?.name ?? kind },
    { title: "AGENT", text: ({ agent }) => oneLine(agent ?? "-") },
    { title: "ABOUT", text: textOf },
  ]
  const next = [...new Set(items.map(({ kind }) => kinds[kind]?.next))].filter((line) => line !== undefined)
  const rest = more || partial ? [look.dim(`${items.length} of ${partial ? "more than " : ""}${counts.total}.`)] : []
  return `${[table(look, columns, items), "", ...rest, ...next].join("\n")}\n`
}
