/** The lists of a bundle as the API pages them: its threads, and its events. */

import type { EventEnvelope, Rows } from "@threadfold/contracts"
import { bounded, boundedRow, cells, threadView } from "@threadfold/core/model"
import { meets, statuses } from "../views/threads/threadRows.js"
import type { BundleLog, BundleStream } from "./BundleLog.js"
import { type BundleThreads, placesUpTo } from "./BundleThreads.js"

const defaultLimit = 50
/** Most entries of a page. */
export const mostLimit = 500

const words = (text: string | null): readonly string[] => (text ?? "").split(",").filter((word) => word !== "")

export type Params = URLSearchParams

export const numberIn = (params: Params, name: string): number | null => {
  const text = params.get(name)
  const value = Number(text)
  return text === null || !Number.isSafeInteger(value) || value < 0 ? null : value
}

export const limitIn = (params: Params): number =>
  Math.min(mostLimit, Math.max(1, numberIn(params, "limit") ?? defaultLimit))

/** The threads that a call asks for, page by page. */
export const threadList = (threads: BundleThreads, sequence: number, params: Params): unknown => {
  const archived = params.get("archived")
  const parent = params.get("parentThreadId")
  const filter = {
    text: params.get("text") ?? "",
    status: statuses.filter((status) => words(params.get("status")).includes(status)),
    agent: words(params.get("agent")),
    folder: params.get("folder") ?? "",
  }
  const rankOf = (row: Rows["threads"]): number =>
    (params.get("sort") === "updatedAt" ? row.updatedAt : row.createdAt) ?? 0
  const found = threads.listed
    .filter((row) => {
      const view = threadView(row)
      return (
        (archived === null ? [true, false] : [archived === "true"]).some((is) =>
          meets(view, { ...filter, archived: is }),
        ) &&
        (parent === null || row.parentThreadId === parent)
      )
    })
    .sort((a, b) => rankOf(b) - rankOf(a) || (a.threadId < b.threadId ? 1 : -1))
  const start = Number(params.get("cursor") ?? 0)
  const end = start + limitIn(params)
  return {
    items: found.slice(start, end).map((row) => boundedRow("threads", cells(row), threadView(row))),
    next: end < found.length ? String(end) : null,
    previous: null,
    sequence,
  }
}

/** Events of a stream, or of all, from one end on. */
export const eventList = (log: BundleLog, stream: BundleStream | null, params: Params): unknown => {
  const isDown = params.get("order") === "desc"
  const types = new Set(words(params.get("types")))
  const except = new Set(words(params.get("except")))
  const limit = limitIn(params)
  const after = numberIn(params, "after") ?? 0
  const cursor = numberIn(params, "cursor")
  const count = stream === null ? log.head : stream.lines.length
  const placeOf = (sequence: number): number => (stream === null ? sequence : placesUpTo(stream, sequence))
  const first = placeOf(isDown ? after : Math.max(after, cursor ?? 0))
  const last = isDown && cursor !== null ? placeOf(cursor - 1) : count
  const sequenceAt = (place: number): number => (stream === null ? place + 1 : (stream.sequences[place] ?? 0))
  const items: unknown[] = []
  let lastShown = 0
  for (let place = isDown ? last - 1 : first; isDown ? place >= first : place < last; place += isDown ? -1 : 1) {
    const type = stream === null ? log.typeOf(place + 1) : (stream.types[place] ?? "")
    if ((types.size > 0 && !types.has(type)) || except.has(type)) continue
    if (items.length === limit) return { sequence: log.head, items, next: String(lastShown) }
    lastShown = sequenceAt(place)
    const event = log.event(lastShown)
    if (event !== null) items.push(boundedEvent(event))
  }
  return { sequence: log.head, items, next: null }
}

/** An event as far as it rides along. */
export const boundedEvent = (event: EventEnvelope, body?: string | null): unknown => {
  const { payload, ...rest } = event
  const shown = bounded(
    { payload, ...(body === undefined ? {} : { nativeBody: body }) },
    (field) => `/v1/events/${event.sequence}/text${field === "payload" ? "" : `?field=${field}`}`,
  )
  return { ...rest, ...shown }
}
