/** What the list of threads knows of a thread, where it stands in the list, and which filter it meets. Pure functions. */
import type { ThreadStatus, ThreadView } from "@threadfold/contracts"
import { counted, visible } from "../../format/format.js"

/** Groups of the list, from the top: what needs a person comes first, whatever its age. */
export const groups = ["needs", "working", "rest"] as const
export type Group = (typeof groups)[number]

/** The name of a thread in a list. */
export const nameOf = ({ firstWords, title }: Pick<ThreadView, "firstWords" | "title">): string =>
  visible(title ?? firstWords ?? "Untitled thread")

/** Why a thread needs a person, and the colour that says how bad it is. */
export interface Need {
  readonly tone: "waiting" | "stalled" | "failed"
  readonly text: string
}

const waiting = (text: string): Need => ({ tone: "waiting", text })

/** Why a thread needs a person; null: it does not. An archived one does not ask for attention. */
export const needOf = (thread: ThreadView): Need | null => {
  if (thread.archivedAt !== null || thread.deletedAt !== null) return null
  if (thread.openRequests > 0) return waiting(counted(thread.openRequests, "open request"))
  if (thread.status === "waiting") return waiting("waits for you")
  if (thread.status === "stalled") return { tone: "stalled", text: "nothing heard of its turn" }
  if (thread.uncertainTurns > 0) return { tone: "stalled", text: "a message may not have arrived" }
  if (thread.failedTurnId !== null && thread.unread) return { tone: "failed", text: "last turn failed" }
  if (thread.queueHeld && thread.queued > 0) return waiting("queue is held")
  return null
}

/** The group that a thread belongs to. */
export const groupOf = (thread: ThreadView): Group => {
  if (needOf(thread) !== null) return "needs"
  return thread.status === "working" || thread.status === "starting" ? "working" : "rest"
}

/** What a thread is sorted by in its group: a thread at work changes all the time and should not move for it. */
export const rankOf = (thread: ThreadView, group: Group): number =>
  group === "rest" ? (thread.updatedAt ?? 0) : (thread.createdAt ?? 0)

/** What the list shows; it is in the address. */
export interface ThreadFilter {
  readonly text: string
  readonly status: readonly ThreadStatus[]
  readonly agent: readonly string[]
  readonly folder: string
  /** Archived threads instead of the others. */
  readonly archived: boolean
}

export const statuses: readonly ThreadStatus[] = [
  "waiting",
  "working",
  "starting",
  "stalled",
  "error",
  "idle",
  "stopped",
]

const words = (text: string | null): readonly string[] => (text ?? "").split(",").filter((word) => word !== "")

/** The filter that an address says. */
export const filterOf = (params: URLSearchParams): ThreadFilter => ({
  text: params.get("q") ?? "",
  status: statuses.filter((status) => words(params.get("status")).includes(status)),
  agent: words(params.get("agent")),
  folder: params.get("folder") ?? "",
  archived: params.get("archived") === "true",
})

/** A filter as it is written into the address. */
export const paramsOf = (filter: ThreadFilter): Readonly<Record<string, string>> => ({
  ...(filter.text === "" ? {} : { q: filter.text }),
  ...(filter.status.length === 0 ? {} : { status: filter.status.join(",") }),
  ...(filter.agent.length === 0 ? {} : { agent: filter.agent.join(",") }),
  ...(filter.folder === "" ? {} : { folder: filter.folder }),
  ...(filter.archived ? { archived: "true" } : {}),
})

/** A filter as `GET /v1/threads` takes it. */
export const queryOf = (filter: ThreadFilter): Readonly<Record<string, string | readonly string[]>> => ({
  sort: "updatedAt",
  archived: String(filter.archived),
  text: filter.text,
  status: filter.status,
  agent: filter.agent,
  folder: filter.folder,
})

/** Only ASCII letters: the server compares so. */
const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** Whether a thread meets a filter, by the rules of `GET /v1/threads`. */
export const meets = (thread: ThreadView, { agent, archived, folder, status, text }: ThreadFilter): boolean => {
  if (thread.deletedAt !== null || thread.status === "purged") return false
  if ((thread.archivedAt !== null) !== archived) return false
  if (status.length > 0 && !status.includes(thread.status)) return false
  if (agent.length > 0 && !agent.includes(thread.agent ?? "")) return false
  if (
    folder !== "" &&
    thread.cwd !== folder &&
    !(thread.cwd ?? "").startsWith(folder.endsWith("/") ? folder : `${folder}/`)
  )
    return false
  const wanted = lower(text)
  return wanted === "" || [thread.title, thread.firstWords].some((one) => one !== null && lower(one).includes(wanted))
}
