/** The page of `import found`. */
import type { FoundReport } from "@threadfold/contracts"
import type { Look } from "../text/Look.js"
import { ago, bytes, count, counted } from "../text/words.js"
import { importPage } from "./reportPages.js"

/** What there is, per agent, and what the import led to. */
export const foundPage = (look: Look, { agents, imported }: FoundReport): string => {
  const lines = agents.map(({ bytes: size, folders, newestAt, new: fresh, sessions, title }) =>
    sessions === 0 || newestAt === null
      ? `${look.bold(title)}  none in ${folders.join(" or ")}`
      : `${look.bold(title)}  ${counted(sessions, "file")}, ${count(fresh)} new, ${bytes(size)}, the newest ${ago(newestAt, look.now)}`,
  )
  const isThere = agents.some(({ sessions }) => sessions > 0)
  const what = agents.some(({ new: fresh }) => fresh > 0) ? "Import them all" : "Nothing is new. Import what has grown"
  const next = imported === null && isThere ? [look.dim(`${what}: threadfold import found --yes`)] : []
  return `${[...lines, ...next].join("\n")}\n${imported === null ? "" : `\n${importPage(look, imported)}`}`
}
