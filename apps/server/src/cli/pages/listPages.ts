/** The pages of `threads`, `queue`, `reaper` and `requests`: one line a row. */
import {
  Asked,
  type ChangedFile,
  type Choice,
  type FolderView,
  type Question,
  type QueueView,
  type RequestDetail,
  type ThreadView,
} from "@threadfold/contracts"
import type { ReaperFindingView } from "@threadfold/contracts/api"
import { Option, Schema } from "effect"
import type { ThreadList } from "../../offline/Reader.js"
import { type Look, oneLine, paintStatus } from "../text/Look.js"
import { type Column, table } from "../text/table.js"
import { ago, counted, idLength, span, threadTitle } from "../text/words.js"

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
    { title: "TITLE", text: threadTitle },
  ]
  const rest = more ? `\n${look.dim(`The newest ${counted(threads.length, "thread")}; more with --limit.`)}` : ""
  return `${table(look, columns, threads)}${rest}\n`
}

/** A thread's queue as it is shown. */
export interface ShownQueue {
  readonly threadId: string
  /** It runs on when a person says so. */
  readonly queueHeld: boolean
  readonly queue: readonly QueueView[]
}

export const queuePage = (look: Look, { queue, queueHeld }: ShownQueue): string => {
  if (queue.length === 0) return "No message waits.\n"
  const length = idLength(queue.map(({ messageId }) => messageId))
  const columns: readonly Column<QueueView>[] = [
    { title: "PLACE", text: ({ position }) => String(position), align: "right" },
    { title: "MESSAGE", text: ({ messageId }) => messageId.slice(0, length), paint: look.bold },
    { title: "QUEUED", text: ({ queuedAt }) => (queuedAt === null ? "-" : ago(queuedAt, look.now)), align: "right" },
    { title: "TEXT", text: ({ text }) => oneLine(text) },
  ]
  const held = queueHeld ? `\n${look.dim("Held until `threadfold resume THREAD`.")}` : ""
  return `${table(look, columns, queue)}${held}\n`
}

/** The folder of a thread, a line for each thing that is known of it. */
export const folderPage = ({ cwd, exists, git }: FolderView): string => {
  const lines = [
    ["folder", cwd === null ? "-" : `${oneLine(cwd)}${exists ? "" : " (not there)"}`],
    ...(git === null
      ? []
      : [
          ["branch", git.branch === null ? "-" : oneLine(git.branch)],
          ["commit", git.commit ?? "-"],
          ["worktree", git.worktree === null ? "-" : oneLine(git.worktree)],
        ]),
  ]
  return `${lines.map(([name = "", value]) => `${name.padEnd(9)} ${value}`).join("\n")}\n`
}

export const reaperPage = (look: Look, findings: readonly ReaperFindingView[]): string => {
  if (findings.length === 0) return "No session lived at the last sweep.\n"
  const paints = new Map([
    ["reap", look.busy],
    ["repair", look.bad],
  ])
  const threads = idLength(findings.map(({ threadId }) => threadId))
  const sessions = idLength(findings.map(({ sessionId }) => sessionId))
  const columns: readonly Column<ReaperFindingView>[] = [
    { title: "THREAD", text: ({ threadId }) => threadId.slice(0, threads), paint: look.bold },
    { title: "SESSION", text: ({ sessionId }) => sessionId.slice(0, sessions) },
    {
      title: "DECISION",
      text: ({ decision }) => decision,
      paint: (text, { decision }) => paints.get(decision)?.(text) ?? text,
    },
    { title: "IDLE", text: ({ idleMs }) => span(0, idleMs) ?? "-", align: "right" },
    { title: "REASON", text: ({ reason }) => oneLine(reason) },
  ]
  return `${table(look, columns, findings)}\n`
}

const askedOf = ({ data }: RequestDetail): Asked =>
  Option.getOrElse(Schema.decodeUnknownOption(Asked)(data), () => ({}))

/** `accept`, or `once (accept)`: what may be sent, and the word that it stands for. */
const choiceText = ({ decision, means }: Choice): string =>
  means === undefined || means === null || means === decision ? decision : `${decision} (${means})`

/** The name of a decision in the agent's words. */
const nameOf = (decision: unknown): string =>
  typeof decision === "string" ? decision : (Object.keys(Object(decision))[0] ?? JSON.stringify(decision))

/** What a request takes; of one that only names the agent's decisions, those. */
const choicesOf = (request: RequestDetail): string => {
  const { choices, decisions } = askedOf(request)
  const names = (choices ?? []).length > 0 ? (choices ?? []).map(choiceText) : (decisions ?? []).map(nameOf)
  return names.length === 0 ? "-" : oneLine(names.join(", "))
}

/** `q1: Which colour? [Red, Blue, or another text; several]`. */
const questionText = ({ id, multiple, options, other, secret, text, type }: Question): string => {
  const offered = (options ?? []).map(({ label }) => label)
  const takes = offered.length === 0 ? [type ?? "text"] : other === true ? [...offered, "or another text"] : offered
  const notes = [...(multiple === true ? ["several"] : []), ...(secret === true ? ["secret"] : [])]
  const asked = text === undefined || text === null || text === id ? id : `${id}: ${text}`
  return oneLine(`${asked} [${[takes.join(", "), ...notes].join("; ")}]`)
}

const changeText = ({ kind, path }: ChangedFile): string =>
  oneLine(kind === undefined || kind === null ? path : `${path} (${kind})`)

/** Lines below a request's own: its questions, its files, and why its last answer failed. */
const detailsOf = (request: RequestDetail): readonly string[] => {
  const { changes, questions } = askedOf(request)
  return [
    ...(questions ?? []).map((one) => `question ${questionText(one)}`),
    ...(changes ?? []).map((one) => `file ${changeText(one)}`),
    ...(request.lastError === null ? [] : [oneLine(`the last answer failed: ${request.lastError}`)]),
  ]
}

/** What waits, what it takes, and what it is about. */
export const requestsPage = (look: Look, requests: readonly RequestDetail[]): string => {
  if (requests.length === 0) return "Nothing waits for an answer.\n"
  const length = idLength(requests.map(({ requestId }) => requestId))
  const threadLength = idLength(
    requests.map(({ threadId }) => threadId),
    true,
  )
  const columns: readonly Column<RequestDetail>[] = [
    { title: "REQUEST", text: ({ requestId }) => requestId.slice(0, length), paint: look.bold },
    { title: "THREAD", text: ({ threadId }) => threadId.slice(0, threadLength) },
    { title: "ASKED", text: ({ openedAt }) => ago(openedAt, look.now), align: "right" },
    { title: "KIND", text: ({ kind }) => oneLine(kind) },
    { title: "CHOICES", text: choicesOf },
    { title: "TITLE", text: ({ title }) => oneLine(title ?? "-") },
  ]
  const details = requests.flatMap((request) =>
    detailsOf(request).map((line) => `${request.requestId.slice(0, length)}  ${line}`),
  )
  return `${[table(look, columns, requests), ...(details.length === 0 ? [] : ["", ...details])].join("\n")}\n`
}
