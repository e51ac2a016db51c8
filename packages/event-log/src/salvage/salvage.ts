/**
 * Copies what can be read of a damaged log into a new one, and reports what could not. It goes by pages and rows, so that a
 * damaged page costs the rows on it and no more: not those below it, and not the file whose first page is gone.
 */
import { existsSync, statSync } from "node:fs"
import type { SalvageReport } from "@threadfold/contracts"
import { Effect, type Scope } from "effect"
import type { LogDriver } from "../Driver.js"
import { DatabaseNotFound, DatabaseUnreadable, type OpenError, SalvageTargetExists, StorageFailed } from "../Errors.js"
import type { EventRow, StoredEventRow } from "../EventRow.js"
import type { MigrationGroup } from "../Migrations.js"
import { openSqlite, type SqliteDatabase } from "../SqliteDatabase.js"
import { messageOf } from "../storageError.js"
import { decodeParts, joinParts, type StoredText } from "../texts/storedParts.js"
import { Catalogue, type PackedRange } from "./Catalogue.js"
import { DigestCheck } from "./DigestCheck.js"
import { LongTexts } from "./LongTexts.js"
import { type CopiedBlobs, MessageBlobs } from "./MessageBlobs.js"
import { PageFile } from "./PageFile.js"

/** Events of one transaction of the copy. */
const perTransaction = 1_000
/** Ranges that a report lists. */
const LISTED = 1_000

type Range = SalvageReport["missing"][number]
type LostBody = SalvageReport["bodies"]["lost"][number]

export interface SalvageOptions {
  /** The damaged file; its write-ahead log beside it is read, too. Neither is written to. */
  readonly from: string
  /** The new database; there must be nothing yet. */
  readonly to: string
  readonly migrations?: readonly MigrationGroup[]
  /** Progress of a purge that begins: a purge that was under way goes on in the copy, and so does one whose row is lost. */
  readonly purgeBegins: string
  /** The images and files of messages in the new database. */
  readonly blobs: (handle: SqliteDatabase["handle"]) => CopiedBlobs
  /** Called now and then, for progress: pages read, events copied. */
  readonly onProgress?: (pages: number, events: number) => void
}

/** Numbers of `from` to `until` that are not in an ascending list. */
const gaps = (numbers: readonly number[], from: number, until: number): readonly (readonly [number, number])[] => {
  const found: (readonly [number, number])[] = []
  let next = from
  for (const number of numbers) {
    if (number > next) found.push([next, number - 1])
    next = number + 1
  }
  if (next <= until) found.push([next, until])
  return found
}

/** Copies events in their order, with new sequences and versions without gaps. */
class Copy {
  events = 0
  bodies = 0
  purges = 0
  readonly lostBodies: LostBody[] = []
  readonly digests: DigestCheck
  readonly refused: { readonly sequence: number; readonly detail: string }[] = []
  /** Versions of each stream that were there. */
  readonly versions = new Map<string, number[]>()
  private readonly written = new Map<string, number>()
  private readonly blocks: readonly PackedRange[]
  private nextBlock = 0
  /** Last event of a block of bodies that cannot be read. */
  private lostUntil = 0
  private packedBodies: ReadonlyMap<number, StoredText> = new Map()
  private readonly texts: LongTexts

  constructor(
    private readonly catalogue: Catalogue,
    private readonly driver: LogDriver,
    private readonly purgeBegins: string,
    readonly blobs: MessageBlobs,
  ) {
    this.digests = new DigestCheck(catalogue)
    this.texts = new LongTexts(catalogue, driver, this.versions)
    this.blocks = [...catalogue.blocks].sort((a, b) => a.first - b.first)
  }

  run(onProgress: (events: number) => void): void {
    const sequences = this.catalogue.sequences()
    for (let from = 0; from < sequences.length; from += perTransaction) {
      this.driver.transaction(() => {
        for (const sequence of sequences.slice(from, from + perTransaction)) this.event(sequence)
      })
      onProgress(this.events)
    }
    this.driver.transaction(() => {
      for (const [key, value] of this.catalogue.meta) this.driver.setMeta(key, value)
    })
    this.blobs.run((write) => this.driver.transaction(write))
  }

  private event(old: number): void {
    const stored = this.catalogue.event(old)
    if (stored === null) return
    const isPurged = this.catalogue.tombstoneOf(stored) !== null
    const event = this.whole(stored, isPurged)
    if (event === null) return
    const body = isPurged ? null : this.bodyOf(old, event.payload)
    this.digests.event(event, body)
    const streamVersion = (this.written.get(event.streamId) ?? 0) + 1
    // What a purge had not taken yet does not go into the copy.
    const payload = isPurged ? "{}" : event.payload
    const row: EventRow = { ...event, payload, sequence: this.events + 1, streamVersion }
    try {
      this.purge(event)
      this.driver.insert(row)
    } catch (error) {
      // A number or an id that is there twice: one of the two rows is not what was written.
      this.refused.push({ sequence: old, detail: messageOf(error) })
      return
    }
    this.events += 1
    this.written.set(event.streamId, streamVersion)
    const versions = this.versions.get(event.streamId) ?? []
    this.versions.set(event.streamId, versions)
    versions.push(event.streamVersion)
    this.blobs.event(row)
    if (body === null || body === undefined) return
    this.driver.insertNatives([[row.sequence, body]])
    this.bodies += 1
  }

  /** Notes the purge that a tombstone ends, before the tombstone itself is written. */
  private purge(event: EventRow): void {
    const { catalogue, driver, purgeBegins } = this
    const { streamId } = event
    const tombstone = catalogue.tombstoneAt(event)
    const lastVersion = this.written.get(streamId) ?? 0
    if (tombstone === null || driver.purgeOf(streamId) !== null) return
    this.purges += 1
    // Of a stream whose other events are all lost there is nothing that the purge would stand for.
    if (lastVersion === 0) return
    const { at, eventId, sealedHash } = tombstone
    const found = catalogue.purgeOf(streamId)
    const finishedAt = found?.finishedAt ?? null
    const progress = found === null || finishedAt === null ? purgeBegins : found.progress
    const purgedAt = found?.purgedAt ?? at
    driver.beginPurge({ streamId, firstVersion: 1, lastVersion, sealedHash, eventId, purgedAt, progress })
    if (finishedAt !== null) driver.savePurge(streamId, progress, finishedAt)
  }

  /** The event with its payload whole; null where a long text of it is lost. */
  private whole(stored: StoredEventRow, isPurged: boolean): EventRow | null {
    const { payload, sequence, streamId } = stored
    if (typeof payload === "string") return { ...stored, payload }
    if (isPurged) return { ...stored, payload: "{}" }
    try {
      const source = { textOf: (key: string) => this.texts.textOf(streamId, key), payload: () => "" }
      return { ...stored, payload: joinParts(decodeParts(payload), source) }
    } catch (error) {
      this.refused.push({ sequence, detail: messageOf(error) })
      return null
    }
  }

  /** The native body of an event with this payload; undefined where it is there and cannot be read. */
  private bodyOf(sequence: number, payload: string): string | null | undefined {
    const stored = this.storedBody(sequence)
    if (stored === null || stored === undefined || typeof stored === "string") return stored
    try {
      return joinParts(decodeParts(stored), { textOf: () => "", payload: () => payload })
    } catch (error) {
      const detail = messageOf(error)
      this.lost({ firstSequence: sequence, lastSequence: sequence, detail })
      return undefined
    }
  }

  private storedBody(sequence: number): StoredText | null | undefined {
    const own = this.catalogue.body(sequence)
    if (typeof own === "string" || Buffer.isBuffer(own)) return own
    if (own !== null) {
      this.lost({ firstSequence: sequence, lastSequence: sequence, detail: own.lost })
      return undefined
    }
    for (let block = this.blocks[this.nextBlock]; block !== undefined && block.first <= sequence; ) {
      const bodies = this.catalogue.bodiesOf(block)
      if (bodies instanceof Map) this.packedBodies = new Map([...this.rest(sequence), ...bodies])
      else if ("lost" in bodies) {
        this.lost({ firstSequence: block.first, lastSequence: block.last, detail: String(bodies.lost) })
        this.lostUntil = Math.max(this.lostUntil, block.last)
      }
      this.nextBlock += 1
      block = this.blocks[this.nextBlock]
    }
    return this.packedBodies.get(sequence) ?? (sequence <= this.lostUntil ? undefined : null)
  }

  /** Packed bodies that are still to come. */
  private rest(sequence: number): readonly (readonly [number, StoredText])[] {
    return [...this.packedBodies].filter(([other]) => other >= sequence)
  }

  private lost(body: LostBody): void {
    if (this.lostBodies.length < LISTED) this.lostBodies.push(body)
  }
}

const reportOf = (options: SalvageOptions, file: PageFile, catalogue: Catalogue, copy: Copy): SalvageReport => {
  const missing: Range[] = gaps(catalogue.sequences(), 1, catalogue.lastSequence).map(([first, last]) => ({
    firstSequence: first,
    lastSequence: last,
  }))
  const streams = [...catalogue.versions].flatMap(([streamId, last]) =>
    gaps(
      (copy.versions.get(streamId) ?? []).sort((a, b) => a - b),
      1,
      last,
    ).map(([firstVersion, lastVersion]) => ({ streamId, firstVersion, lastVersion })),
  )
  const digests = copy.digests.finish()
  const { blobs } = copy
  return {
    ok:
      digests.mismatched.length === 0 &&
      missing.length === 0 &&
      streams.length === 0 &&
      copy.lostBodies.length === 0 &&
      copy.refused.length === 0 &&
      // One that is not there may never have been: where it was lost, its page is damaged.
      blobs.damaged.length === 0 &&
      catalogue.damagedPages.length === 0,
    from: options.from,
    to: options.to,
    events: copy.events,
    streams: copy.versions.size,
    purged: copy.purges,
    missing: missing.slice(0, LISTED),
    missingOfStreams: streams.slice(0, LISTED),
    refused: copy.refused.slice(0, LISTED),
    bodies: { copied: copy.bodies, lost: copy.lostBodies },
    blobs: {
      copied: blobs.copied,
      bytes: blobs.bytes,
      missing: blobs.missing.slice(0, LISTED),
      damaged: blobs.damaged.slice(0, LISTED),
    },
    digests,
    pages: { read: file.pageCount, damaged: catalogue.damagedPages.slice(0, LISTED) },
  }
}

const copied = (
  options: SalvageOptions,
  file: PageFile,
): Effect.Effect<{ readonly report: SalvageReport; readonly database: SqliteDatabase }, OpenError, Scope.Scope> =>
  Effect.gen(function* () {
    const catalogue = new Catalogue(file)
    catalogue.scan((page) => {
      if (page % 1_000 === 0) options.onProgress?.(page, 0)
    })
    if (catalogue.sequences().length === 0) {
      const message = `${options.from} has no event that can be read (${file.pageCount} pages of ${file.pageSize} bytes).`
      return yield* new DatabaseUnreadable({ message })
    }
    const database = yield* openSqlite({ file: options.to, owner: "held", migrations: options.migrations ?? [] })
    const blobs = new MessageBlobs(catalogue, options.blobs(database.handle))
    const copy = new Copy(catalogue, database.driver, options.purgeBegins, blobs)
    yield* Effect.try({
      try: () => copy.run((events) => options.onProgress?.(file.pageCount, events)),
      catch: (error) =>
        new StorageFailed({
          message: `${options.to}: ${messageOf(error)}.`,
        }),
    })
    return { report: reportOf(options, file, catalogue, copy), database }
  })

/** How a salvage fails. */
export type SalvageError = DatabaseNotFound | SalvageTargetExists | OpenError

/**
 * Salvages a file; the new database stays open for the scope, so that its rows can be made. Fails with `DatabaseUnreadable`
 * where no event is left.
 */
export const salvage = (
  options: SalvageOptions,
): Effect.Effect<{ readonly report: SalvageReport; readonly database: SqliteDatabase }, SalvageError, Scope.Scope> =>
  Effect.gen(function* () {
    const { from, to } = options
    if (statSync(from, { throwIfNoEntry: false })?.isFile() !== true) {
      return yield* new DatabaseNotFound({ file: from })
    }
    if (existsSync(to)) return yield* new SalvageTargetExists({ file: to })
    const file = yield* Effect.acquireRelease(
      Effect.try({
        try: () => PageFile.open(from),
        catch: (error) => new DatabaseUnreadable({ message: `${from}: ${String(error)}.` }),
      }),
      (open) => Effect.sync(() => open.close()),
    )
    return yield* copied(options, file)
  })
