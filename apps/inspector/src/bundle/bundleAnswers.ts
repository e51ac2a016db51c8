/**
 * The calls of the API that the page reads with, answered from a bundle: the same paths, the same shapes. What is not here needs a server
 * and says so.
 */
import { type EventEnvelope, longestTextBytes, type TableName, tableNames } from "@threadfold/contracts"
import {
  bounded,
  boundedRow,
  boundedWhy,
  type Cells,
  cells,
  filesOfDiff,
  isBadPath,
  layout,
  requestDetail,
  type Scalar,
  textHref,
  threadUsage,
  turnDetail,
  utf8Length,
  why,
  whyEvent,
} from "@threadfold/core/model"
import { isPastCursor, listPage, threadPage } from "../past/momentPages.js"
import type { PastList } from "../past/pastMessages.js"
import type { BundleBlob } from "./BundleBlobs.js"
import type { BundleStream } from "./BundleLog.js"
import { BundleThreads, eventsFrom, placesUpTo } from "./BundleThreads.js"
import { boundedEvent, eventList, limitIn, mostLimit, numberIn, type Params, threadList } from "./bundleLists.js"
import type { ReadBundle } from "./readBundle.js"

/** An answer as HTTP has it. */
export interface BundleAnswer {
  readonly status: number
  readonly type: string
  readonly body: string | Uint8Array<ArrayBuffer>
}

const ofJson = (status: number, value: unknown): BundleAnswer => ({
  status,
  type: "application/json",
  body: JSON.stringify(value),
})

/** Why there is no answer. */
class Unanswered extends Error {
  constructor(
    readonly status: number,
    readonly slug: string,
    readonly title: string,
    readonly detail: string,
    readonly next: string,
  ) {
    super(detail)
  }
}

const unknown = (slug: string, title: string, detail: string): Unanswered =>
  new Unanswered(404, slug, title, detail, "Look for it in the threads or the log of this bundle.")

const needsServer = (path: string): Unanswered =>
  new Unanswered(
    404,
    "not-found",
    "A bundle cannot answer this",
    `${path} is answered by a server.`,
    "Import the bundle (`threadfold import threadfold FILE`), and look at it with `threadfold page`.",
  )

/** The lists of a thread by the last part of their path. */
const lists: ReadonlyMap<string, PastList> = new Map<string, PastList>([
  ["turns", "turns"],
  ["items", "items"],
  ["requests", "requests"],
  ["inferences", "inferences"],
  ["realtime", "realtimeRuns"],
  ["delegations", "delegations"],
  ["tasks", "tasks"],
  ["queue", "queue"],
  ["anomalies", "anomalies"],
])

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

const goesOn = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80

const isTable = (name: string): name is TableName => (tableNames as readonly string[]).includes(name)

/** A value of a key, or several as a JSON array. */
const keyIn = (table: TableName, text: string): readonly Scalar[] => {
  if (layout(table).key.length === 1) return [text]
  try {
    const key: unknown = JSON.parse(text)
    return Array.isArray(key) ? key.filter((part): part is Scalar => ["string", "number"].includes(typeof part)) : []
  } catch {
    return []
  }
}

export class BundleAnswers {
  readonly threads: BundleThreads
  /** The text that was read last, encoded: a long one is read part by part. */
  #text: { readonly of: string; readonly bytes: Uint8Array } | null = null

  constructor(private readonly bundle: ReadBundle) {
    this.threads = new BundleThreads(bundle.log)
  }

  /** Answers `GET` of a path with its query. */
  answer(path: string): BundleAnswer {
    try {
      const url = new URL(path, "http://bundle")
      const hash = /^\/v1\/blobs\/([0-9a-f]{64})$/.exec(url.pathname)?.[1]
      if (hash === undefined) return ofJson(200, this.#found(url))
      const { bytes, mediaType } = this.#blob(hash)
      return { status: 200, type: mediaType, body: bytes }
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      const { detail, next, slug, status, title } = error
      return ofJson(status, { type: `urn:threadfold:problem:${slug}`, status, title, detail, next })
    }
  }

  get #head(): number {
    return this.bundle.log.head
  }

  #found({ pathname, searchParams: params }: URL): unknown {
    const [, version, resource = "", id, part, ...rest] = pathname.split("/").map(decodeURIComponent)
    if (version !== "v1") throw needsServer(pathname)
    if (resource === "threads") {
      if (id === undefined) return threadList(this.threads, this.#head, params)
      return this.#ofThread(this.#stream(id), part, params)
    }
    if (resource === "events") {
      if (id === undefined) return eventList(this.bundle.log, null, params)
      return part === "text" ? this.#eventText(Number(id), params) : this.#event(Number(id), params)
    }
    // Nobody answers out of a bundle: what waited when it was written is in its threads.
    if (resource === "inbox" && id === undefined) return { items: [], next: null, sequence: this.#head }
    if (resource === "rows" && id !== undefined && isTable(id) && rest[0] === "text") {
      return this.#rowText(id, keyIn(id, part ?? ""), params.get("field") ?? "", params)
    }
    if (id !== undefined && resource === "items" && part === "text") {
      return this.#rowText("items", [id], params.get("field") ?? "text", params)
    }
    if (id !== undefined && resource === "turns") return part === "changes" ? this.#changes(id) : this.#turn(id, part)
    if (id !== undefined && part === undefined) {
      if (resource === "requests") return this.#detail("requests", id, requestDetail)
      if (resource === "items") return this.#detail("items", id, ({ itemId, threadId }) => ({ itemId, threadId }))
      if (resource === "sessions")
        return this.#detail("sessions", id, ({ sessionId, threadId }) => ({ sessionId, threadId }))
    }
    throw needsServer(pathname)
  }

  #blob(hash: string): BundleBlob {
    const blob = this.bundle.blobs.find(hash)
    if (blob !== null) return blob
    throw unknown(
      "resource-not-found",
      "The bundle does not carry it",
      "Images and files are in a bundle with `--blobs`.",
    )
  }

  #stream(threadId: string): BundleStream {
    const stream = this.bundle.log.stream(threadId)
    if (stream !== null) return stream
    throw unknown("thread-not-found", "There is no such thread", `The bundle has no thread ${threadId}.`)
  }

  #ofThread(stream: BundleStream, part: string | undefined, params: Params): unknown {
    if (part === "events") return eventList(this.bundle.log, stream, params)
    if (part === "why") return this.#why(stream, params)
    const { streamId } = stream
    const at = numberIn(params, "at")
    if (at !== null && placesUpTo(stream, at) === 0) {
      throw unknown("before-first-event", "The thread was not there yet", `Thread ${streamId} began after that moment.`)
    }
    const store = this.threads.rows(stream, at)
    const sequence = at ?? this.#head
    if (part === "usage") {
      const [usage = null] = store.under("usage", streamId)
      const last = usage?.last ?? null
      const used = last?.totalTokens ?? (last?.inputTokens == null ? null : last.inputTokens + (last.outputTokens ?? 0))
      return {
        sequence,
        usage: threadUsage(usage),
        context: { used, window: usage?.contextWindow ?? null, compaction: null },
      }
    }
    const list = lists.get(part ?? "")
    if (list !== undefined) {
      const cursor = params.get("cursor")
      if (cursor !== null && !isPastCursor(cursor)) throw needsServer(`/v1/threads/${streamId}/${part}`)
      return listPage(store, streamId, sequence, { list, limit: limitIn(params), cursor })
    }
    const page = part === undefined ? threadPage(store, streamId, sequence, limitIn(params)) : null
    if (page !== null) return page
    if (part === undefined) {
      throw unknown("thread-not-found", "There is no such thread", `The bundle has no thread ${streamId}.`)
    }
    throw needsServer(`/v1/threads/${streamId}/${part}`)
  }

  #required(sequence: number): EventEnvelope {
    const event = this.bundle.log.event(sequence)
    if (event !== null) return event
    throw unknown("event-not-found", "There is no such event", `The bundle has no event ${sequence}.`)
  }

  #event(sequence: number, params: Params): unknown {
    const event = this.#required(sequence)
    return params.get("native") === "true" ? boundedEvent(event, this.bundle.log.body(sequence)) : boundedEvent(event)
  }

  #eventText(sequence: number, params: Params): unknown {
    const field = params.get("field") ?? "payload"
    return this.#range(`event ${sequence} ${field}`, params, () => {
      const event = this.#required(sequence)
      if (field === "nativeBody") return this.bundle.log.body(sequence)
      return JSON.stringify(field === "native" ? event.native : event.payload)
    })
  }

  #rowText(table: TableName, key: readonly Scalar[], column: string, params: Params): unknown {
    return this.#range(`${table} ${JSON.stringify(key)} ${column}`, params, () => {
      const found = this.threads.find(table, key)
      if (found === null) throw unknown("resource-not-found", "There is no such row", `The bundle has no such row.`)
      const row: Cells = cells(found.row)
      if (table === "items" && column === "text" && row.hasFinal !== 1) {
        // What streams of an item is in pieces.
        const [first = ""] = key
        return found.store
          .under("item_chunks", first)
          .map(({ text }) => text)
          .join("")
      }
      const value = row[column] ?? null
      return value === null ? null : typeof value === "string" ? value : JSON.stringify(value)
    })
  }

  /** A part of a text, of whole characters. */
  #range(of: string, params: Params, read: () => string | null): unknown {
    const answer = { sequence: this.#head, mediaType: "text/plain" }
    if (this.#text?.of !== of) {
      const text = read()
      if (text === null) return { ...answer, offset: 0, bytes: 0, next: null, text: null }
      this.#text = { of, bytes: encoder.encode(text) }
    }
    const { bytes } = this.#text
    let start = Math.min(numberIn(params, "offset") ?? 0, bytes.length)
    while (start > 0 && goesOn(bytes[start])) start -= 1
    let end = Math.min(start + Math.max(4, numberIn(params, "limit") ?? longestTextBytes), bytes.length)
    while (end > start && end < bytes.length && goesOn(bytes[end])) end -= 1
    const text = decoder.decode(bytes.subarray(start, end))
    return { ...answer, offset: start, bytes: bytes.length, next: end < bytes.length ? end : null, text }
  }

  #detail<N extends TableName, A extends object>(
    table: N,
    id: string,
    view: (row: NonNullable<ReturnType<typeof this.threads.find<N>>>["row"]) => A,
  ): unknown {
    const found = this.threads.find(table, [id])
    if (found !== null) return boundedRow(table, cells(found.row), view(found.row))
    throw unknown("resource-not-found", "There is no such row", `The bundle has no ${id}.`)
  }

  #turn(turnId: string, part: string | undefined): unknown {
    const found = part === undefined ? this.threads.find("turns", [turnId]) : null
    if (found === null) throw unknown("turn-not-found", "There is no such turn", `The bundle has no turn ${turnId}.`)
    const { row, store, stream } = found
    return boundedRow("turns", cells(row), turnDetail(row, store.under("rewinds", stream.streamId)))
  }

  /** What a turn changed, where it has a diff of its own; else its items tell. */
  #changes(turnId: string): unknown {
    const found = this.threads.find("turns", [turnId])
    if (found === null) throw unknown("turn-not-found", "There is no such turn", `The bundle has no turn ${turnId}.`)
    const { diff } = found.row
    const files = typeof diff === "string" ? filesOfDiff(diff) : []
    const sum = (field: "additions" | "deletions"): number => files.reduce((all, file) => all + (file[field] ?? 0), 0)
    let [bytes, until] = [0, 0]
    const items = files.map(({ start, ...file }) => {
      bytes += utf8Length(String(diff).slice(until, start))
      until = start
      return bounded({ ...file, offset: bytes, itemId: null }, () => textHref("turns", [turnId], "diff"))
    })
    return {
      sequence: this.#head,
      turnId,
      source: typeof diff === "string" ? "turn" : "none",
      files: files.length,
      additions: sum("additions"),
      deletions: sum("deletions"),
      items: items.slice(0, mostLimit),
      next: null,
      partial: items.length > mostLimit,
    }
  }

  #why(stream: BundleStream, params: Params): unknown {
    const { log } = this.bundle
    const { streamId: threadId } = stream
    const at = numberIn(params, "at") ?? this.#head
    const path = params.get("row")
    const field = params.get("field")
    const asked = params.get("event")
    const events = () => eventsFrom(log, stream, 0, placesUpTo(stream, at))
    const rows = this.threads.rows(stream)
    const sessionId = rows.whole("threads", [threadId])?.sessionId ?? null
    const place = { threadId, sessionId }
    if (asked !== null) {
      const sequence = /^\d+$/.test(asked) ? Number(asked) : log.sequenceOf(asked)
      const event = sequence === null ? null : log.event(sequence)
      const found =
        event === null ? null : whyEvent(threadId, eventsFrom(log, stream, 0, stream.lines.length), event.eventId)
      if (found === null) {
        throw unknown("event-not-found", "There is no such event", `Thread ${threadId} has no event ${asked}.`)
      }
      return boundedWhy({ threadId, sequence: at, row: null, event: found, causes: [] }, place)
    }
    const found = why(threadId, events, field === null ? (path ?? "") : `${path}#${field}`)
    if (isBadPath(found)) throw unknown("resource-not-found", "There is no such thing in this thread", found.problem)
    return boundedWhy({ threadId, sequence: at, row: found, event: null, causes: [] }, place)
  }
}
