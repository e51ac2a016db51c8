/** Bundles as `threadfold export` writes them, and what a hostile or clumsy hand makes of one. */
import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"
import type { EventEnvelope } from "@threadfold/contracts"

const sha256 = (text: string | Uint8Array): string => createHash("sha256").update(text).digest("hex")

/** A blob behind the events of a stream. */
export interface CarriedBlob {
  readonly mediaType: string
  readonly bytes: Uint8Array
}

export interface BundleParts {
  /** Stream → its events. */
  readonly streams: Readonly<Record<string, readonly EventEnvelope[]>>
  readonly blobs?: readonly CarriedBlob[]
  /** Event id → its native message. */
  readonly bodies?: Readonly<Record<string, string>>
  readonly version?: number
  /** Lines that stand behind the events of each stream. */
  readonly more?: readonly string[]
}

const eventLine = (event: EventEnvelope, body: string | undefined): string => {
  const { sequence: _sequence, streamId: _streamId, ...fields } = event
  const present = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
  return JSON.stringify({ event: present, ...(body === undefined ? {} : { body }) })
}

/** The pieces of a blob, small ones. */
const blobLines = ({ bytes, mediaType }: CarriedBlob): readonly string[] => {
  const lines = [JSON.stringify({ blob: { hash: sha256(bytes), mediaType, size: bytes.length } })]
  for (let from = 0; from < bytes.length; from += 300) {
    lines.push(JSON.stringify({ bytes: Buffer.from(bytes.subarray(from, from + 300)).toString("base64") }))
  }
  return lines
}

/** The lines of a bundle whose seals are right. */
export const bundleText = ({ blobs = [], bodies = {}, more = [], streams, version }: BundleParts): string => {
  const head = {
    bundle: "threadfold",
    version: version ?? (blobs.length > 0 ? 2 : 1),
    redaction: "masked",
    foldVersion: 1,
  }
  const lines = [JSON.stringify({ ...head, logId: "01890a5d-ac96-774b-bcce-b302099a8057" })]
  const ids = Object.keys(streams).sort()
  for (const stream of ids) {
    const own = (streams[stream] ?? []).map((event) => eventLine(event, bodies[event.eventId]))
    const digest = sha256(own.map((line) => `${line}\n`).join(""))
    const sealed = { stream, events: own.length, sha256: digest, hash: null }
    lines.push(JSON.stringify({ stream }), ...own, ...more)
    if (stream === ids[0]) lines.push(...blobs.flatMap(blobLines))
    lines.push(JSON.stringify({ sealed }))
  }
  return sealedText(lines)
}

/** Lines without their end, with the end that is right for them. */
export const sealedText = (lines: readonly string[]): string => {
  const text = lines.map((line) => `${line}\n`).join("")
  const count = (start: string): number => lines.filter((line) => line.startsWith(start)).length
  const bodies = lines.filter((line) => line.startsWith('{"event"') && /,"body":"/.test(line)).length
  const end = {
    streams: count('{"stream"'),
    threads: 1,
    events: count('{"event"'),
    bodies,
    hash: null,
    sha256: sha256(text),
  }
  return `${text}${JSON.stringify({ end })}\n`
}

/** A text as a packed file. */
export const packed = (text: string): Blob => new Blob([new Uint8Array(gzipSync(text))])
