/** What a log consists of: sizes, rates, gaps, clocks. One walk over the events; memory holds counts, never events. */
import type { LogStats } from "@threadfold/contracts"
import { BodyReader, payloadBytesSql } from "@threadfold/event-log"
import type Sqlite from "better-sqlite3"
import { Schema } from "effect"

/** What is asked for. Each part needs a walk over the log or an index of it. */
export const StatsParts = Schema.Struct({
  types: Schema.Boolean,
  threads: Schema.Boolean,
  gaps: Schema.Boolean,
  skew: Schema.Boolean,
})
export type StatsParts = typeof StatsParts.Type

/** Threads, channels and sessions that are named, the largest first. */
const named = 20
/** Event types that are told apart: adapters may send any number of unknown ones. */
const types = 1_000
/** Events between two words of progress. */
const pageEvents = 2_000

interface Size {
  events: number
  payloadBytes: number
  nativeBytes: number
  firstAt: number
  lastAt: number
}

interface EventSize {
  readonly sequence: number
  readonly streamId: string
  readonly sessionId: string | null
  readonly type: string
  readonly actor: string
  readonly at: number
  readonly recordedAt: number
  readonly payloadBytes: number
}

/** The largest by a measure; holds as many as are named. */
class Largest<A> {
  private readonly held: A[] = []

  constructor(private readonly measure: (one: A) => number) {}

  add(one: A): void {
    const least = this.held[named - 1]
    if (least !== undefined && this.measure(one) <= this.measure(least)) return
    this.held.push(one)
    this.held.sort((a, b) => this.measure(b) - this.measure(a))
    this.held.length = Math.min(this.held.length, named)
  }

  get items(): readonly A[] {
    return this.held
  }
}

const sizeIn = (sizes: Map<string, Size>, key: string, at: number): Size => {
  const known = sizes.get(key)
  if (known !== undefined) return known
  const fresh = { events: 0, payloadBytes: 0, nativeBytes: 0, firstAt: at, lastAt: at }
  sizes.set(key, fresh)
  return fresh
}

const count = (size: Size, event: EventSize, nativeBytes: number): void => {
  size.events += 1
  size.payloadBytes += event.payloadBytes
  size.nativeBytes += nativeBytes
  size.firstAt = Math.min(size.firstAt, event.recordedAt)
  size.lastAt = Math.max(size.lastAt, event.recordedAt)
}

/** How our clock and the clocks of the sources differ. */
class Skew {
  private events = 0
  private ahead = 0
  private sum = 0
  private least = Number.POSITIVE_INFINITY
  private most = Number.NEGATIVE_INFINITY
  private readonly sessions = new Map<string, { least: number; most: number }>()

  add({ actor, at, recordedAt, sessionId }: EventSize): void {
    if (actor !== "provider") return
    const late = recordedAt - at
    this.events += 1
    this.sum += late
    if (late < 0) this.ahead += 1
    this.least = Math.min(this.least, late)
    this.most = Math.max(this.most, late)
    if (sessionId === null) return
    const known = this.sessions.get(sessionId)
    if (known === undefined) this.sessions.set(sessionId, { least: late, most: late })
    else {
      known.least = Math.min(known.least, late)
      known.most = Math.max(known.most, late)
    }
  }

  report(): NonNullable<LogStats["skew"]> {
    const worst = new Largest<{ sessionId: string; leastMs: number; mostMs: number }>(({ leastMs, mostMs }) =>
      Math.max(Math.abs(leastMs), Math.abs(mostMs)),
    )
    for (const [sessionId, { least, most }] of this.sessions) worst.add({ sessionId, leastMs: least, mostMs: most })
    const none = this.events === 0
    return {
      events: this.events,
      ahead: this.ahead,
      leastMs: none ? null : this.least,
      meanMs: none ? null : this.sum / this.events,
      mostMs: none ? null : this.most,
      sessions: worst.items,
    }
  }
}

/** The busiest minute, by our clock, which rises along the log. */
class Busiest {
  private minute = Number.NaN
  private events = 0
  private best = { at: 0, events: 0 }

  add(recordedAt: number): void {
    const minute = Math.floor(recordedAt / 60_000)
    this.events = minute === this.minute ? this.events + 1 : 1
    this.minute = minute
    if (this.events > this.best.events) this.best = { at: minute * 60_000, events: this.events }
  }

  report(): { readonly at: number; readonly events: number } | null {
    return this.best.events === 0 ? null : this.best
  }
}

/** Channels with numbers that are not in the log. The index of numbers has them in order: nothing is sorted. */
const gapsOf = (handle: Sqlite.Database): NonNullable<LogStats["gaps"]> => {
  const worst = new Largest<NonNullable<LogStats["gaps"]>["channels"][number]>(({ missing }) => missing)
  const channels = handle.prepare<
    [],
    { readonly source: string; readonly channel: string; readonly last: number; readonly events: number }
  >(
    `SELECT source, channel, max(seq) AS last, count(*) AS events FROM events
     WHERE seq IS NOT NULL GROUP BY source, channel`,
  )
  const counts = { channels: 0, withGaps: 0, missing: 0 }
  for (const { channel, events, last, source } of channels.iterate()) {
    counts.channels += 1
    const missing = last - events
    if (missing === 0) continue
    counts.withGaps += 1
    counts.missing += missing
    worst.add({ source, channel, events, lastSeq: last, missing })
  }
  const refused = handle
    .prepare<[string], number>(
      `SELECT count(*) FROM events INDEXED BY events_by_type
       WHERE type = ? AND type <> 'content.delta' AND json_valid(payload) AND json_extract(payload, '$.conflict') IS NOT NULL`,
    )
    .pluck()
    .get("provider.unmapped")
  const repeats = handle
    .prepare<[], { readonly reason: string; readonly count: number }>(
      "SELECT reason, sum(count) AS count FROM anomalies WHERE reason LIKE '%-duplicate' GROUP BY reason ORDER BY reason",
    )
    .all()
  return {
    total: counts.channels,
    withGaps: counts.withGaps,
    missing: counts.missing,
    conflicts: refused ?? 0,
    duplicates: Object.fromEntries(repeats.map(({ count, reason }) => [reason, count])),
    channels: worst.items,
  }
}

/** Looks through a log. All reads must see one state of it. */
export const logStats = (
  handle: Sqlite.Database,
  parts: StatsParts,
  onEvents: (events: number) => void = () => undefined,
): LogStats => {
  const byType = new Map<string, Size>()
  const byStream = new Map<string, Size>()
  const skew = new Skew()
  const busiest = new Busiest()
  const all: Size = { events: 0, payloadBytes: 0, nativeBytes: 0, firstAt: 0, lastAt: 0 }
  if (parts.types || parts.threads || parts.skew) {
    const bodies = parts.types || parts.threads ? new BodyReader(handle) : null
    const events = handle.prepare<[], EventSize>(
      `SELECT sequence, stream_id AS streamId, session_id AS sessionId, type, actor, at, recorded_at AS recordedAt,
         ${payloadBytesSql} AS payloadBytes
       FROM events ORDER BY sequence`,
    )
    for (const event of events.iterate()) {
      const body = bodies?.textOf(event.sequence) ?? null
      const nativeBytes = body === null ? 0 : Buffer.byteLength(body)
      if (all.events === 0) all.firstAt = event.recordedAt
      count(all, event, nativeBytes)
      if (parts.types) {
        const type = byType.has(event.type) || byType.size < types ? event.type : "other"
        count(sizeIn(byType, type, event.recordedAt), event, nativeBytes)
      }
      if (parts.threads) count(sizeIn(byStream, event.streamId, event.recordedAt), event, nativeBytes)
      if (parts.skew) skew.add(event)
      busiest.add(event.recordedAt)
      if (all.events % pageEvents === 0) onEvents(pageEvents)
    }
    onEvents(all.events % pageEvents)
  }
  const largest = new Largest<Size & { readonly streamId: string }>(
    ({ nativeBytes, payloadBytes }) => nativeBytes + payloadBytes,
  )
  for (const [streamId, size] of byStream) largest.add({ streamId, ...size })
  const minutes = Math.max(1, (all.lastAt - all.firstAt) / 60_000)
  return {
    types: parts.types
      ? {
          byType: Object.fromEntries(
            [...byType].map(([type, { events, nativeBytes, payloadBytes }]) => [
              type,
              { events, payloadBytes, nativeBytes },
            ]),
          ),
          payloadBytes: all.payloadBytes,
          nativeBytes: all.nativeBytes,
          perMinute: all.events / minutes,
          busiestMinute: busiest.report(),
        }
      : null,
    threads: parts.threads ? largest.items : null,
    gaps: parts.gaps ? gapsOf(handle) : null,
    skew: parts.skew ? skew.report() : null,
  }
}
