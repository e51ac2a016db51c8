/**
 * Compares what the log holds with its digests. It finds what another program changed, also where the fold does not notice it: in
 * a native body, a time, or an id that nothing refers to. No Effect here.
 */
import type { LogReport } from "@threadfold/contracts"
import type Sqlite from "better-sqlite3"
import { type EventRow, type EventValues, eventSelection, rowOfValues } from "../EventRow.js"
import { digestsAfterKey } from "../migrations/index.js"
import { sealedHashIn } from "../SqlitePurges.js"
import { messageOf } from "../storageError.js"
import { SqliteTexts } from "../texts/SqliteTexts.js"
import { BodyReader } from "./BodyReader.js"
import { bodiesDigest, chained, payloadsDigest } from "./canonical.js"

type Finding = LogReport["findings"][number]

/** Findings that a report lists; `ok` is false however many there are. */
const LISTED = 1000
/** Blocks per page: up to some thousand events, which a page tells of while a reader would still wait. */
const PAGE = 50

interface Block {
  readonly lastSequence: number
  readonly streamId: string
  readonly firstVersion: number
  readonly lastVersion: number
  readonly digest: string
  readonly payloads: string
  readonly bodies: string | null
}

/** A purge, and the event behind its range. */
interface Purged {
  readonly streamId: string
  readonly firstVersion: number
  readonly lastVersion: number
  readonly sealedHash: string
  readonly eventId: string
  readonly finishedAt: number | null
  readonly sequence: number | null
  readonly tombstone: string | null
  readonly payload: string | null
}

/** Whether the event behind the range is the tombstone that the purge names, and repeats its sealed hash. */
const hasTombstone = ({ eventId, payload, sealedHash, tombstone }: Purged): boolean =>
  tombstone === eventId && payload !== null && sealedHashIn(payload) === sealedHash

export interface VerifyDigestsOptions {
  /** Reads every native body too. */
  readonly bytes: boolean
  /** Looks at the blocks of this stream alone; null or absent: all. */
  readonly streamId?: string | null
  /**
   * Runs `body` so that all its reads see one state of the database; called for each page of blocks, so that none is held long beside a
   * writer. Absent: the caller holds one.
   */
  readonly readTransaction?: <A>(body: () => A) => A
  /** Called after every page with the number of compared events. */
  readonly onProgress?: (events: number) => void
}

const prepare = (handle: Sqlite.Database) => ({
  blocks: handle.prepare<[number, number], Block>(
    `SELECT last_sequence AS lastSequence, stream_id AS streamId, first_version AS firstVersion,
       last_version AS lastVersion, digest, payloads, bodies
     FROM digests WHERE last_sequence > ? AND last_sequence <= ? ORDER BY last_sequence LIMIT ${PAGE}`,
  ),
  events: handle
    .prepare<[string, number, number], EventValues>(
      `SELECT ${eventSelection} FROM events
       WHERE stream_id = ? AND stream_version BETWEEN ? AND ? ORDER BY stream_version`,
    )
    .raw(),
  without: handle.prepare<[string, number, number, number], { readonly sequence: number; readonly version: number }>(
    `SELECT sequence, stream_version AS version FROM events
     WHERE stream_id = ? AND stream_version > ? AND sequence > ? AND sequence <= ? ORDER BY stream_version LIMIT 1`,
  ),
  versionAt: handle
    .prepare<[string, number], number | null>(
      "SELECT max(stream_version) FROM events WHERE stream_id = ? AND sequence <= ?",
    )
    .pluck(),
  streams: handle.prepare<[string], string | null>("SELECT min(stream_id) FROM events WHERE stream_id > ?").pluck(),
  purges: handle.prepare<[], Purged>(
    `SELECT purges.stream_id AS streamId, first_version AS firstVersion, last_version AS lastVersion,
       sealed_hash AS sealedHash, finished_at AS finishedAt, purges.event_id AS eventId, tombstone.sequence, tombstone.event_id AS tombstone,
       tombstone.payload
     FROM purges LEFT JOIN events AS tombstone
       ON tombstone.stream_id = purges.stream_id AND tombstone.stream_version = last_version + 1`,
  ),
  after: handle.prepare<[string], string>("SELECT value FROM meta WHERE key = ?").pluck(),
  head: handle.prepare<[], number | null>("SELECT max(sequence) FROM events").pluck(),
  older: handle.prepare<[number], number>("SELECT count(*) FROM events WHERE sequence <= ?").pluck(),
})

class Verification {
  private readonly sql: ReturnType<typeof prepare>
  private readonly bodies: BodyReader
  private readonly texts: SqliteTexts
  /** Up to this sequence an older version wrote, without digests. */
  private readonly after: number
  /** What is written after the beginning is left to the next look. */
  private readonly head: number
  private readonly readTransaction: <A>(body: () => A) => A
  private readonly streamId: string | null
  private readonly findings: Finding[] = []
  /** The last block of every stream. */
  private readonly ends = new Map<string, Pick<Block, "digest" | "lastVersion">>()
  /** Purges by their streams: the content of their events is gone, and the stored digests stand for it. */
  private readonly purges = new Map<string, Purged>()
  private ok = true
  private blocks = 0
  private events = 0

  constructor(
    handle: Sqlite.Database,
    private readonly options: VerifyDigestsOptions,
  ) {
    this.sql = prepare(handle)
    this.bodies = new BodyReader(handle)
    this.texts = new SqliteTexts(handle)
    this.after = Number(this.sql.after.get(digestsAfterKey) ?? 0)
    this.head = this.headNow()
    this.readTransaction = options.readTransaction ?? ((body) => body())
    this.streamId = options.streamId ?? null
  }

  run(): LogReport {
    const { after } = this
    this.tombstones()
    const complete = this.allBlocks()
    if (complete) this.withoutDigest(after)
    const { blocks, events, findings, ok } = this
    return { ok, blocks, events, eventsBefore: this.sql.older.get(after) ?? 0, bytes: this.options.bytes, findings }
  }

  /** A head that cannot be read bounds nothing: the pages then say what is wrong with it. */
  private headNow(): number {
    try {
      return this.sql.head.get() ?? 0
    } catch {
      return Number.MAX_SAFE_INTEGER
    }
  }

  /** False: the digests themselves can only be read up to some place. */
  private allBlocks(): boolean {
    for (let last: number | null = 0; last !== null; ) {
      const after: number = last
      const next = this.readTransaction(() => this.page(after))
      if (next === false) return false
      this.options.onProgress?.(this.events)
      last = next
    }
    return true
  }

  /** Compares a page of blocks. Gives the sequence at which it ends, null behind the last one, false where they cannot be read. */
  private page(last: number): number | null | false {
    let page: readonly Block[]
    try {
      page = this.sql.blocks.all(last, this.head)
    } catch (error) {
      this.found({ part: "digests", firstSequence: last + 1, detail: `cannot be read (${messageOf(error)})` })
      return false
    }
    for (const block of page) if (this.isAbout(block.streamId)) this.block(block)
    return page.at(-1)?.lastSequence ?? null
  }

  /** A purge without its tombstone takes the place of nothing: what it names is compared like the rest. */
  private tombstones(): void {
    try {
      for (const purge of this.readTransaction(() => this.sql.purges.all())) {
        if (hasTombstone(purge)) this.purges.set(purge.streamId, purge)
        else if (this.isAbout(purge.streamId)) {
          const { sequence, streamId } = purge
          const detail = "a purge is noted, and its tombstone is not in the log"
          this.found({ streamId, firstSequence: sequence, lastSequence: sequence, part: "events", detail })
        }
      }
    } catch (error) {
      this.found({ part: "events", detail: `purges cannot be read (${messageOf(error)})` })
    }
  }

  /** The purge that took the content of a block's events, or null. */
  private purgeOf({ firstVersion, lastVersion, streamId }: Block): Purged | null {
    const purge = this.purges.get(streamId)
    return purge !== undefined && purge.firstVersion <= firstVersion && lastVersion <= purge.lastVersion ? purge : null
  }

  private isAbout(streamId: string): boolean {
    return this.streamId === null || this.streamId === streamId
  }

  private block(block: Block): void {
    this.blocks += 1
    const end = this.ends.get(block.streamId)
    this.ends.set(block.streamId, block)
    const covered = end?.lastVersion ?? this.versionBefore(block.streamId)
    if (covered + 1 !== block.firstVersion) {
      const detail = `versions ${covered + 1} to ${block.firstVersion - 1} have no digest`
      this.found({ ...placeOf(block), part: "digests", detail })
    }
    let events: readonly EventRow[]
    try {
      events = this.sql.events
        .all(block.streamId, block.firstVersion, block.lastVersion)
        .map((values) => this.texts.event(rowOfValues(values)))
    } catch (error) {
      this.found({ ...placeOf(block), part: "events", detail: `cannot be read (${messageOf(error)})` })
      return
    }
    const expected = block.lastVersion - block.firstVersion + 1
    this.events += events.length
    if (events.length !== expected || events.at(-1)?.sequence !== block.lastSequence) {
      const detail = `${events.length} of ${expected} events are there`
      this.found({ ...placeOf(block, events), part: "events", detail })
      return
    }
    this.compare(block, events, end?.digest ?? "")
  }

  private compare(block: Block, events: readonly EventRow[], previous: string): void {
    const place = placeOf(block, events)
    const purge = this.purgeOf(block)
    if (purge !== null) {
      const isEmpty = events.every(({ payload }) => payload === "{}")
      if (purge.finishedAt !== null && !isEmpty) {
        this.found({ ...place, part: "payload", detail: "is there, and the thread was purged" })
      }
    } else if (payloadsDigest(events) !== block.payloads) {
      // A payload that is not JSON any more is the changed one.
      const torn = events.filter(({ payload }) => !isJson(payload))
      const [one] = torn
      const named = torn.length === 1 && one !== undefined ? { ...place, ...eventPlace(one) } : place
      this.found({ ...named, part: "payload", detail: "is not what was written" })
    }
    if (chained(previous, events, block) !== block.digest) {
      this.found({ ...place, part: "row", detail: "is not what was written, or what comes before it is not" })
    }
    if (this.options.bytes && purge === null) this.compareBodies(block, events, place)
  }

  private compareBodies(block: Block, events: readonly EventRow[], place: Place): void {
    const parts: (string | null)[] = []
    for (const event of events) {
      const read = this.bodies.partOf(event.sequence)
      if (typeof read === "object" && read !== null) {
        const where = read.range === null ? eventPlace(event) : { eventId: null, ...read.range }
        this.found({ ...place, ...where, part: "native", detail: read.damage })
        return
      }
      parts.push(read)
    }
    if (bodiesDigest(parts) === block.bodies) return
    this.found({ ...place, part: "native", detail: "is not what was received" })
  }

  /** Version of a stream when the chains began. */
  private versionBefore(streamId: string): number {
    return this.after === 0 ? 0 : (this.sql.versionAt.get(streamId, this.after) ?? 0)
  }

  /** Events that were written since the chains began, and that no digest covers. */
  private withoutDigest(after: number): void {
    for (let streamId = this.sql.streams.get("") ?? null; streamId !== null; ) {
      const end = this.ends.get(streamId)?.lastVersion ?? this.versionBefore(streamId)
      const first = this.isAbout(streamId) ? this.sql.without.get(streamId, end, after, this.head) : undefined
      if (first !== undefined) {
        const detail = `events from version ${first.version} on have no digest`
        this.found({ streamId, firstSequence: first.sequence, part: "digests", detail })
      }
      streamId = this.sql.streams.get(streamId) ?? null
    }
  }

  private found({ part, detail, ...place }: Partial<Finding> & Pick<Finding, "part" | "detail">): void {
    this.ok = false
    if (this.findings.length >= LISTED) return
    this.findings.push({
      streamId: null,
      firstSequence: null,
      lastSequence: null,
      eventId: null,
      ...place,
      part,
      detail,
    })
  }
}

type Place = Pick<Finding, "streamId" | "firstSequence" | "lastSequence" | "eventId">

const eventPlace = ({ eventId, sequence }: EventRow) => ({ eventId, firstSequence: sequence, lastSequence: sequence })

const placeOf = ({ lastSequence, streamId }: Block, events: readonly EventRow[] = []): Place => ({
  streamId,
  firstSequence: events[0]?.sequence ?? null,
  lastSequence,
  eventId: events.length === 1 ? (events[0]?.eventId ?? null) : null,
})

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Verifies the log of a database. The caller sees to it that everything read is of one moment. */
export const verifyDigests = (handle: Sqlite.Database, options: VerifyDigestsOptions): LogReport =>
  new Verification(handle, options).run()
