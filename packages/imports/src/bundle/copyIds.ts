/** A copy of a thread under ids of its own: every id of ours has another one, the same one wherever it stands. */
import { uuidV7Pattern } from "@threadfold/contracts"
import { mintId } from "@threadfold/core"
import { type RestoredEvent, sha256 } from "@threadfold/engine"
import { relatedIds } from "./relatedColumns.js"

/** Columns that hold an id of ours. */
const columns = ["eventId", ...relatedIds] as const

/** Fields of payloads that hold an id of something of the thread, or a list of them. */
export const fieldsOfThread: ReadonlySet<string> = new Set(["messageId", "messageIds", "effectId"])
/** Those, and fields that hold an id of another stream. */
const fieldsOfLog: ReadonlySet<string> = new Set([
  ...fieldsOfThread,
  "connectionId",
  "parentThreadId",
  "forkedFromThreadId",
  "fromThreadId",
])
/** Native ids that are ours: the client gave them to the provider, which repeats them. */
const nativeFields: ReadonlySet<string> = new Set(["clientId"])

/** The id of a copy. It has the time of the original, and follows from it and the seed alone. */
export const copyId = (id: string, seed: string): string =>
  uuidV7Pattern.test(id)
    ? mintId(sha256, Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16), `copy|${seed}|${id}`)
    : id

const withCopies = (text: string, names: ReadonlySet<string>, copy: (id: string) => string): string => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return text
  if (!Object.keys(value).some((name) => names.has(name))) return text
  const of = (entry: unknown): unknown =>
    typeof entry === "string" ? copy(entry) : Array.isArray(entry) ? entry.map(of) : entry
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(value).map(([name, entry]: [string, unknown]) => [name, names.has(name) ? of(entry) : entry]),
    ),
  )
}

/**
 * An event as the copy has it. Native bodies stay verbatim: what they repeat of our ids is what the provider was told.
 *
 * @param fields fields of payloads whose ids are of what is copied; by default also those of other streams
 */
export const copyOf = (
  { body, row }: RestoredEvent,
  seed: string,
  fields: ReadonlySet<string> = fieldsOfLog,
): RestoredEvent => {
  const copy = (id: string): string => copyId(id, seed)
  const ids: Partial<Record<(typeof columns)[number], string>> = {}
  for (const name of columns) {
    const id = row[name]
    if (id !== null) ids[name] = copy(id)
  }
  return {
    row: {
      ...row,
      ...ids,
      streamId: copy(row.streamId),
      native: row.native === null ? null : withCopies(row.native, nativeFields, copy),
      payload: withCopies(row.payload, fields, copy),
    },
    body,
  }
}
