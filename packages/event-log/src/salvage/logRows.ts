/** Which row is what of a log: by its shape, because the schema itself may be lost. No Effect here. */
import { tombstoneTypes } from "@threadfold/contracts"
import type { PurgeRow } from "../Driver.js"
import type { BlockDigests } from "../digests/canonical.js"
import { blankRow, eventFields, type StoredEventRow } from "../EventRow.js"
import { sealedHashIn } from "../SqlitePurges.js"
import type { StoredText } from "../texts/storedParts.js"
import type { StoredRow, Value } from "./records.js"

/** A row of `digests`. */
export interface DigestBlock extends BlockDigests {
  readonly streamId: string
  readonly firstVersion: number
  readonly lastVersion: number
  readonly lastSequence: number
}

/** A row of `texts`. */
export interface LongText {
  readonly streamId: string
  readonly key: string
  readonly bytes: number
  readonly itemId: string | null
  readonly segments: string
}

/** An image or a file of messages, as its row has it. */
export interface MessageBlob {
  readonly hash: string
  readonly storedAt: number
  readonly bytes: Buffer
}

export type LogRow =
  | { readonly kind: "event"; readonly event: StoredEventRow }
  | {
      readonly kind: "native"
      readonly sequence: number
      readonly body: StoredText | null
      readonly blob: string | null
    }
  | { readonly kind: "block"; readonly first: number; readonly last: number; readonly body: Buffer }
  | { readonly kind: "blob"; readonly key: string; readonly body: string | Buffer }
  | { readonly kind: "message-blob"; readonly blob: MessageBlob }
  | { readonly kind: "text"; readonly text: LongText }
  | { readonly kind: "segment"; readonly key: string; readonly start: number; readonly body: string }
  | { readonly kind: "digest"; readonly block: DigestBlock }
  | { readonly kind: "purge"; readonly purge: PurgeRow }
  | { readonly kind: "meta"; readonly key: string; readonly value: string }

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const sha256 = /^[0-9a-f]{64}$/
const digest = /^[A-Za-z0-9+/]{43}=$/
/** Keys of the values that belong to a log and may go with it into another one. */
const metaKey = /^(stream:|attached\|)/

const isText = (value: Value | undefined): value is string => typeof value === "string"
const isCount = (value: Value | undefined): value is number => typeof value === "number" && Number.isSafeInteger(value)
const textOrNull = (value: Value | undefined): string | null | undefined =>
  value === null ? null : isText(value) ? value : undefined

type Writable<T> = { -readonly [Field in keyof T]: T[Field] }
/** Fields that hold a text or nothing. */
type OptionalText = {
  [Field in keyof StoredEventRow]: null extends StoredEventRow[Field]
    ? string extends StoredEventRow[Field]
      ? Field
      : never
    : never
}[keyof StoredEventRow]
const optionalTexts = eventFields.filter((field): field is OptionalText => blankRow[field] === null && field !== "seq")

/** The event of a row with the columns of `events`; null where it is none. */
const eventOf = (sequence: number, values: readonly Value[]): StoredEventRow | null => {
  const found: Readonly<Record<string, Value | undefined>> = Object.fromEntries(
    eventFields.map((field, index) => [field, values[index]]),
  )
  const { streamId, streamVersion, eventId, type, v, at, recordedAt, actor, seq, payload } = found
  if (!isText(streamId) || !isText(eventId) || !isText(type) || !isText(actor)) return null
  if (!isText(payload) && !Buffer.isBuffer(payload)) return null
  if (!isCount(streamVersion) || !isCount(v) || typeof at !== "number" || typeof recordedAt !== "number") return null
  if (!uuid.test(streamId) || !uuid.test(eventId) || streamVersion < 1) return null
  const row: Writable<StoredEventRow> = {
    ...blankRow,
    sequence,
    streamId,
    streamVersion,
    eventId,
    type,
    v,
    seq: typeof seq === "number" ? seq : null,
    at,
    recordedAt,
    actor,
    payload,
  }
  for (const field of optionalTexts) row[field] = textOrNull(found[field]) ?? null
  return row
}

const isDigest = (value: Value | undefined): value is string => isText(value) && digest.test(value)

/** The block of a row with the columns of `digests`; null where it is none. */
const digestOf = (lastSequence: number, values: readonly Value[]): DigestBlock | null => {
  const [, streamId, firstVersion, lastVersion, own, payloads, bodies] = values
  if (!isText(streamId) || !uuid.test(streamId) || !isCount(firstVersion) || !isCount(lastVersion)) return null
  if (!isDigest(own) || !isDigest(payloads) || (bodies !== null && !isDigest(bodies))) return null
  return { streamId, firstVersion, lastVersion, lastSequence, digest: own, payloads, bodies }
}

/** The purge of a row with the columns of `purges`; null where it is none. */
const purgeOf = (values: readonly Value[]): PurgeRow | null => {
  const [streamId, firstVersion, lastVersion, sealedHash, eventId, purgedAt, progress, finishedAt] = values
  if (values.length !== 8 || !isText(streamId) || !uuid.test(streamId) || !isText(eventId) || !uuid.test(eventId))
    return null
  if (!isCount(firstVersion) || !isCount(lastVersion) || !isText(sealedHash) || !sha256.test(sealedHash)) return null
  if (!isCount(purgedAt) || !isText(progress) || (finishedAt !== null && !isCount(finishedAt))) return null
  return { streamId, firstVersion, lastVersion, sealedHash, eventId, purgedAt, progress, finishedAt }
}

/** The long text of a row with the columns of `texts`; null where it is none. */
const longTextOf = (values: readonly Value[]): LongText | null => {
  const [streamId, key, bytes, itemId, segments] = values
  if (values.length !== 5 || !isText(streamId) || !uuid.test(streamId) || !isText(key) || !sha256.test(key)) return null
  if (!isCount(bytes) || !isText(segments) || (itemId !== null && !isText(itemId))) return null
  return { streamId, key, bytes, itemId, segments }
}

/** The image or file of a row with the columns of `message_blobs`; null where it is none. */
const messageBlobOf = (values: readonly Value[]): MessageBlob | null => {
  const [hash, mediaType, size, storedAt, unusedSince, bytes] = values
  if (!isText(hash) || !sha256.test(hash) || !isText(mediaType) || !isCount(size) || !isCount(storedAt)) return null
  if ((unusedSince !== null && !isCount(unusedSince)) || !Buffer.isBuffer(bytes)) return null
  return { hash, storedAt, bytes }
}

/** The sealed hash of an event that is a tombstone; null: it is none. */
export const sealedHashOf = ({ payload, type }: StoredEventRow): string | null => {
  const hash = tombstoneTypes.has(type) && typeof payload === "string" ? sealedHashIn(payload) : null
  return hash !== null && sha256.test(hash) ? hash : null
}

/** What a row is of a log; null: nothing that is copied. */
export const logRowOf = ({ rowid, values }: StoredRow): LogRow | null => {
  const [a, b, c] = values
  if (rowid === null) {
    const purge = purgeOf(values)
    if (purge !== null) return { kind: "purge", purge }
    const text = longTextOf(values)
    if (text !== null) return { kind: "text", text }
    return values.length === 2 && isText(a) && isText(b) && metaKey.test(a) ? { kind: "meta", key: a, value: b } : null
  }
  if (values.length === eventFields.length && a === null) {
    const event = eventOf(rowid, values)
    return event === null ? null : { kind: "event", event }
  }
  if (values.length === 3) return nativeOf(rowid, a, b, c)
  if (values.length === 6) {
    const blob = messageBlobOf(values)
    return blob === null ? null : { kind: "message-blob", blob }
  }
  if (values.length === 7 && a === null) {
    const block = digestOf(rowid, values)
    return block === null ? null : { kind: "digest", block }
  }
  return null
}

const nativeOf = (rowid: number, a?: Value, b?: Value, c?: Value): LogRow | null => {
  if (isText(a) && sha256.test(a) && isCount(b) && isText(c)) return { kind: "segment", key: a, start: b, body: c }
  if (a === null && isCount(b) && Buffer.isBuffer(c) && b >= rowid) {
    return { kind: "block", first: rowid, last: b, body: c }
  }
  if (isText(a) && sha256.test(a) && (isText(b) || Buffer.isBuffer(b)) && (c === 0 || c === 1)) {
    return { kind: "blob", key: a, body: b }
  }
  if (a !== null) return null
  if ((isText(b) || Buffer.isBuffer(b)) && c === null) return { kind: "native", sequence: rowid, body: b, blob: null }
  return b === null && isText(c) && sha256.test(c) ? { kind: "native", sequence: rowid, body: null, blob: c } : null
}
