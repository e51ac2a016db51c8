/** The page of `requests`: what waits, what it takes, and what it is about. */
import { Asked, type ChangedFile, type Choice, type Question, type RequestDetail } from "@threadfold/contracts"
import { Option, Schema } from "effect"
import { type Look, oneLine } from "../text/Look.js"
import { type Column, table } from "../text/table.js"
import { ago, idLength } from "../text/words.js"

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
