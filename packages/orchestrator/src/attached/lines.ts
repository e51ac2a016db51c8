/// <reference lib="es2024.string" />
/**
 * Pushed lines, decoded at the border. A line that is no event but says its channel and number is kept as
 * `provider.unmapped` under that number, so that it blocks nothing that follows.
 */

import { isUtf8 } from "node:buffer"
import { createHash } from "node:crypto"
import {
  decodePayload,
  eventVersions,
  firstIssue,
  isEventType,
  isProviderEventType,
  type JsonFault,
  maxTypeLength,
  NativeRef,
  ProviderEvent,
  readJson,
} from "@threadfold/contracts"
import { exactGuardOf, isExactPayload } from "@threadfold/core"
import type { EventDraft } from "@threadfold/engine"
import { Either, type ParseResult, Schema } from "effect"
import type { InPieces } from "./pieces.js"
import { type Salvaged, salvage } from "./salvage.js"

/** A line as it was pushed, not decoded: where it stands in the bytes that hold it. */
export interface PushedLine {
  /** Number of the line, or of the entry, from 1. */
  readonly line: number
  readonly body: Buffer
  readonly start: number
  /** Exclusive. */
  readonly end: number
}

/** The session that a line belongs to. */
export interface LineContext {
  readonly sessionId: string
  /** Its thread. */
  readonly streamId: string
  /** When it started, ms: stands for the time of a line whose own time cannot be read, the same at every retry. */
  readonly startedAt: number
}

/** What an event has that a line tells. */
export type LineEvent = Pick<
  EventDraft["event"],
  "type" | "v" | "channel" | "seq" | "at" | "native" | "payload" | "raw"
>

/** How lines are taken. */
export interface LineRules {
  /** Longest line, bytes. */
  readonly maxBytes: number
  /** Takes out of an event what must not be recorded. */
  readonly redact: (event: LineEvent) => LineEvent
  /** The same for a text. */
  readonly redactText: (text: string) => string
}

/** Why a line is no event, or what it holds that is not known here. */
export type LineProblem =
  | JsonFault["problem"]
  | "line-too-long"
  | "not-an-event"
  | "channel-reserved"
  | "type-reserved"
  | "payload-invalid"
  | "unknown-field"

/** What is wrong with a line. */
export interface LineFault {
  readonly problem: LineProblem
  /** Where; empty: the line as a whole. */
  readonly place: string
}

/** What a line came to. */
export interface ParsedLine {
  /** Number of the line, from 1. */
  readonly line: number
  readonly seq: number | null
  /** What is stored; null: nothing, because it has no number that can be read. */
  readonly draft: EventDraft | null
  /** Why it is no event; null for one that is. */
  readonly fault: LineFault | null
  /** What it says that is not known here; null: nothing. It was taken all the same. */
  readonly unknown: LineFault | null
  /** How many values are in what is stored: the price of handing it on. */
  readonly values: number
}

/** Characters of a line's head that are kept where the line is too long. */
const headBytes = 1_024

/** Characters of a place that are kept. */
const longestPlace = 200

/** Channels that an adapter may push on: `client` belongs to recordings. */
const isPushable = (channel: string): boolean => channel !== "client"

const decodeEvent = Schema.decodeUnknownEither(ProviderEvent)
/** Nearly all events are as the schema says: for them no decode is needed. */
const isExactEvent = exactGuardOf("ProviderEvent", ProviderEvent)

/** Streamed text: a piece may be cut between the halves of a surrogate pair. */
const cutTexts: ReadonlySet<string> = new Set(["payload.delta"])

/** Where the first thing is that is wrong. */
const placeOf = (error: ParseResult.ParseError, within = ""): string => {
  const { place } = firstIssue(error)
  return within === "" || place === "" ? `${within}${place}` : `${within}.${place}`
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Why a decoded event may not be stored as what it says it is. */
const faultOf = ({ channel, payload = {}, type, v }: ProviderEvent): LineFault | null => {
  if (!isPushable(channel)) return { problem: "channel-reserved", place: "channel" }
  if (!isEventType(type)) return null
  if (!isProviderEventType(type)) return { problem: "type-reserved", place: "type" }
  // Another version's payload is for that version to judge.
  if ((v ?? eventVersions[type]) !== eventVersions[type]) return null
  if (isExactPayload(type, payload)) return null
  if (!isRecord(payload)) return { problem: "payload-invalid", place: "payload" }
  const checked = decodePayload(type)(payload)
  return Either.isLeft(checked) ? { problem: "payload-invalid", place: placeOf(checked.left, "payload") } : null
}

const fields: ReadonlySet<string> = new Set(Object.keys(ProviderEvent.fields))
const nativeFields: ReadonlySet<string> = new Set(Object.keys(NativeRef.fields))

/** The first field of an envelope, or of its native ids, that this version does not know. */
const unknownField = (event: Readonly<Record<string, unknown>>): LineFault | null => {
  for (const name of Object.keys(event)) if (!fields.has(name)) return { problem: "unknown-field", place: name }
  if (!isRecord(event.native)) return null
  for (const name of Object.keys(event.native)) {
    if (!nativeFields.has(name)) return { problem: "unknown-field", place: `native.${name}` }
  }
  return null
}

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex")

/** A line that is no event: kept under its number, where it has one. */
function* refused(
  { redact, redactText, maxBytes }: LineRules,
  context: LineContext,
  found: PushedLine,
  { channel, seq, type }: Salvaged,
  fault: LineFault,
): InPieces<ParsedLine> {
  const { body, end, line, start } = found
  if (channel === null || seq === null || !isPushable(channel)) {
    return { line, seq: null, draft: null, fault, unknown: null, values: 0 }
  }
  const bytes = body.subarray(start, end)
  const isLong = bytes.length > maxBytes
  if (isLong) yield
  const text = bytes.toString("utf8")
  if (isLong) yield
  const recorded = redactText(text)
  if (isLong) yield
  const method = (type ?? "unreadable").slice(0, maxTypeLength).toWellFormed()
  const payload = {
    method,
    known: isEventType(method),
    problem: fault.problem,
    ...(fault.place === "" ? {} : { place: fault.place.slice(0, longestPlace).toWellFormed() }),
    line: { bytes: bytes.length, sha256: sha256(recorded === text ? bytes : recorded) },
  }
  const raw = isLong ? headOf(recorded) : recorded.trim()
  const event = { type: "provider.unmapped", channel, seq, at: context.startedAt, payload, raw }
  return { line, seq, draft: draftOf(context, redact(event)), fault, unknown: null, values: 1 }
}

/** A line that is no event: what it says of itself has to be looked for. */
function* unread(rules: LineRules, context: LineContext, found: PushedLine, fault: LineFault): InPieces<ParsedLine> {
  return yield* refused(rules, context, found, yield* salvage(found.body, found.start, found.end), fault)
}

const draftOf = ({ sessionId, streamId }: LineContext, event: LineEvent): EventDraft => ({
  to: { streamId },
  sessionId,
  actor: "provider",
  event,
})

/**
 * Decodes a line of a session, in pieces where it is long. One function for all lines: what is made for each call anew would have V8
 * learn its shape anew.
 */
export function* readLine(rules: LineRules, context: LineContext, found: PushedLine): InPieces<ParsedLine> {
  const { body, end, line, start } = found
  if (end - start > rules.maxBytes) {
    return yield* unread(rules, context, found, { problem: "line-too-long", place: "" })
  }
  const bytes = start === 0 && end === body.length ? body : body.subarray(start, end)
  if (!isUtf8(bytes)) return yield* unread(rules, context, found, { problem: "line-not-unicode", place: "" })
  const text = bytes.toString("utf8").trim()
  const read = readJson(text, cutTexts)
  if ("problem" in read) return yield* unread(rules, context, found, read)
  const { value, values } = read
  if (!isRecord(value)) {
    return { line, seq: null, draft: null, fault: { problem: "not-an-event", place: "" }, unknown: null, values: 0 }
  }
  const isExact = isExactEvent(value)
  const decoded = isExact ? Either.right(value) : decodeEvent(value)
  if (Either.isLeft(decoded)) {
    return yield* unread(rules, context, found, { problem: "not-an-event", place: placeOf(decoded.left) })
  }
  const event = decoded.right
  const fault = faultOf(event)
  if (fault !== null) return yield* refused(rules, context, found, { ...event }, fault)
  // Ids of ours are resolved, never taken from outside: an adapter cannot reach into another thread by naming one.
  const { at, channel, native, payload = {}, raw = null, seq, type, v } = event
  const unknown = isExact ? null : unknownField(value)
  // What this version does not know is kept, as everything that a source says.
  const kept = unknown === null ? raw : (raw ?? text)
  const recorded = rules.redact({ type, v, channel, seq, at, native, payload, raw: kept })
  return { line, seq, draft: draftOf(context, recorded), fault: null, unknown, values }
}

/** The head of a text, at most so many bytes, whole characters. */
const headOf = (text: string): string => {
  const head = Buffer.from(text.slice(0, headBytes)).subarray(0, headBytes).toString("utf8")
  return head.replace(/\ufffd+$/, "").trimStart()
}
