/**
 * Merges consecutive pieces of one stream into one event before it gets its number (docs/adr/0006). A merge ends
 * when 50 ms of source time have passed since its first piece, when 4 KiB would be passed, and before any other event
 * of the same origin. Other origins neither end it nor move within their own order. The joined text is byte-identical.
 *
 * Secrets that we hold are taken out here, where every event passes and before it is numbered. One that is told in several
 * pieces is seen whole: pieces at the end of a merge that may begin one wait for those that follow, while events that say nothing of
 * their stream go past them.
 */
import type { Piece, Removal } from "../redaction/Redactor.js"
import type { Emitted } from "../Translator.js"
import type { Fact } from "./Fact.js"
import { goesPast } from "./goesPast.js"
import type { Origin, WireChannel } from "./Origin.js"

/** Longest time that a merge stays open, in milliseconds of source time. */
export const mergeWindowMs = 50
/** Largest merged text, in bytes of UTF-8. A single larger piece stays whole. */
export const mergeLimitBytes = 4096

/** A shorter beginning of a secret says little, and stands at the end of many a text: nothing waits for it. */
const shortestBeginning = 4
/** Streams of an origin whose ends wait at a time; beyond that the oldest is let out. */
const mostWaiting = 64

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
  readonly pieces: (Piece & { readonly at: number })[]
  bytes: number
  /** How many of its pieces an earlier merge left behind, because they may begin a secret. */
  readonly waiting: number
}

export interface Coalescer {
  /** Takes a draft; what is complete goes to the sink. */
  readonly push: (draft: Draft) => void
  /** Source time at which the oldest merge must end; null: none is open, or what is waits for its stream to go on. */
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

/** Native ids without held secrets; the ids themselves where there are none. */
const cleanIds = (native: Emitted["event"]["native"], removal: Removal): Emitted["event"]["native"] => {
  const ids = Object.entries(native ?? {})
  const cleaned = ids.map(([name, id]) => [name, id === undefined ? id : removal.id(id)] as const)
  return cleaned.every(([, id], index) => id === ids[index]?.[1]) ? native : Object.fromEntries(cleaned)
}

/** `removal`: takes secrets out; null where none are held. */
export const makeCoalescer = (sink: (emitted: Emitted) => void, removal: Removal | null = null): Coalescer => {
  /** Null between two merges of an origin that streams: a map whose entries come and go holds on to what was in it. */
  const open = new Map<Origin, Open | null>()
  /** Of each origin the streams whose ends may begin a secret, while it tells something else; by key, the oldest first. */
  const waiting = new Map<Origin, Map<string, Open>>()
  /** The first deadline of those that are open; undefined: to be found again. Asked for every line of the wire. */
  let earliest: number | null | undefined = null
  /** What a stream told last and is recorded, where it may begin a secret that the stream goes on with. */
  const openEnds = new WeakMap<Origin, Map<string, string>>()

  /**
   * What may begin a secret has no deadline: on a slow machine the rest of it comes after any. It waits for the next word of its
   * stream, for another event of its origin, or for the end.
   */
  const deadlineOf = ({ first, pieces, waiting }: Open): number =>
    pieces.length === waiting ? Number.POSITIVE_INFINITY : first.at + mergeWindowMs

  /** The first deadline; infinite where all that is open waits for its stream, null where nothing is. */
  const firstDeadline = (): number | null => {
    if (earliest === null && waiting.size > 0) return Number.POSITIVE_INFINITY
    if (earliest !== undefined) return earliest
    let found: number | null = null
    for (const merge of open.values()) {
      if (merge !== null) found = Math.min(found ?? Number.POSITIVE_INFINITY, deadlineOf(merge))
    }
    earliest = found
    return found ?? (waiting.size > 0 ? Number.POSITIVE_INFINITY : null)
  }

  const set = (origin: Origin, merge: Open): void => {
    open.set(origin, merge)
    if (earliest !== undefined) earliest = Math.min(earliest ?? Number.POSITIVE_INFINITY, deadlineOf(merge))
  }

  const give = (draft: Draft, payload: unknown, raw: string | undefined): void => {
    if (removal === null) return sink(emit(draft, payload, raw))
    const { event, scope, actor } = emit(
      draft,
      removal.value(payload),
      raw === undefined ? undefined : removal.text(raw),
    )
    const native = cleanIds(event.native, removal)
    sink({
      scope: scope.kind === "session" ? { ...scope, nativeThreadId: removal.id(scope.nativeThreadId) } : scope,
      actor,
      event: native === event.native ? event : { ...event, native },
    })
  }

  /** What was recorded last of a stream, as far as it may begin a secret. */
  const recordedEnd = (origin: Origin, key: string): string => openEnds.get(origin)?.get(key) ?? ""

  /** The pieces as they are recorded: without a secret that they tell together, or that they go on with. */
  const cleaned = (origin: Origin, { key, pieces }: Open): readonly Piece[] => {
    if (removal === null) return pieces
    const before = recordedEnd(origin, key)
    const left = removal.pieces(pieces, before)
    const end = removal.openEnd(before + left.map(({ text }) => text).join(""), 1)
    if (end !== before) openEnds.set(origin, (openEnds.get(origin) ?? new Map<string, string>()).set(key, end))
    return left
  }

  /** Gives out what a merge has. */
  const record = (origin: Origin, merge: Open): void => {
    const pieces = cleaned(origin, merge)
    const raws = pieces.flatMap(({ raw }) => (raw === undefined ? [] : [raw]))
    const lastAt = merge.pieces.at(-1)?.at ?? merge.first.at
    const payload = merge.join(pieces.map(({ text }) => text).join(""), pieces.length, lastAt)
    give(merge.first, payload, raws.length === 0 ? undefined : raws.join("\n"))
  }

  /** Ends the open merge of an origin. */
  const finish = (origin: Origin, merge: Open): void => {
    open.set(origin, null)
    if (earliest === deadlineOf(merge)) earliest = undefined
    record(origin, merge)
  }

  /** How many pieces at the end of a merge may begin a secret; those that have waited do not count. */
  const undecided = (origin: Origin, { key, pieces, waiting }: Open): number => {
    if (removal === null || pieces.length === waiting) return 0
    const before = recordedEnd(origin, key)
    let count = 0
    for (;;) {
      // What is left of it must not end in the middle of a secret that the others go on with.
      const decided = pieces.slice(0, pieces.length - count).map(({ text }) => text)
      let left = removal.openEnd(before + decided.join(""), shortestBeginning).length
      if (left === 0 || decided.length === 0) return count
      for (; left > 0 && decided.length > 0; count += 1) left -= decided.pop()?.length ?? 0
    }
  }

  /** Ends a merge whose stream goes on; what may begin a secret begins the next merge, which is open then. */
  const finishDecided = (origin: Origin, merge: Open): Open | null => {
    const count = undecided(origin, merge)
    const rest = merge.pieces.slice(merge.pieces.length - count)
    const [next] = rest
    if (next === undefined) {
      finish(origin, merge)
      return null
    }
    if (earliest === deadlineOf(merge)) earliest = undefined
    if (count < merge.pieces.length) finish(origin, { ...merge, pieces: merge.pieces.slice(0, -count) })
    const bytes = rest.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
    const left: Open = { ...merge, first: { ...merge.first, at: next.at }, pieces: rest, bytes, waiting: count }
    set(origin, left)
    return left
  }

  /** Forgets that a stream's end waits; what it was. */
  const takeWaiting = (origin: Origin, key: string): Open | null => {
    const streams = waiting.get(origin)
    const merge = streams?.get(key)
    if (streams === undefined || merge === undefined) return null
    streams.delete(key)
    if (streams.size === 0) waiting.delete(origin)
    return merge
  }

  const letOut = (origin: Origin, key: string): void => {
    const merge = takeWaiting(origin, key)
    if (merge !== null) record(origin, merge)
  }

  /** Ends a merge before something else of its origin; what may begin a secret waits aside where that may go past it. */
  const endBefore = (origin: Origin, merge: Open, next: Fact): void => {
    if (removal === null || !goesPast(next, merge.first.fact)) return finish(origin, merge)
    const rest = merge.pieces.length === merge.waiting ? merge : finishDecided(origin, merge)
    if (rest === null) return
    open.set(origin, null)
    if (earliest === deadlineOf(rest)) earliest = undefined
    const streams = waiting.get(origin) ?? new Map<string, Open>()
    waiting.set(origin, streams.set(rest.key, rest))
    const [oldest] = streams.keys()
    if (streams.size > mostWaiting && oldest !== undefined) letOut(origin, oldest)
  }

  /** Lets out what waits of an origin's streams and may not be passed by this event. */
  const endWaiting = (origin: Origin, next: Fact): void => {
    for (const [key, merge] of [...(waiting.get(origin) ?? [])]) {
      if (!goesPast(next, merge.first.fact)) letOut(origin, key)
    }
  }

  const fits = (merge: Open, bytes: number, at: number): boolean =>
    merge.pieces.length === merge.waiting ||
    (merge.bytes + bytes <= mergeLimitBytes && at - merge.first.at <= mergeWindowMs)

  return {
    push: (draft) => {
      const running = open.get(draft.origin) ?? null
      const merge = draft.fact.merge
      if (merge === undefined) {
        if (waiting.size > 0) endWaiting(draft.origin, draft.fact)
        if (running !== null) endBefore(draft.origin, running, draft.fact)
        open.delete(draft.origin)
        give(draft, draft.fact.payload, draft.raw)
        return
      }
      const key = `${draft.channel} ${merge.key}`
      const piece = { text: merge.piece, raw: draft.raw, at: draft.at }
      const bytes = Buffer.byteLength(merge.piece)
      let same: Open | null = null
      if (running?.key === key) same = fits(running, bytes, draft.at) ? running : finishDecided(draft.origin, running)
      else if (running !== null) endBefore(draft.origin, running, draft.fact)
      same ??= waiting.size === 0 ? null : takeWaiting(draft.origin, key)
      if (same === null) {
        return set(draft.origin, { first: draft, key, join: merge.join, pieces: [piece], bytes, waiting: 0 })
      }
      same.pieces.push(piece)
      same.bytes += bytes
      // Its deadline is another one now, if it waited for this piece.
      set(draft.origin, same)
    },
    nextDeadline: () => {
      const first = firstDeadline()
      return first === Number.POSITIVE_INFINITY ? null : first
    },
    release: (isDue) => {
      const first = firstDeadline()
      if (first === null || !isDue(first)) return
      if (waiting.size > 0 && isDue(Number.POSITIVE_INFINITY)) {
        // The end of all: what waits is what the streams said.
        for (const [origin, streams] of [...waiting]) for (const key of [...streams.keys()]) letOut(origin, key)
      }
      // No copy of what is open: with many threads that stream, some merge is due at almost every line.
      open.forEach((merge, origin) => {
        let due = merge
        while (due !== null && isDue(deadlineOf(due))) due = finishDecided(origin, due)
      })
    },
  }
}
