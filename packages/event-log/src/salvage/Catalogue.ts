/** What of a log a damaged file still holds, and where. Places only: the rows are read again when they are copied. */
import type { PurgeRow } from "../Driver.js"
import type { StoredEventRow } from "../EventRow.js"
import { readWholeBlock, unpackBody } from "../NativeBodies.js"
import { messageOf } from "../storageError.js"
import type { StoredText } from "../texts/storedParts.js"
import { type DigestBlock, type LogRow, type LongText, logRowOf, type MessageBlob, sealedHashOf } from "./logRows.js"
import type { PageFile } from "./PageFile.js"
import { cellsOf, type Place, rowAt } from "./records.js"

/** A block of packed bodies. */
export interface PackedRange {
  readonly first: number
  readonly last: number
  readonly place: Place
}

/** The tombstone of a stream: what its events before it held was removed for good. */
export interface Tombstone {
  readonly version: number
  readonly eventId: string
  readonly sealedHash: string
  readonly at: number
}

/** More rows than this on one page are none. */
const cellsPerPage = 65_536
const textPlace = (streamId: string, key: string): string => `${streamId} ${key}`
const packed = ({ cell, page }: Place): number => page * cellsPerPage + cell
const unpacked = (place: number): Place => ({ page: Math.floor(place / cellsPerPage), cell: place % cellsPerPage })

export class Catalogue {
  /** Sequence → where its event is. */
  private readonly events = new Map<number, number>()
  private readonly natives = new Map<number, number>()
  private readonly blobs = new Map<string, number>()
  /** Hash of an image or a file of messages → where it is. */
  private readonly messageBlobs = new Map<string, number>()
  private readonly texts = new Map<string, number>()
  /** Key of a long text → byte at which a part of it begins → where that is. */
  private readonly segments = new Map<string, Map<number, number>>()
  /** Last sequence of a block → where its digest is. */
  private readonly digests = new Map<number, number>()
  readonly blocks: PackedRange[] = []
  readonly meta = new Map<string, string>()
  private readonly tombstones = new Map<string, Tombstone>()
  private readonly purges = new Map<string, PurgeRow>()
  /** Last version of each stream that the file names, whether its event is there or not. */
  readonly versions = new Map<string, number>()
  /** Pages whose header counts rows of which some cannot be read. */
  readonly damagedPages: number[] = []
  /** Highest sequence that the file names. */
  lastSequence = 0

  constructor(private readonly file: PageFile) {}

  /** Goes through all pages. */
  scan(onPage: (page: number) => void): void {
    for (let number = 1; number <= this.file.pageCount; number++) {
      onPage(number)
      const page = this.file.page(number)
      if (page === null) {
        this.damagedPages.push(number)
        continue
      }
      let torn = false
      for (let cell = 0, cells = cellsOf(page, number); cell < cells; cell++) {
        const place = { page: number, cell }
        const row = rowAt(this.file, page, place)
        if (row === null) torn = true
        else this.take(logRowOf(row), place)
      }
      if (torn) this.damagedPages.push(number)
    }
  }

  /** The digest of the block that ends with this sequence, where it is there. */
  digest(lastSequence: number): DigestBlock | null {
    const row = this.read(this.digests.get(lastSequence))
    return row?.kind === "digest" ? row.block : null
  }

  /** Where blocks end whose digest is there, ascending. */
  blockEnds(): readonly number[] {
    return [...this.digests.keys()].sort((a, b) => a - b)
  }

  /** Sequences of the events that are there, ascending. */
  sequences(): readonly number[] {
    return [...this.events.keys()].sort((a, b) => a - b)
  }

  /** An event that is there. */
  event(sequence: number): StoredEventRow | null {
    const row = this.read(this.events.get(sequence))
    return row?.kind === "event" ? row.event : null
  }

  /** An image or a file of messages, whatever its bytes are by now. */
  messageBlob(hash: string): MessageBlob | null {
    const row = this.read(this.messageBlobs.get(hash))
    return row?.kind === "message-blob" ? row.blob : null
  }

  /** A long text of a stream, as its row has it. */
  text(streamId: string, key: string): LongText | null {
    const row = this.read(this.texts.get(textPlace(streamId, key)))
    return row?.kind === "text" ? row.text : null
  }

  /** What is there of a long text that is stored by itself, in order. */
  bodyOf(key: string): string {
    const places = [...(this.segments.get(key) ?? [])].sort(([a], [b]) => a - b)
    return places
      .map(([, place]) => {
        const row = this.read(place)
        return row?.kind === "segment" ? row.body : ""
      })
      .join("")
  }

  /** The native body of an event as it is stored, null where the file has none, or why it cannot be read. */
  body(sequence: number): StoredText | null | { readonly lost: string } {
    const row = this.read(this.natives.get(sequence))
    if (row?.kind !== "native") return null
    if (row.blob === null) return row.body
    const blob = this.read(this.blobs.get(row.blob))
    if (blob?.kind !== "blob") return { lost: "its long body is not there" }
    try {
      return typeof blob.body === "string" ? blob.body : unpackBody(blob.body)
    } catch (error) {
      return { lost: `its long body cannot be unpacked (${messageOf(error)})` }
    }
  }

  /** All bodies of a block, or why they cannot be read. */
  bodiesOf({ place }: PackedRange): ReadonlyMap<number, StoredText> | { readonly lost: string } {
    const row = this.read(packed(place))
    if (row?.kind !== "block") return { lost: "the block cannot be read" }
    try {
      return readWholeBlock(row.body)
    } catch (error) {
      return { lost: `the block cannot be unpacked (${messageOf(error)})` }
    }
  }

  /** The tombstone of an event's stream, where the event lies before it: its content is gone, or is to go. */
  tombstoneOf({ streamId, streamVersion }: Pick<StoredEventRow, "streamId" | "streamVersion">): Tombstone | null {
    const tombstone = this.tombstones.get(streamId)
    return tombstone !== undefined && streamVersion < tombstone.version ? tombstone : null
  }

  /** The tombstone that an event is; null: it is none. */
  tombstoneAt({ eventId, streamId }: Pick<StoredEventRow, "eventId" | "streamId">): Tombstone | null {
    const tombstone = this.tombstones.get(streamId)
    return tombstone?.eventId === eventId ? tombstone : null
  }

  /** The row of the purge that left a tombstone; null: it is lost, or of another one. */
  purgeOf(streamId: string): PurgeRow | null {
    const purge = this.purges.get(streamId)
    const tombstone = this.tombstones.get(streamId)
    return purge?.eventId === tombstone?.eventId && purge?.sealedHash === tombstone?.sealedHash ? (purge ?? null) : null
  }

  private read(place: number | undefined): LogRow | null {
    if (place === undefined) return null
    const at = unpacked(place)
    const page = this.file.page(at.page)
    const row = page === null ? null : rowAt(this.file, page, at)
    return row === null ? null : logRowOf(row)
  }

  private take(row: LogRow | null, place: Place): void {
    switch (row?.kind) {
      case "event":
        // An event never changes: a page that is not in use any more holds the same.
        this.events.set(row.event.sequence, packed(place))
        this.note(row.event.streamId, row.event.streamVersion, row.event.sequence)
        this.noteTombstone(row.event)
        return
      case "native":
        this.natives.set(row.sequence, packed(place))
        return
      case "block":
        this.blocks.push({ first: row.first, last: row.last, place })
        return
      case "blob":
        this.blobs.set(row.key, packed(place))
        return
      case "message-blob":
        this.messageBlobs.set(row.blob.hash, packed(place))
        return
      case "text":
        this.texts.set(textPlace(row.text.streamId, row.text.key), packed(place))
        return
      case "segment": {
        const starts = this.segments.get(row.key) ?? new Map<number, number>()
        this.segments.set(row.key, starts.set(row.start, packed(place)))
        return
      }
      case "digest":
        this.digests.set(row.block.lastSequence, packed(place))
        return this.note(row.block.streamId, row.block.lastVersion, row.block.lastSequence)
      case "purge":
        this.purges.set(row.purge.streamId, row.purge)
        return
      case "meta":
        this.meta.set(row.key, row.value)
        return
    }
  }

  /** Nothing comes after a tombstone: the last one is that of the stream. */
  private noteTombstone(event: StoredEventRow): void {
    const sealedHash = sealedHashOf(event)
    const before = this.tombstones.get(event.streamId)
    if (sealedHash === null || (before !== undefined && before.version > event.streamVersion)) return
    const { eventId, recordedAt, streamId, streamVersion } = event
    this.tombstones.set(streamId, { version: streamVersion, eventId, sealedHash, at: recordedAt })
  }

  private note(streamId: string, version: number, sequence: number): void {
    this.versions.set(streamId, Math.max(this.versions.get(streamId) ?? 0, version))
    this.lastSequence = Math.max(this.lastSequence, sequence)
  }
}
