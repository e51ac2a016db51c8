/** The events of a bundle in memory: the bytes of their lines, and where each stands. An event is decoded when it is asked for. */
import { Actor, blankEnvelope, type EventEnvelope } from "@threadfold/contracts"

/** A line of an event as it was read. */
interface EventLine {
  readonly event: Readonly<Record<string, unknown>>
  readonly body?: string
}

/** Bytes of a block: lines are copied into blocks, so that what they were read with can be let go. */
const blockBytes = 4 * 1024 * 1024

/** Texts of the columns that an event may leave out. */
const optionalTexts = [
  "sessionId",
  "channel",
  "commandId",
  "causationId",
  "correlationId",
  "turnId",
  "itemId",
  "requestId",
  "inferenceId",
  "realtimeId",
  "delegationId",
  "taskId",
] as const

const actors: ReadonlySet<unknown> = new Set(Actor.literals)
const isActor = (value: unknown): value is Actor => actors.has(value)

const decoder = new TextDecoder()

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The JSON of a part that is either spliced in or kept as a text; undefined: it is none. */
const partOf = (event: EventLine["event"], name: "native" | "payload"): unknown => {
  const text = event[`${name}Text`]
  return typeof text === "string" ? parsed(text) : event[name]
}

/** An event as the log has it. */
export interface BundleEvent extends EventEnvelope {
  /** Its JSON cannot be read: the fold keeps it as an anomaly. */
  readonly unreadable?: true
}

/** The events of one stream. */
export interface BundleStream {
  readonly streamId: string
  /** Lines by the place of the event. */
  readonly lines: Uint8Array[]
  /** Their types. */
  readonly types: string[]
  /** When the log took each of them: never less than the one before. */
  readonly taken: number[]
  /** Sequences, given once all is read. */
  sequences: Float64Array
}

export class BundleLog {
  readonly streams: BundleStream[] = []
  readonly #byId = new Map<string, BundleStream>()
  /** Each type once. */
  readonly #types = new Map<string, string>()
  #block = new Uint8Array(0)
  #used = 0
  /** Sequence − 1 → number of the stream, and place in it. */
  #streamOf = new Uint32Array(0)
  #placeOf = new Uint32Array(0)

  /** Number of events: the last sequence. */
  get head(): number {
    return this.#streamOf.length
  }

  begin(streamId: string): BundleStream {
    const stream: BundleStream = { streamId, lines: [], types: [], taken: [], sequences: new Float64Array(0) }
    this.streams.push(stream)
    this.#byId.set(streamId, stream)
    return stream
  }

  /** Takes the line of an event, which has the form of one. */
  add(stream: BundleStream, line: Uint8Array, { recordedAt, type }: { recordedAt: number; type: string }): void {
    const known = this.#types.get(type) ?? type
    this.#types.set(known, known)
    stream.lines.push(this.#copied(line))
    stream.types.push(known)
    stream.taken.push(Math.max(recordedAt, stream.taken.at(-1) ?? 0))
  }

  /**
   * Gives every event a sequence. A bundle has none: events are put in the order in which their log took them, and those of one stream
   * stay in theirs.
   */
  number(): void {
    const count = this.streams.reduce((sum, { lines }) => sum + lines.length, 0)
    const streamOf = new Uint32Array(count)
    const placeOf = new Uint32Array(count)
    const order: { readonly stream: number; readonly place: number; readonly taken: number }[] = []
    this.streams.forEach(({ taken }, stream) => {
      taken.forEach((at, place) => void order.push({ stream, place, taken: at }))
    })
    order.sort((a, b) => a.taken - b.taken || a.stream - b.stream || a.place - b.place)
    for (const stream of this.streams) stream.sequences = new Float64Array(stream.lines.length)
    order.forEach(({ place, stream }, index) => {
      streamOf[index] = stream
      placeOf[index] = place
      const sequences = this.streams[stream]?.sequences
      if (sequences !== undefined) sequences[place] = index + 1
    })
    this.#streamOf = streamOf
    this.#placeOf = placeOf
  }

  stream(streamId: string): BundleStream | null {
    return this.#byId.get(streamId) ?? null
  }

  /** The event of a sequence; null: there is none. */
  event(sequence: number): BundleEvent | null {
    const found = this.#find(sequence)
    return found === null ? null : this.eventAt(found.stream, found.place)
  }

  /** Type of the event of a sequence. */
  typeOf(sequence: number): string {
    const found = this.#find(sequence)
    return found?.stream.types[found.place] ?? ""
  }

  /** The native body of an event, verbatim; null: it has none. */
  body(sequence: number): string | null {
    const found = this.#find(sequence)
    return found === null ? null : (lineOf(found.stream, found.place).body ?? null)
  }

  /** Sequence of the event that has an id; null: none has. Goes over all events: for what a person asks. */
  sequenceOf(eventId: string): number | null {
    for (let sequence = 1; sequence <= this.head; sequence += 1) {
      if (this.event(sequence)?.eventId === eventId) return sequence
    }
    return null
  }

  eventAt(stream: BundleStream, place: number): BundleEvent {
    const { event } = lineOf(stream, place)
    const payload = partOf(event, "payload")
    const native = partOf(event, "native") ?? null
    const isReadable = payload !== undefined && (native === null || isRecord(native)) && isActor(event.actor)
    const text = (name: string): string | null => {
      const value = event[name]
      return typeof value === "string" ? value : null
    }
    return {
      ...blankEnvelope,
      sequence: stream.sequences[place] ?? 0,
      streamId: stream.streamId,
      streamVersion: place + 1,
      eventId: text("eventId") ?? "",
      type: text("type") ?? "",
      v: Number(event.v),
      seq: typeof event.seq === "number" ? event.seq : null,
      at: Number(event.at),
      recordedAt: Number(event.recordedAt),
      // What no version of ours writes is unreadable, and nobody's.
      actor: isActor(event.actor) ? event.actor : "orchestrator",
      ...Object.fromEntries(optionalTexts.map((name) => [name, text(name)])),
      native: isRecord(native) ? native : null,
      payload: isReadable ? payload : null,
      ...(isReadable ? {} : { unreadable: true as const }),
    }
  }

  #find(sequence: number): { readonly stream: BundleStream; readonly place: number } | null {
    const stream = this.streams[this.#streamOf[sequence - 1] ?? -1]
    return stream === undefined ? null : { stream, place: this.#placeOf[sequence - 1] ?? 0 }
  }

  #copied(line: Uint8Array): Uint8Array {
    if (line.length > blockBytes / 4) return line.slice()
    if (this.#used + line.length > this.#block.length) {
      this.#block = new Uint8Array(blockBytes)
      this.#used = 0
    }
    const copy = this.#block.subarray(this.#used, this.#used + line.length)
    copy.set(line)
    this.#used += line.length
    return copy
  }
}

/** A line had its form when it was taken. */
const lineOf = ({ lines }: BundleStream, place: number): EventLine => JSON.parse(decoder.decode(lines[place]))
