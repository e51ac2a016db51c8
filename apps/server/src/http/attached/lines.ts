/**
 * Pushed lines, decoded at the border. A line that is no event but says its channel and number is kept as
 * `provider.unmapped` under that number, so that it blocks nothing that follows.
 */
import { decodePayload, isEventType, Problem, ProviderEvent } from "@threadfold/contracts"
import type { Member } from "@threadfold/engine"
import { Either, ParseResult, Schema } from "effect"

/** The session that a line belongs to. */
export interface LineContext {
  readonly sessionId: string
  /** Its thread. */
  readonly streamId: string
  /** When it started, ms: stands for the time of a line whose own time cannot be read, the same at every retry. */
  readonly startedAt: number
}

/** What a line came to. */
export type ParsedLine = {
  /** Number of the line, from 1. */
  readonly line: number
  readonly seq: number | null
} & (
  | { readonly member: Member; readonly problem: string | null }
  /** Nothing to store: it has no number that can be read. */
  | { readonly member: null; readonly problem: string }
)

/** Channels that an adapter may push on: `client` belongs to recordings. */
const pushable = /^(agent|gateway|realtime|adapter:[A-Za-z0-9._-]{1,64})$/

const Numbered = Schema.Struct({
  channel: Schema.String.pipe(Schema.pattern(pushable)),
  seq: Schema.Number.pipe(Schema.int(), Schema.positive()),
})
type Numbered = typeof Numbered.Type

const decodeNumbered = Schema.decodeUnknownOption(Numbered)
const decodeEvent = Schema.decodeUnknownEither(ProviderEvent)

/** The first thing that is wrong, in one sentence. */
const sentence = (error: ParseResult.ParseError): string => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  if (issue === undefined) return error.message
  const path = issue.path.map(String).join(".")
  return path === "" ? issue.message : `${path}: ${issue.message}`
}

const typeOf = (value: unknown): string =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"
    ? value.type
    : "unreadable"

const unmapped = (
  context: LineContext,
  { channel, seq }: Numbered,
  method: string,
  problem: string,
  raw: string,
): Member => ({
  to: { streamId: context.streamId },
  sessionId: context.sessionId,
  actor: "provider",
  event: {
    type: "provider.unmapped",
    channel,
    seq,
    at: context.startedAt,
    payload: { method, known: isEventType(method), problem },
    raw,
  },
})

/** The one text that a pattern captures; null where its key stands there more than once, or not at all. */
const only = (text: string, key: RegExp, value: RegExp): string | null => {
  const [, second] = [...text.matchAll(key)]
  return second === undefined ? (value.exec(text)?.[1] ?? null) : null
}

/**
 * Channel and number of a text that is no JSON, for example one that was cut: only where each stands there once, and is
 * whole (a number that the text ends with may have gone on).
 */
const salvage = (text: string): Numbered | null => {
  const channel = only(text, /"channel"\s*:/g, /"channel"\s*:\s*"([^"\\]*)"/)
  const seq = only(text, /"seq"\s*:/g, /"seq"\s*:\s*(\d{1,15})\s*[,}]/)
  const found = decodeNumbered({ channel, seq: seq === null ? null : Number(seq) })
  return found._tag === "Some" ? found.value : null
}

const refused = (
  context: LineContext,
  line: number,
  numbered: Numbered | null,
  method: string,
  problem: string,
  raw: string,
): ParsedLine =>
  numbered === null
    ? { line, seq: null, member: null, problem: `${problem}; it has no channel and seq that can be read` }
    : { line, seq: numbered.seq, member: unmapped(context, numbered, method, problem, raw), problem }

const parseValue = (context: LineContext, line: number, value: unknown, raw: () => string): ParsedLine => {
  const found = decodeNumbered(value)
  const numbered = found._tag === "Some" ? found.value : null
  const decoded = decodeEvent(value)
  if (Either.isLeft(decoded)) return refused(context, line, numbered, typeOf(value), sentence(decoded.left), raw())
  const event = decoded.right
  if (numbered === null) {
    return refused(context, line, null, event.type, `channel: ${event.channel} is not an adapter's to push on`, raw())
  }
  const { type, payload = {} } = event
  if (isEventType(type)) {
    const checked = decodePayload(type)(payload)
    if (Either.isLeft(checked)) {
      return refused(context, line, numbered, type, `payload: ${sentence(checked.left)}`, event.raw ?? raw())
    }
  }
  // Ids of ours are resolved, never taken from outside: an adapter cannot reach into another thread by naming one.
  const { v, at, native } = event
  return {
    line,
    seq: event.seq,
    problem: null,
    member: {
      to: { streamId: context.streamId },
      sessionId: context.sessionId,
      actor: "provider",
      event: { type, v, channel: event.channel, seq: event.seq, at, native, payload, raw: event.raw ?? null },
    },
  }
}

const parseText = (context: LineContext, line: number, text: string): ParsedLine => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refused(context, line, salvage(text), "unreadable", "the line is no JSON", text)
  }
  return parseValue(context, line, value, () => text)
}

/** A line that is found and not decoded yet: decoding a long body takes turns with everything else. */
export interface FoundLine {
  /** Number of the line, from 1. */
  readonly line: number
  readonly parse: (context: LineContext) => ParsedLine
}

const lineTooLong = (line: number, limit: number) =>
  new Problem({ slug: "payload-too-large", detail: `Line ${line} is longer than ${limit} bytes.` })

/** The lines of an NDJSON body that are not blank. Fails with `payload-too-large` for a line over the limit. */
export const findLines = (body: Buffer, maxBytes: number): Either.Either<readonly FoundLine[], Problem> => {
  const found: FoundLine[] = []
  let start = 0
  for (let line = 1; start < body.length; line++) {
    const newline = body.indexOf(0x0a, start)
    const end = newline === -1 ? body.length : newline
    if (end - start > maxBytes) return Either.left(lineTooLong(line, maxBytes))
    const text = body.toString("utf8", start, end).trim()
    if (text !== "") found.push({ line, parse: (context) => parseText(context, line, text) })
    start = end + 1
  }
  return Either.right(found)
}

/** The entries of a JSON array. Fails with `invalid-request` for anything else. */
export const findEntries = (body: Buffer, maxBytes: number): Either.Either<readonly FoundLine[], Problem> => {
  const wrong = (detail: string) => Either.left(new Problem({ slug: "invalid-request", detail }))
  let value: unknown
  try {
    value = JSON.parse(body.toString("utf8"))
  } catch (error) {
    return wrong(`The body is no JSON: ${error instanceof Error ? error.message : String(error)}.`)
  }
  if (!Array.isArray(value)) return wrong("The body must be an array of events, or NDJSON.")
  const entries: readonly unknown[] = value
  // Only a body that is longer than a line can hold an entry that is.
  if (body.length > maxBytes) {
    const long = entries.findIndex((entry) => Buffer.byteLength(JSON.stringify(entry)) > maxBytes)
    if (long !== -1) return Either.left(lineTooLong(long + 1, maxBytes))
  }
  return Either.right(
    entries.map((entry, index) => ({
      line: index + 1,
      parse: (context) => parseValue(context, index + 1, entry, () => JSON.stringify(entry)),
    })),
  )
}
