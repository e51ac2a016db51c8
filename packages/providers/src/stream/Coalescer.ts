/**
 * Merges consecutive pieces of one stream into one event before it gets its number (docs/adr/0006). A merge ends
 * when 50 ms of source time have passed since its first piece, when 4 KiB would be passed, and before any other event
 * of the same origin. Other origins neither end it nor move within their own order. The joined text is byte-identical.
 */
import type { Emitted } from "../Translator.js"
import type { Fact } from "./Fact.js"
import type { Origin, WireChannel } from "./Origin.js"

/** Longest time that a merge stays open, in milliseconds of source time. */
export const mergeWindowMs = 50
/** Largest merged text, in bytes of UTF-8. A single larger piece stays whole. */
export const mergeLimitBytes = 4096

/** A fact with its place on the wire, before merging and numbering. */
export interface Draft {
  readonly origin: Origin
  readonly channel: WireChannel
  readonly fact: Fact
  /** Source time in milliseconds since the epoch. */
  readonly at: number
  /** The line it came from; absent where another event of that line carries it. */
  readonly raw: string | undefined
}

interface Open {
  readonly first: Draft
  readonly key: string
  readonly join: (joined: string, frames: number, lastAt: number) => unknown
  readonly pieces: string[]
  readonly raws: string[]
  bytes: number
  lastAt: number
}

export interface Coalescer {
  /** Takes a draft; what is complete goes to the sink. */
  readonly push: (draft: Draft) => void
  /** Source time at which the oldest merge must end; null: none is open. */
  readonly nextDeadline: () => number | null
  /** Ends the merges that `isDue`, given their deadline: whatever is due makes all due that would have ended before it. */
  readonly release: (isDue: (deadline: number) => boolean) => void
}

const emit = (draft: Draft, payload: unknown, raw: string | undefined): Emitted => ({
  scope: draft.origin.scope,
  actor: draft.channel === "client" ? "client" : "provider",
  event: {
    type: draft.fact.type,
    channel: draft.channel,
    seq: draft.origin.nextSeq(draft.channel),
    at: draft.at,
    ...(draft.fact.native === undefined ? {} : { native: draft.fact.native }),
    ...(draft.fact.turnId === undefined ? {} : { turnId: draft.fact.turnId }),
    payload,
    ...(raw === undefined ? {} : { raw }),
  },
})

export const makeCoalescer = (sink: (emitted: Emitted) => void): Coalescer => {
  /** Null between two merges of an origin that streams: a map whose entries come and go holds on to what was in it. */
  const open = new Map<Origin, Open | null>()
  /** The first deadline of those that are open; undefined: to be found again. Asked for every line of the wire. */
  let earliest: number | null | undefined = null

  const deadlineOf = (merge: Open): number => merge.first.at + mergeWindowMs

  const nextDeadline = (): number | null => {
    if (earliest !== undefined) return earliest
    let found: number | null = null
    for (const merge of open.values()) {
      if (merge !== null) found = Math.min(found ?? Number.POSITIVE_INFINITY, deadlineOf(merge))
    }
    earliest = found
    return found
  }

  const close = (origin: Origin, merge: Open): void => {
    open.set(origin, null)
    if (earliest === deadlineOf(merge)) earliest = undefined
    const payload = merge.join(merge.pieces.join(""), merge.pieces.length, merge.lastAt)
    sink(emit(merge.first, payload, merge.raws.length === 0 ? undefined : merge.raws.join("\n")))
  }

  const fits = (merge: Open, key: string, bytes: number, at: number): boolean =>
    merge.key === key && merge.bytes + bytes <= mergeLimitBytes && at - merge.first.at <= mergeWindowMs

  return {
    push: (draft) => {
      const running = open.get(draft.origin) ?? null
      const merge = draft.fact.merge
      if (merge === undefined) {
        if (running !== null) close(draft.origin, running)
        open.delete(draft.origin)
        sink(emit(draft, draft.fact.payload, draft.raw))
        return
      }
      const key = `${draft.channel} ${merge.key}`
      const bytes = Buffer.byteLength(merge.piece)
      if (running !== null && fits(running, key, bytes, draft.at)) {
        running.pieces.push(merge.piece)
        if (draft.raw !== undefined) running.raws.push(draft.raw)
        running.bytes += bytes
        running.lastAt = draft.at
        return
      }
      if (running !== null) close(draft.origin, running)
      const opened: Open = {
        first: draft,
        key,
        join: merge.join,
        pieces: [merge.piece],
        raws: draft.raw === undefined ? [] : [draft.raw],
        bytes,
        lastAt: draft.at,
      }
      open.set(draft.origin, opened)
      if (earliest !== undefined) earliest = Math.min(earliest ?? Number.POSITIVE_INFINITY, deadlineOf(opened))
    },
    nextDeadline,
    release: (isDue) => {
      const first = nextDeadline()
      if (first === null || !isDue(first)) return
      // No copy of what is open: with many threads that stream, some merge is due at almost every line.
      open.forEach((merge, origin) => {
        if (merge !== null && isDue(deadlineOf(merge))) close(origin, merge)
      })
    },
  }
}
