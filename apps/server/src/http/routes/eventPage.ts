/** Pages of the log. The stored JSON of payloads goes out as it is: nothing is parsed and written again. */
import type { StorageUnavailable } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { type EventRow, encodeEnvelopeJson, type LogReader } from "@threadfold/event-log"
import { type CursorInvalid, decodeCursor, encodeCursor } from "@threadfold/projections"
import { Effect } from "effect"
import { requireEventTypes } from "../../eventTypes.js"
import { parseCursor } from "../stream/Frame.js"

/** Entries of a page where the call names no limit. */
const defaultLimit = 50

export interface EventQuery {
  readonly streamId?: string
  readonly types?: readonly string[]
  readonly after?: string | undefined
  readonly cursor?: string | undefined
  readonly order?: "asc" | "desc" | undefined
  readonly limit?: number | undefined
  /** True: with the native message of each event. */
  readonly native: boolean
}

/** The envelope's JSON; with `native`, one more field: the native message or null. */
export const eventJson = (
  log: LogReader,
  row: EventRow,
  native: boolean,
): Effect.Effect<string, StorageUnavailable> => {
  const json = encodeEnvelopeJson(row)
  return native
    ? Effect.map(log.native(row.sequence), (body) => `${json.slice(0, -1)},"nativeBody":${JSON.stringify(body)}}`)
    : Effect.succeed(json)
}

const startOf = (log: LogReader, after: string | undefined): Effect.Effect<number, Problem> =>
  after === undefined
    ? Effect.succeed(0)
    : Effect.flatMap(parseCursor(after), ({ logId, sequence }) =>
        logId === null || logId === log.logId
          ? Effect.succeed(sequence)
          : Effect.fail(new Problem({ slug: "invalid-cursor", detail: "It belongs to another log." })),
      )

/** A page as JSON text, and the sequence it is true for. */
export const eventPage = (
  log: LogReader,
  query: EventQuery,
): Effect.Effect<{ readonly json: string; readonly sequence: number }, Problem | CursorInvalid | StorageUnavailable> =>
  Effect.gen(function* () {
    const order = query.order ?? "asc"
    const list = `events/${query.streamId ?? ""}/${order}`
    const limit = query.limit ?? defaultLimit
    const head = log.published()
    const start = yield* startOf(log, query.after)
    const place = query.cursor === undefined ? null : yield* decodeCursor(list, ["number"], query.cursor)
    const at = Number(place?.key[0] ?? 0)
    const after = order === "asc" ? Math.max(start, at) : start
    const until = order === "desc" && place !== null ? Math.min(head, at - 1) : head
    const found =
      until <= after
        ? []
        : yield* log.read({
            after,
            until,
            order,
            limit: limit + 1,
            ...(query.streamId === undefined ? {} : { streamId: query.streamId }),
            ...(query.types === undefined ? {} : { types: query.types }),
          })
    const rows = found.slice(0, limit)
    const last = rows[rows.length - 1]
    const next =
      last === undefined || found.length <= limit
        ? null
        : encodeCursor(list, { key: [last.sequence], direction: "next" })
    const items = yield* Effect.forEach(rows, (row) => eventJson(log, row, query.native))
    return { json: `{"sequence":${head},"items":[${items.join(",")}],"next":${JSON.stringify(next)}}`, sequence: head }
  })

/** Event types of a comma-separated list; undefined for none. Fails with `invalid-request` for one that is not known. */
export const typesOf = (text: string | undefined): Effect.Effect<readonly string[] | undefined, Problem> => {
  const types = (text ?? "").split(",").flatMap((type) => (type.trim() === "" ? [] : [type.trim()]))
  return Effect.as(requireEventTypes(types, "types"), types.length === 0 ? undefined : types)
}
