/** The page of `requests`. */
import type { RequestDetail } from "@threadfold/contracts"
import { Option, Schema } from "effect"
import { type Look, oneLine } from "../text/Look.js"
import { type Column, table } from "../text/table.js"
import { ago, idLength } from "../text/words.js"

const Offered = Schema.Struct({ decisions: Schema.Array(Schema.String) })

/** The decisions that a request names, where they are plain words. */
const decisionsOf = ({ data }: RequestDetail): string =>
  Option.match(Schema.decodeUnknownOption(Offered)(data), {
    onNone: () => "-",
    onSome: ({ decisions }) => oneLine(decisions.join(", ")),
  })

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
    { title: "DECISIONS", text: decisionsOf },
    { title: "TITLE", text: ({ title }) => oneLine(title ?? "-") },
  ]
  return `${table(look, columns, requests)}\n`
}
