/** The page of `retain`. */
import type { RetainReport } from "@threadfold/contracts"
import type { Look } from "../text/Look.js"
import { counted, idLength } from "../text/words.js"

const head = (look: Look, { archived, dryRun, due, looked }: RetainReport): string => {
  if (dryRun) {
    return look.bold(
      `A preview: nothing was written or removed. ${counted(due, "thread")} of ${looked} would be archived.`,
    )
  }
  return `${look.good("Archived")} ${counted(archived, "thread")} of ${looked}.`
}

export const retainPage = (look: Look, report: RetainReport): string => {
  const { dryRun, due, kept, purgedBefore, threads } = report
  const length = idLength(threads.map(({ threadId }) => threadId))
  const lines = threads.map(({ detail, events, file, outcome, threadId }) => {
    const id = look.bold(threadId.slice(0, length))
    switch (outcome) {
      case "archived":
        return `  ${id}  ${counted(events ?? 0, "event")} in ${file}`
      case "due":
        return `  ${id}  would be archived`
      case "kept":
        return `  ${id}  kept: ${detail}`
      default:
        return `  ${id}  ${look.bad("not archived")}: ${detail}`
    }
  })
  return [
    head(look, report),
    ...(purgedBefore === 0 ? [] : [`  ${counted(purgedBefore, "thread")} had been purged before.`]),
    ...lines,
    ...(kept.length === 0 ? [] : ["", look.bold("Kept")]),
    ...kept.map(({ reason, sentence, threads }) => `  ${String(threads).padStart(6)}  ${reason}: ${sentence}`),
    ...(dryRun && due > 0 ? ["", "Give --into and --yes to archive them."] : []),
    "",
  ].join("\n")
}
