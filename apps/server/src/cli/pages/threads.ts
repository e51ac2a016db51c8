/** The page of `threads`. */
import type { ThreadView } from "@threadfold/contracts"
import type { ThreadList } from "../../offline/Reader.js"
import { type Look, oneLine } from "../text/Look.js"
import { type Column, table } from "../text/table.js"
import { ago, counted, idLength } from "../text/words.js"
import { paintStatus } from "./status.js"

export const threadsPage = (look: Look, { more, threads }: ThreadList): string => {
  if (threads.length === 0) return "No threads yet.\n"
  const length = idLength(
    threads.map(({ threadId }) => threadId),
    more,
  )
  const columns: readonly Column<ThreadView>[] = [
    { title: "THREAD", text: ({ threadId }) => threadId.slice(0, length), paint: look.bold },
    { title: "STATUS", text: ({ status }) => status, paint: paintStatus(look) },
    { title: "TURNS", text: ({ turns }) => String(turns), align: "right" },
    { title: "PROVIDER", text: ({ provider }) => oneLine(provider ?? "-") },
    { title: "UPDATED", text: ({ updatedAt }) => ago(updatedAt, look.now), align: "right" },
    { title: "TITLE", text: ({ title, firstWords, cwd }) => oneLine(title ?? firstWords ?? cwd ?? "-") },
  ]
  const rest = more ? `\n${look.dim(`The newest ${counted(threads.length, "thread")}; more with --limit.`)}` : ""
  return `${table(look, columns, threads)}${rest}\n`
}
