/**
 * Merges consecutive pieces of one stream into one event before it gets its number (docs/adr/0006). A merge ends
 * when 50 ms of source time have passed since its first piece, when 4 KiB would be passed, and before any other event
 * of the same origin. Other origins neither end it nor move within their own order. The joined text is byte-identical.
 *
 * Held secrets are redacted here, because every event passes here before it gets its number. A secret may be split over
 * several pieces. So the pieces at the end of a merge that may begin a secret wait for the pieces that follow. Events that
 * cannot end their stream pass the waiting pieces.
 */
import type { Piece, Redactor } from "../redaction/Redactor.js"
import type { Emitted } from "../Translator.js"
import type { Draft, Origin } from "./Draft.js"
import type { Fact } from "./Fact.js"
import { goesPast } from "./goesPast.js"

/** Longest time that a merge stays open, in milliseconds of source time. */
export const mergeWindowMs = 50
/** Largest merged text, in bytes of UTF-8. A single larger piece stays whole. */
export const mergeLimitBytes = 4096

/** Shorter beginnings of a secret do not wait: they reveal little, and many texts end with one by chance. */
const shortestBeginning = 4
/** How many streams of an origin may wait at a time. Beyond that the one that waits longest is released. */
const mostWaiting = 64

/** A merge: the pieces of one stream that become one event. */
interface Merging {
  readonly first: Draft
  readonly key: string
  readonly join: (joined: string, frames: number, lastAt: number) => unknown
  readonly pieces: (Piece & { readonly at: number })[]
  bytes: number
  /** How many of its pieces an earlier merge left over because they may begin a secret. */
  readonly waiting: number
}

export interface Coalescer {
  /** Takes a draft. Events that are complete go to the sink. */
  readonly push: (draft: Draft) => void
  /** Source time at which the oldest merge must end. Null: no merge is open, or all open ones wait for their streams. */
  readonly nextDeadline: () => number | null
  /** Ends the merges whose deadline `isDue`. */
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

/** Native ids without held secrets. The same object where they hold none. */
const cleanIds = (native: Emitted["event"]["native"], redactor: Redactor): Emitted["event"]["native"] => {
  const ids = Object.entries(native ?? {})
  const cleaned = ids.map(([name, id]) => [name, id === undefined ? id : redactor.id(id)] as const)
  return cleaned.every(([, id], index) => id === ids[index]?.[1]) ? native : Object.fromEntries(cleaned)
}

/** `redactor`: null where no secrets are held. */
export const makeCoalescer = (sink: (emitted: Emitted) => void, redactor: Redactor | null = null): Coalescer => {
  /** By origin. Null between two merges of an origin: a map whose entries come and go keeps removed entries in memory. */
  const open = new Map<Origin, Merging | null>()
  /** By origin and key, the oldest first: merges that wait because they may begin a secret, while other events pass. */
  const waiting = new Map<Origin, Map<string, Merging>>()
  /** The first deadline of the open merges. Undefined: it must be computed again. It is read for every line. */
  let earliest: number | null | undefined = null
  /** By origin and key: the recorded end of a stream, where that end may begin a secret. */
  const openEnds = new WeakMap<Origin, Map<string, string>>()

  /**
   * Pieces that may begin a secret have no deadline, because on a slow machine the rest of the secret can come later than
   * any. They wait for the next piece of their stream, for an event that ends the stream, or for the end of the input.
   */
  const deadlineOf = ({ first, pieces, waiting }: Merging): number =>
    pieces.length === waiting ? Number.POSITIVE_INFINITY : first.at + mergeWindowMs

  /** The first deadline. Infinite: all merges wait for their streams. Null: no merge is open. */
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

  const set = (origin: Origin, merge: Merging): void => {
    open.set(origin, merge)
    if (earliest !== undefined) earliest = Math.min(earliest ?? Number.POSITIVE_INFINITY, deadlineOf(merge))
  }

  const emitRedacted = (draft: Draft, payload: unknown, raw: string | undefined): void => {
    if (redactor === null) return sink(emit(draft, payload, raw))
    const { event, scope, actor } = emit(
      draft,
      redactor.value(payload),
      raw === undefined ? undefined : redactor.text(raw),
    )
    const native = cleanIds(event.native, redactor)
    sink({
      scope: scope.kind === "session" ? { ...scope, nativeThreadId: redactor.id(scope.nativeThreadId) } : scope,
      actor,
      event: native === event.native ? event : { ...event, native },
    })
  }

  /** The recorded end of a stream, as far as it may begin a secret. */
  const recordedEnd = (origin: Origin, key: string): string => openEnds.get(origin)?.get(key) ?? ""

  /** The pieces without a secret that is split over them, or that began in what is recorded already. */
  const cleaned = (origin: Origin, { key, pieces }: Merging): readonly Piece[] => {
    if (redactor === null) return pieces
    const before = recordedEnd(origin, key)
    const left = redactor.pieces(pieces, before)
    const end = redactor.openEnd(before + left.map(({ text }) => text).join(""), 1)
    if (end !== before) openEnds.set(origin, (openEnds.get(origin) ?? new Map<string, string>()).set(key, end))
    return left
  }

  /** Emits a merge as one event. */
  const record = (origin: Origin, merge: Merging): void => {
    const pieces = cleaned(origin, merge)
    const raws = pieces.flatMap(({ raw }) => (raw === undefined ? [] : [raw]))
    const lastAt = merge.pieces.at(-1)?.at ?? merge.first.at
    const payload = merge.join(pieces.map(({ text }) => text).join(""), pieces.length, lastAt)
    emitRedacted(merge.first, payload, raws.length === 0 ? undefined : raws.join("\n"))
  }

  /** Ends the open merge of an origin. */
  const finish = (origin: Origin, merge: Merging): void => {
    open.set(origin, null)
    if (earliest === deadlineOf(merge)) earliest = undefined
    record(origin, merge)
  }

  /** How many pieces at the end of a merge may begin a secret. Pieces that have waited already do not count. */
  const undecided = (origin: Origin, { key, pieces, waiting }: Merging): number => {
    if (redactor === null || pieces.length === waiting) return 0
    const before = recordedEnd(origin, key)
    let count = 0
    for (;;) {
      // The pieces before them must not end inside a secret, so each round checks the new end.
      const decided = pieces.slice(0, pieces.length - count).map(({ text }) => text)
      let left = redactor.openEnd(before + decided.join(""), shortestBeginning).length
      if (left === 0 || decided.length === 0) return count
      for (; left > 0 && decided.length > 0; count += 1) left -= decided.pop()?.length ?? 0
    }
  }

  /** Ends a merge whose stream goes on. Pieces that may begin a secret become the next merge, which is returned. */
  const finishDecided = (origin: Origin, merge: Merging): Merging | null => {
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
    const left: Merging = { ...merge, first: { ...merge.first, at: next.at }, pieces: rest, bytes, waiting: count }
    set(origin, left)
    return left
  }

  /** Removes a waiting merge from the list and returns it. */
  const takeWaiting = (origin: Origin, key: string): Merging | null => {
    const streams = waiting.get(origin)
    const merge = streams?.get(key)
    if (streams === undefined || merge === undefined) return null
    streams.delete(key)
    if (streams.size === 0) waiting.delete(origin)
    return merge
  }

  const emitWaiting = (origin: Origin, key: string): void => {
    const merge = takeWaiting(origin, key)
    if (merge !== null) record(origin, merge)
  }

  /** Ends a merge before another event of its origin. Pieces that may begin a secret wait if that event may pass them. */
  const endBefore = (origin: Origin, merge: Merging, next: Fact): void => {
    if (redactor === null || !goesPast(next, merge.first.fact)) return finish(origin, merge)
    const rest = merge.pieces.length === merge.waiting ? merge : finishDecided(origin, merge)
    if (rest === null) return
    open.set(origin, null)
    if (earliest === deadlineOf(rest)) earliest = undefined
    const streams = waiting.get(origin) ?? new Map<string, Merging>()
    waiting.set(origin, streams.set(rest.key, rest))
    const [oldest] = streams.keys()
    if (streams.size > mostWaiting && oldest !== undefined) emitWaiting(origin, oldest)
  }

  /** Emits the waiting merges of an origin that this event may not pass. */
  const endWaiting = (origin: Origin, next: Fact): void => {
    for (const [key, merge] of [...(waiting.get(origin) ?? [])]) {
      if (!goesPast(next, merge.first.fact)) emitWaiting(origin, key)
    }
  }

  const fits = (merge: Merging, bytes: number, at: number): boolean =>
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
        emitRedacted(draft, draft.fact.payload, draft.raw)
        return
      }
      const key = `${draft.channel} ${merge.key}`
      const piece = { text: merge.piece, raw: draft.raw, at: draft.at }
      const bytes = Buffer.byteLength(merge.piece)
      let same: Merging | null = null
      if (running?.key === key) same = fits(running, bytes, draft.at) ? running : finishDecided(draft.origin, running)
      else if (running !== null) endBefore(draft.origin, running, draft.fact)
      same ??= waiting.size === 0 ? null : takeWaiting(draft.origin, key)
      if (same === null) {
        return set(draft.origin, { first: draft, key, join: merge.join, pieces: [piece], bytes, waiting: 0 })
      }
      same.pieces.push(piece)
      same.bytes += bytes
      // A merge that waited for this piece has a deadline from now on.
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
        // The end of the input: no piece follows, so what waits is no secret.
        for (const [origin, streams] of [...waiting]) for (const key of [...streams.keys()]) emitWaiting(origin, key)
      }
      // Iterates without a copy: with many streaming threads some merge is due at almost every line.
      open.forEach((merge, origin) => {
        let due = merge
        while (due !== null && isDue(deadlineOf(due))) due = finishDecided(origin, due)
      })
    },
  }
}
