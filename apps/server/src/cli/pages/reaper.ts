/** The page of `reaper`. */
import type { ReaperFindingView } from "@threadfold/contracts/api"
import { type Look, oneLine } from "../text/Look.js"
import { type Column, table } from "../text/table.js"
import { idLength, span } from "../text/words.js"

export const reaperPage = (look: Look, findings: readonly ReaperFindingView[]): string => {
  if (findings.length === 0) return "No session lived at the last sweep.\n"
  const paint = { keep: (text: string) => text, reap: look.busy, repair: look.bad }
  const threads = idLength(findings.map(({ threadId }) => threadId))
  const sessions = idLength(findings.map(({ sessionId }) => sessionId))
  const columns: readonly Column<ReaperFindingView>[] = [
    { title: "THREAD", text: ({ threadId }) => threadId.slice(0, threads), paint: look.bold },
    { title: "SESSION", text: ({ sessionId }) => sessionId.slice(0, sessions) },
    { title: "DECISION", text: ({ decision }) => decision, paint: (text, { decision }) => paint[decision](text) },
    { title: "IDLE", text: ({ idleMs }) => span(0, idleMs) ?? "-", align: "right" },
    { title: "REASON", text: ({ reason }) => oneLine(reason) },
  ]
  return `${table(look, columns, findings)}\n`
}
