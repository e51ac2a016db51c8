/** The events of a stream without what should not be shared, one after the other. */
import { isEventType } from "@threadfold/contracts"
import type { RestoredEvent } from "@threadfold/engine"
import type { Redaction } from "../bundle/format.js"
import { findSecrets } from "./detectors.js"
import type { Masker, Place } from "./Masker.js"
import { structureOf } from "./structure.js"

/** What an export takes out beside what the masker counts. */
export interface DroppedBodies {
  /** Native bodies that were left out as a whole. */
  bodies: number
}

/** Events of which a text is a piece, and how the pieces of one text are told apart. */
const pieceTypes: ReadonlySet<string> = new Set(["content.delta", "turn.proposed.delta", "realtime.transcript.delta"])

/** Events that wait for the rest of a text, at most. A secret that is spread over fewer than half of them is found. */
const window = 4_096
/** The same in UTF-16 units. */
const windowUnits = 8 * 1024 * 1024

/** Native messages whose texts are pieces, whatever they are named: a secret may be spread over several. */
const isPieceMethod = /delta|chunk|partial|output|audio|stream/i

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A piece of a text that may hold a part of a secret. */
interface Piece {
  /** The text that it is a piece of. */
  readonly key: string
  readonly payload: Readonly<Record<string, unknown>>
  text: string
}

interface Waiting {
  readonly row: RestoredEvent["row"]
  readonly body: string | null
  readonly piece: Piece | null
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

const pieceOf = (row: RestoredEvent["row"]): Piece | null => {
  if (!pieceTypes.has(row.type)) return null
  const payload = parse(row.payload)
  if (!isRecord(payload) || typeof payload.delta !== "string") return null
  const of = row.itemId ?? row.realtimeId ?? row.turnId ?? row.native ?? ""
  const part = JSON.stringify([row.type, of, textOf(payload.stream), payload.part ?? null, payload.role ?? null])
  return { key: part, payload, text: payload.delta }
}

/** Masks the events of one stream. */
class MaskedStream {
  private waiting: Waiting[] = []
  private units = 0

  constructor(
    private readonly masker: Masker,
    private readonly dropped: DroppedBodies,
  ) {}

  *push({ body, row }: RestoredEvent): Iterable<RestoredEvent> {
    const piece = pieceOf(row)
    const one =
      piece === null ? this.masked(row, body) : { row: this.withoutPayload(row), body: this.drop(body), piece }
    this.waiting.push(one)
    this.units += one.piece?.text.length ?? one.row.payload.length + (one.body?.length ?? 0)
    // Nothing waits where no text has begun.
    if (this.waiting[0]?.piece === null) yield* this.release(this.leading())
    if (this.waiting.length > window || this.units > windowUnits) {
      const half = Math.ceil(this.waiting.length / 2)
      this.settle(half)
      yield* this.release(half)
    }
  }

  *end(): Iterable<RestoredEvent> {
    this.settle(this.waiting.length)
    yield* this.release(this.waiting.length)
  }

  private leading(): number {
    const first = this.waiting.findIndex(({ piece }) => piece !== null)
    return first < 0 ? this.waiting.length : first
  }

  private *release(count: number): Iterable<RestoredEvent> {
    const ready = this.waiting.splice(0, count)
    for (const { body, piece, row } of ready) {
      this.units -= piece?.text.length ?? row.payload.length + (body?.length ?? 0)
      const payload = piece === null ? row.payload : JSON.stringify({ ...piece.payload, delta: piece.text })
      yield { row: { ...row, payload }, body }
    }
  }

  /**
   * Takes the secrets that begin in the first events out of the texts that wait: the placeholder stands where a secret begins, and its
   * rest goes from the pieces behind. One that begins later may not be whole yet.
   */
  private settle(count: number): void {
    const texts = new Map<string, { readonly pieces: Waiting[]; settled: number }>()
    this.waiting.forEach((one, index) => {
      if (one.piece === null) return
      const known = texts.get(one.piece.key) ?? { pieces: [], settled: 0 }
      texts.set(one.piece.key, known)
      known.pieces.push(one)
      if (index < count) known.settled += one.piece.text.length
    })
    for (const { pieces, settled } of texts.values()) this.settleText(pieces, settled)
    this.units = 0
    for (const { body, piece, row } of this.waiting) {
      this.units += piece?.text.length ?? row.payload.length + (body?.length ?? 0)
    }
  }

  /** `settled`: units of the text in which a secret must begin. */
  private settleText(pieces: readonly Waiting[], settled: number): void {
    const text = pieces.map(({ piece }) => piece?.text ?? "").join("")
    const found = findSecrets(text).filter(({ start }) => start < settled)
    if (found.length === 0) return
    let start = 0
    for (const { piece, row } of pieces) {
      if (piece === null) continue
      const end = start + piece.text.length
      let masked = ""
      let last = start
      for (const one of found) {
        if (one.end <= start || one.start >= end) continue
        masked += piece.text.slice(last - start, Math.max(0, one.start - start))
        if (one.start >= start) masked += this.masker.take(one, placeOf(row, "payload.delta"))
        last = Math.min(end, one.end)
      }
      piece.text = masked + piece.text.slice(last - start)
      start = end
    }
  }

  private withoutPayload(row: RestoredEvent["row"]): RestoredEvent["row"] {
    return { ...this.withoutNames(row), native: this.json(row.native, placeOf(row, "native")) }
  }

  private masked(row: RestoredEvent["row"], body: string | null): Waiting {
    const payload = this.json(row.payload, placeOf(row, "payload"))
    const native = this.json(row.native, placeOf(row, "native"))
    const shown = { ...this.withoutNames(row), payload: payload ?? "null", native }
    return { row: shown, body: this.body(row, body), piece: null }
  }

  /** The names that a source gave may hold a secret, too. */
  private withoutNames(row: RestoredEvent["row"]): RestoredEvent["row"] {
    const text = <T extends string | null>(value: T, field: string) =>
      value === null ? value : this.masker.text(value, placeOf(row, field))
    return {
      ...row,
      type: isEventType(row.type) ? row.type : (text(row.type, "type") ?? row.type),
      channel: text(row.channel, "channel"),
      commandId: text(row.commandId, "commandId"),
      correlationId: text(row.correlationId, "correlationId"),
    }
  }

  private json<T extends string | null>(text: T, place: Place): string | null {
    if (text === null) return null
    const value = parse(text)
    return value === undefined ? this.masker.text(text, place) : JSON.stringify(this.masker.value(value, place))
  }

  private drop(body: string | null): null {
    if (body !== null) this.dropped.bodies += 1
    return null
  }

  /** The lines of a native body, each masked as what it is. What holds pieces of texts, or sounds, cannot be. */
  private body(row: RestoredEvent["row"], body: string | null): string | null {
    if (body === null) return null
    const method = row.type === "provider.unmapped" ? methodOf(row.payload) : row.type
    if (isPieceMethod.test(method) || row.type === "realtime.sdp") return this.drop(body)
    try {
      const place = placeOf(row, "body")
      return messagesOf(body)
        .map((message) => {
          const value = parse(message)
          if (typeof value !== "object" || value === null) return this.masker.text(message, place)
          const masked = JSON.stringify(this.masker.value(value, place))
          return masked === JSON.stringify(value) ? message : masked
        })
        .join("\n")
    } catch (error) {
      // Nested more deeply than the stack is high.
      if (error instanceof RangeError) return this.drop(body)
      throw error
    }
  }
}

/** The lines of a body that are JSON, each by itself, and what lies between them as one text: a key may have several lines. */
const messagesOf = (body: string): readonly string[] => {
  const messages: string[] = []
  let isText = false
  for (const line of body.split("\n")) {
    const isMessage = /^\s*[{[]/.test(line) && parse(line) !== undefined
    if (isMessage || !isText) messages.push(line)
    else messages[messages.length - 1] += `\n${line}`
    isText = !isMessage
  }
  return messages
}

const methodOf = (payload: string): string => {
  const value = parse(payload)
  return isRecord(value) ? textOf(value.method) : ""
}

const placeOf = ({ eventId, streamId }: RestoredEvent["row"], field: string): Place => ({ streamId, eventId, field })

/**
 * The events of one stream as a bundle has them: with everything (`none`), without what looks like a secret (`masked`), without any
 * text of a person, an agent or a program (`structure`).
 */
export function* redactEvents(
  events: Iterable<RestoredEvent>,
  redaction: Redaction,
  masker: Masker,
  dropped: DroppedBodies,
): Iterable<RestoredEvent> {
  if (redaction === "none") return yield* events
  if (redaction === "structure") {
    for (const { body, row } of events) {
      if (body !== null) dropped.bodies += 1
      yield { row: structureOf(row), body: null }
    }
    return
  }
  const stream = new MaskedStream(masker, dropped)
  for (const event of events) yield* stream.push(event)
  yield* stream.end()
}
