/**
 * Digests of what the log holds, written with it: for each stream and transaction a row for at most 64 events, chained to the row
 * before it. With them `verify` finds a changed byte that the fold does not read. No Effect here.
 */
import type Sqlite from "better-sqlite3"
import type { NewEventRow } from "../EventRow.js"
import { blockEvents, bodiesDigest, chained, payloadsDigest } from "./canonical.js"

/** Ends of chains that are remembered; the others are looked up. */
const REMEMBERED = 10_000

const prepare = (handle: Sqlite.Database) => ({
  insert: handle.prepare<[number, string, number, number, string, string, string | null], never>(
    `INSERT INTO digests (last_sequence, stream_id, first_version, last_version, digest, payloads, bodies)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ),
  end: handle
    .prepare<[string, number], string>(
      `SELECT digest FROM digests
       WHERE last_sequence = (SELECT sequence FROM events WHERE stream_id = ? AND stream_version = ?)`,
    )
    .pluck(),
})

/** Events of one stream, and the parts of their bodies. */
interface Taken {
  readonly events: NewEventRow[]
  readonly bodies: (string | null)[]
}

export class Digests {
  private sql: ReturnType<typeof prepare> | null = null
  private events: NewEventRow[] = []
  /** Parts of the bodies, at the place of their events in `events`. */
  private bodies: (string | null)[] = []
  /** Digest of the last block of a stream. */
  private ends = new Map<string, string>()

  constructor(private readonly handle: Sqlite.Database) {}

  /** Takes an event of the running transaction. */
  event(event: NewEventRow): void {
    this.events.push(event)
    this.bodies.push(null)
  }

  /** Takes what the digest has of the native body of such an event. */
  body(sequence: number, part: string): void {
    const first = this.events[0]
    if (first === undefined) return
    // Events come in the order of their sequences, nearly always without a gap.
    let index = sequence - first.sequence
    if (this.events[index]?.sequence !== sequence) {
      index = this.events.findIndex((event) => event.sequence === sequence)
    }
    if (index >= 0) this.bodies[index] = part
  }

  /** Writes the digests of what was taken: before the commit, and where no digest may cover events before and after. */
  seal(): void {
    const { events } = this
    const first = events[0]
    if (first === undefined) return
    // The events of one thread mostly follow each other; a stream that comes again in the transaction is joined.
    const streams = new Map<string, Taken>()
    let own: Taken = { events: [], bodies: [] }
    let streamId: string | null = null
    for (let index = 0; index < events.length; index++) {
      const event = events[index]
      if (event === undefined) continue
      if (event.streamId !== streamId) {
        streamId = event.streamId
        own = streams.get(streamId) ?? { events: [], bodies: [] }
        streams.set(streamId, own)
      }
      own.events.push(event)
      own.bodies.push(this.bodies[index] ?? null)
    }
    for (const [id, taken] of streams) this.sealStream(id, taken)
    if (this.ends.size > REMEMBERED) this.ends = new Map()
    this.events = []
    this.bodies = []
  }

  /** Drops what was taken and what is remembered, after a rollback. */
  discard(): void {
    this.events = []
    this.bodies = []
    this.ends = new Map()
  }

  private sealStream(streamId: string, { bodies, events }: Taken): void {
    this.sql ??= prepare(this.handle)
    let previous = this.ends.get(streamId) ?? this.storedEnd(streamId, (events[0]?.streamVersion ?? 1) - 1)
    for (let from = 0; from < events.length; from += blockEvents) {
      const isWhole = events.length <= blockEvents
      const block = isWhole ? events : events.slice(from, from + blockEvents)
      const parts = bodiesDigest(isWhole ? bodies : bodies.slice(from, from + blockEvents))
      const first = block[0]
      const last = block[block.length - 1]
      if (first === undefined || last === undefined) return
      const payloads = payloadsDigest(block)
      previous = chained(previous, block, { payloads, bodies: parts })
      this.sql.insert.run(last.sequence, streamId, first.streamVersion, last.streamVersion, previous, payloads, parts)
    }
    this.ends.set(streamId, previous)
  }

  private storedEnd(streamId: string, version: number): string {
    return version === 0 ? "" : (this.sql?.end.get(streamId, version) ?? "")
  }
}
