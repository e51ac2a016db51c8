/** Pages of the log. The stored JSON of payloads goes out as it is: nothing is parsed and written again. */
import type { StorageUnavailable } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import type { LogReader } from "@threadfold/event-log"
import { type CursorInvalid, decodeCursor, encodeCursor } from "@threadfold/projections"
import { Effect } from "effect"
import { readEvents } from "../../bounds/readEvents.js"
import { requireEventTypes } from "../../eventTypes.js"
import { parseCursor } from "../stream/Frame.js"
import type { FrameFilter } from "../stream/Ring.js"

/** Entries of a page where the call names no limit. */
const defaultLimit = 50

export interface EventQuery {
  readonly streamId?: string
  readonly types?: readonly string[]
  readonly except?: readonly string[]
  readonly after?: string | undefined
  readonly cursor?: string | undefined
  readonly order?: "asc" | "desc" | undefined
  readonly limit?: number | undefined
  /** True: with the native message of each event. */
  readonly native: boolean
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
    // One more than the page shows tells whether there is a next one.
    const { cut, events } = yield* readEvents(
      log,
      {
        after,
        until,
        order,
        limit: limit + 1,
        ...(query.streamId === undefined ? {} : { streamId: query.streamId }),
        ...(query.types === undefined ? {} : { types: query.types }),
        ...(query.except === undefined ? {} : { except: query.except }),
      },
      query.native,
    )
    const shown = events.slice(0, limit)
    const last = cut || events.length > limit ? shown.at(-1) : undefined
    const next = last === undefined ? null : encodeCursor(list, { key: [last.sequence], direction: "next" })
    const items = shown.map(({ json }) => json).join(",")
    return { json: `{"sequence":${head},"items":[${items}],"next":${JSON.stringify(next)}}`, sequence: head }
  })

/** Event types of a comma-separated list; undefined for none. */
const namedTypes = (
  text: string | undefined,
  parameter: string,
): Effect.Effect<readonly string[] | undefined, Problem> => {
  const types = (text ?? "").split(",").flatMap((type) => (type.trim() === "" ? [] : [type.trim()]))
  return Effect.as(requireEventTypes(types, parameter), types.length === 0 ? undefined : types)
}

/** Which event types are wanted. */
export interface WantedTypes {
  readonly types?: readonly string[]
  readonly except?: readonly string[]
}

/** The event types that a call wants. Fails with `invalid-request` for one that is not known. */
export const wantedTypes = (params: {
  readonly types?: string | undefined
  readonly except?: string | undefined
}): Effect.Effect<WantedTypes, Problem> =>
  Effect.gen(function* () {
    const types = yield* namedTypes(params.types, "types")
    const except = yield* namedTypes(params.except, "except")
    return { ...(types === undefined ? {} : { types }), ...(except === undefined ? {} : { except }) }
  })

/** The same for a stream. */
export const wantedFrames = ({ except, types }: WantedTypes): Pick<FrameFilter, "except" | "types"> => ({
  ...(types === undefined ? {} : { types: new Set(types) }),
  ...(except === undefined ? {} : { except: new Set(except) }),
})
