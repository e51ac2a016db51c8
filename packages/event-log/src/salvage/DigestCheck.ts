/**
 * Compares what is copied with the digests that were written with it, so that a copy does not make a damaged row look whole: it
 * has digests of its own.
 */
import type { SalvageReport } from "@threadfold/contracts"
import { blockEvents, bodiesDigest, bodyPart, chained, payloadsDigest } from "../digests/canonical.js"
import type { EventRow } from "../EventRow.js"
import type { Catalogue } from "./Catalogue.js"
import type { DigestBlock } from "./logRows.js"

/** Blocks that a report lists. */
const LISTED = 1_000

type Mismatch = SalvageReport["digests"]["mismatched"][number]

/** An event that was copied, as the damaged file has it. `body` is undefined where it is lost. */
interface Copied {
  readonly event: EventRow
  readonly body: string | null | undefined
}

export class DigestCheck {
  private checked = 0
  private unchecked = 0
  private readonly mismatched: Mismatch[] = []
  /** Of each stream the events since its last block. */
  private readonly waiting = new Map<string, Copied[]>()
  /** Of each stream the last block whose digest is there. */
  private readonly ends = new Map<string, DigestBlock>()
  private readonly blockEnds: readonly number[]
  private next = 0

  constructor(private readonly catalogue: Catalogue) {
    this.blockEnds = catalogue.blockEnds()
  }

  /** Takes an event that was read, in the order of sequences. */
  event(event: EventRow, body: string | null | undefined): void {
    this.until(event.sequence - 1)
    const waiting = this.waiting.get(event.streamId) ?? []
    this.waiting.set(event.streamId, waiting)
    // More events than a block holds: the oldest ones belong to a block whose digest is lost.
    if (waiting.length === blockEvents) waiting.shift()
    waiting.push({ event, body })
    this.until(event.sequence)
  }

  /** What was found, once all events were taken. */
  finish(): SalvageReport["digests"] {
    this.until(Number.POSITIVE_INFINITY)
    return { checked: this.checked, unchecked: this.unchecked, mismatched: this.mismatched }
  }

  /** Compares the blocks that end until a sequence. */
  private until(sequence: number): void {
    for (let end = this.blockEnds[this.next]; end !== undefined && end <= sequence; end = this.blockEnds[this.next]) {
      this.next += 1
      const block = this.catalogue.digest(end)
      if (block === null) continue
      this.compare(block, (this.waiting.get(block.streamId) ?? []).filter(isIn(block)))
      this.waiting.delete(block.streamId)
      this.ends.set(block.streamId, block)
    }
  }

  private compare(block: DigestBlock, copied: readonly Copied[]): void {
    if (copied.length !== block.lastVersion - block.firstVersion + 1) {
      this.unchecked += 1
      return
    }
    this.checked += 1
    const events = copied.map(({ event }) => event)
    if (this.isOther(block, events)) this.found(block, events, "row")
    // The stored digests stand for what a purge has taken; what it has not taken yet is not copied.
    if (events.every((event) => this.catalogue.tombstoneOf(event) !== null)) return
    if (payloadsDigest(events) !== block.payloads) this.found(block, events, "payload")
    const bodies = copied.flatMap(({ body }) => (body === undefined ? [] : [body === null ? null : bodyPart(body)]))
    // Lost bodies are listed as such.
    if (bodies.length === copied.length && bodiesDigest(bodies) !== block.bodies) this.found(block, events, "native")
  }

  /** Whether the rows differ from what was written. False, too, where it cannot be known, because the block before is lost. */
  private isOther(block: DigestBlock, events: readonly EventRow[]): boolean {
    const before = this.ends.get(block.streamId)
    const follows = before?.lastVersion === block.firstVersion - 1
    // A chain begins with nothing before it, also in a log that is older than its digests.
    const isKnown = follows || block.firstVersion === 1
    const isSame = chained(follows && before !== undefined ? before.digest : "", events, block) === block.digest
    return isKnown && !isSame
  }

  private found(block: DigestBlock, events: readonly EventRow[], part: Mismatch["part"]): void {
    if (this.mismatched.length >= LISTED) return
    const firstSequence = events[0]?.sequence ?? block.lastSequence
    this.mismatched.push({ streamId: block.streamId, firstSequence, lastSequence: block.lastSequence, part })
  }
}

const isIn =
  ({ firstVersion, lastVersion }: DigestBlock) =>
  ({ event }: Copied): boolean =>
    event.streamVersion >= firstVersion && event.streamVersion <= lastVersion
