/**
 * What a digest is taken of: the stored values of events without their `sequence`, which a copy into another log does not keep.
 * The write path and `verify` share it, because both must give the same text.
 */
import { createHash, hash } from "node:crypto"
import { blankRow, type NewEventRow } from "../EventRow.js"
import { bodyKey, hashOf, isLong } from "../NativeBodies.js"
import { LongJson } from "../texts/LongJson.js"

/** Events of one stream and one transaction that share a digest, at most: what `verify` can name. */
export const blockEvents = 64

/** A text with more UTF-16 units is hashed part by part. */
const longText = 1024 * 1024

/** SHA-256 of UTF-8, base64. */
export const sha256 = (text: string): string =>
  text.length > longText ? hashOf(text).digest("base64") : hash("sha256", text, "base64")

/** A text as SQLite keeps it: a lone surrogate is replaced there. */
const surrogate = /[\ud800-\udfff]/
const stored = (text: string): string => (surrogate.test(text) ? Buffer.from(text).toString() : text)

/** A text in which an event differs from the one before; its length stands before it, so that no two lists give one text. */
const text = (index: number, value: string | null, before: string | null | undefined): string => {
  if (value === null) return `${index}~`
  // Texts that differ here may be stored as the same text.
  if (typeof before === "string" && stored(value) === stored(before)) return ""
  return `${index}:${value.length}:${value}`
}

/**
 * The values of an event in which it differs from the one before it in its block: neighbours are alike, and nine events of
 * ten are deltas of one item. The stream and the version are those of the block.
 */
const differences = (e: NewEventRow, p: NewEventRow): string => {
  // As steps from the one before: small numbers become texts without a conversion.
  let line = `${e.eventId};${e.at - p.at}`
  if (e.seq === null) line += "~"
  else if (p.seq === null || e.seq !== p.seq + 1) line += `+${e.seq}`
  if (e.type !== p.type) line += text(2, e.type, p.type)
  if (e.v !== p.v) line += `3=${e.v};`
  if (e.sessionId !== p.sessionId) line += text(4, e.sessionId, p.sessionId)
  if (e.channel !== p.channel) line += text(5, e.channel, p.channel)
  if (e.recordedAt !== p.recordedAt) line += `8=${e.recordedAt};`
  if (e.actor !== p.actor) line += text(9, e.actor, p.actor)
  if (e.commandId !== p.commandId) line += text(10, e.commandId, p.commandId)
  if (e.causationId !== p.causationId) line += text(11, e.causationId, p.causationId)
  if (e.correlationId !== p.correlationId) line += text(12, e.correlationId, p.correlationId)
  if (e.turnId !== p.turnId) line += text(13, e.turnId, p.turnId)
  if (e.itemId !== p.itemId) line += text(14, e.itemId, p.itemId)
  if (e.requestId !== p.requestId) line += text(15, e.requestId, p.requestId)
  if (e.inferenceId !== p.inferenceId) line += text(16, e.inferenceId, p.inferenceId)
  if (e.realtimeId !== p.realtimeId) line += text(17, e.realtimeId, p.realtimeId)
  if (e.delegationId !== p.delegationId) line += text(18, e.delegationId, p.delegationId)
  if (e.taskId !== p.taskId) line += text(19, e.taskId, p.taskId)
  if (e.native !== p.native) line += text(20, e.native, p.native)
  return line
}

/** What the bodies' digest has of one body: a long one is stored under its own digest already. */
export const bodyPart = (body: string | LongJson): string =>
  typeof body !== "string" || isLong(body) ? longPart(bodyKey(body)) : body
/** What the digest of bodies has of a long body whose key is known. */
export const longPart = (key: string): string => `sha256 ${key}`

/** The digests of a block. */
export interface BlockDigests {
  /** Of everything below and of the block before it in its stream. */
  readonly digest: string
  /** Of the payloads alone, so that the chain can still be followed when a purge has taken them. */
  readonly payloads: string
  /** Of the unpacked native bodies alone; null: there are none. */
  readonly bodies: string | null
}

/** The digest over the rows of a block, given those of its payloads and bodies. `previous`: that of the block before, or "". */
export const chained = (
  previous: string,
  events: readonly NewEventRow[],
  { bodies, payloads }: Omit<BlockDigests, "digest">,
): string => {
  const first = events[0]
  const rows = [previous, payloads, bodies ?? "", first?.streamId ?? "", `${first?.streamVersion ?? 0}`]
  // The first event is compared with an empty one.
  let before: NewEventRow = blankRow
  for (const event of events) {
    rows.push(differences(event, before))
    before = event
  }
  return ofTexts(rows)
}

/** JSON has no zero character, so that the texts stay apart. */
const ofTexts = (texts: readonly string[]): string => sha256(texts.join("\0"))

/** The digest of the payloads of a block. */
export const payloadsDigest = (events: readonly Pick<NewEventRow, "payload">[]): string => {
  const texts: string[] = []
  for (const { payload } of events) {
    if (typeof payload !== "string") return ofLong(events)
    texts.push(payload)
  }
  return ofTexts(texts)
}

/** The same where one is not in memory as JSON. */
const ofLong = (events: readonly Pick<NewEventRow, "payload">[]): string => {
  const digest = createHash("sha256")
  for (const [index, { payload }] of events.entries()) {
    if (index > 0) digest.update("\0")
    if (payload instanceof LongJson) payload.update(digest)
    else digest.update(payload)
  }
  return digest.digest("base64")
}

/** The digest of the bodies of a block, by {@link bodyPart}; null for an event without one. */
export const bodiesDigest = (parts: readonly (string | null)[]): string | null => {
  const texts: string[] = []
  let absent = ""
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] ?? null
    if (part === null) absent += `${index},`
    else texts.push(part)
  }
  return texts.length === 0 ? null : ofTexts([absent, ...texts])
}
