/**
 * The format of a bundle: lines of JSON, compressed with gzip. A head, then for each stream its name, its events, the blobs that they are
 * the first to refer to, and its seal, then the seal of the whole (docs/adr/0012-bundles.md). Streams are in the order of their ids.
 */
import { firstIssue, issueText, maxRecordedLineBytes } from "@threadfold/contracts"
import { blobsOfRow, type RestoredEvent } from "@threadfold/engine"
import { Either, type ParseResult, Record, Schema } from "effect"
import { relatedColumns, relatedNames } from "./relatedColumns.js"

/** Version of the format. A reader refuses a newer one. */
export const bundleVersion = 2

/** Version of a bundle whose events refer to no blob: programs that know no blobs in bundles take it. */
export const versionWithoutBlobs = 1

/** Longest line, bytes: a native body of the longest line of an agent, in which every other character is escaped, and its event. */
export const maxLineBytes = 3 * maxRecordedLineBytes

/** Bytes of a blob that one line has. A multiple of three: only the last line of a blob is padded. */
export const blobPieceBytes = 192 * 1024

/** Longest blob, bytes: it is in memory as a whole once, as a line is. */
export const maxBlobBytes = maxLineBytes

/** What was taken out of a bundle. */
export const Redaction = Schema.Literal("none", "masked", "structure")
export type Redaction = typeof Redaction.Type

const Text = Schema.String
const Count = Schema.Number.pipe(Schema.int(), Schema.nonNegative())
const sha256 = /^[0-9a-f]{64}$/
const Sha256 = Schema.String.pipe(Schema.pattern(sha256))

/** The blobs to which an event refers. What is no hash, such as what a redaction left of one, refers to none. */
export const blobsOfEventRow = (row: RestoredEvent["row"]): readonly string[] =>
  blobsOfRow(row).filter((hash) => sha256.test(hash))

/** The first line, whatever the version of the format: what a reader looks at before anything else. */
export const AnyHead = Schema.Struct({ bundle: Schema.Literal("threadfold"), version: Schema.Number })

/** The first line. */
const Head = Schema.Struct({
  bundle: Schema.Literal("threadfold"),
  version: Schema.Literal(versionWithoutBlobs, bundleVersion),
  redaction: Redaction,
  /** Version of the fold that the hashes are of. */
  foldVersion: Count,
  /** The log that it was taken from. */
  logId: Text,
})
export type Head = typeof Head.Type

const StreamLine = Schema.Struct({ stream: Text })

const optionalText = Schema.optional(Text)

const EventLine = Schema.Struct({
  event: Schema.Struct({
    streamVersion: Count,
    eventId: Text,
    type: Text,
    v: Schema.Number,
    at: Schema.Number,
    recordedAt: Schema.Number,
    actor: Text,
    seq: Schema.optional(Count),
    ...Record.map(relatedColumns, () => optionalText),
    native: Schema.optional(Schema.Unknown),
    payload: Schema.optional(Schema.Unknown),
    /** The stored text, where it is not what JSON would write again. */
    nativeText: optionalText,
    payloadText: optionalText,
  }),
  body: optionalText,
})

const StreamSeal = Schema.Struct({
  sealed: Schema.Struct({
    stream: Text,
    events: Count,
    /** SHA-256 of the lines of its events. */
    sha256: Sha256,
    /** Canonical hash of the rows that they lead to; null: SQL refuses rows of them. */
    hash: Schema.NullOr(Sha256),
  }),
})
export type StreamSeal = (typeof StreamSeal.Type)["sealed"]

/** Begins a blob; the lines with its bytes follow. */
const BlobLine = Schema.Struct({
  blob: Schema.Struct({ hash: Sha256, mediaType: Text, size: Count }),
})
export type BlobEntry = (typeof BlobLine.Type)["blob"]

/** A piece of the blob whose line came last. */
const PieceLine = Schema.Struct({
  bytes: Schema.String.pipe(
    Schema.minLength(4),
    Schema.maxLength((blobPieceBytes / 3) * 4),
    Schema.filter((text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text), {
      message: () => "expected base64",
    }),
  ),
})

/** A blob to which an event refers, and that is not in the bundle. */
const AbsentLine = Schema.Struct({
  absent: Schema.Struct({
    hash: Sha256,
    /** `left-out`: the redaction leaves it out; `too-long`: longer than a bundle takes; `missing`: the log did not have it. */
    why: Schema.Literal("left-out", "too-long", "missing"),
    mediaType: Schema.optional(Text),
    size: Schema.optional(Count),
  }),
})
export type AbsentBlob = (typeof AbsentLine.Type)["absent"]

const BlobCounts = Schema.Struct({
  /** Blobs in the bundle, and their bytes. */
  carried: Count,
  bytes: Count,
  /** Blobs that an export left out; those of events without any text are not named. */
  leftOut: Count,
  /** Blobs that the log did not have. */
  missing: Count,
})
export type BlobCounts = typeof BlobCounts.Type

const BundleSeal = Schema.Struct({
  end: Schema.Struct({
    streams: Count,
    threads: Count,
    events: Count,
    /** Native bodies. */
    bodies: Count,
    /** What became of the blobs; absent in a bundle whose events refer to none. */
    blobs: Schema.optional(BlobCounts),
    /** Hash over the rows of all streams, as `verify` has it for a log of them; null: one of them has none. */
    hash: Schema.NullOr(Sha256),
    /** SHA-256 of all lines before this one, newlines included. */
    sha256: Sha256,
  }),
})
export type BundleSeal = (typeof BundleSeal.Type)["end"]

/** A line after the head. */
export type BundleLine =
  | { readonly kind: "stream"; readonly streamId: string }
  | { readonly kind: "event"; readonly event: RestoredEvent }
  | { readonly kind: "blob"; readonly entry: BlobEntry }
  | { readonly kind: "piece"; readonly bytes: Uint8Array }
  | { readonly kind: "absent"; readonly absent: AbsentBlob }
  | { readonly kind: "sealed"; readonly seal: StreamSeal }
  | { readonly kind: "end"; readonly seal: BundleSeal }

const strict = { onExcessProperty: "error" } as const
const decodeHead = Schema.decodeUnknownEither(Head, strict)
const decodeStream = Schema.decodeUnknownEither(StreamLine, strict)
const decodeEvent = Schema.decodeUnknownEither(EventLine, strict)
const decodeBlob = Schema.decodeUnknownEither(BlobLine, strict)
const decodePiece = Schema.decodeUnknownEither(PieceLine, strict)
const decodeAbsent = Schema.decodeUnknownEither(AbsentLine, strict)
const decodeSealed = Schema.decodeUnknownEither(StreamSeal, strict)
const decodeEnd = Schema.decodeUnknownEither(BundleSeal, strict)

const wrong = (error: ParseResult.ParseError): string => issueText(firstIssue(error))

/** A text that JSON writes again as it is. */
const isCanonical = (text: string): boolean => {
  try {
    return JSON.stringify(JSON.parse(text)) === text
  } catch {
    return false
  }
}

const spliced = (name: string, text: string): string =>
  isCanonical(text) ? `,"${name}":${text}` : `,"${name}Text":${JSON.stringify(text)}`

export const headLine = (head: Head): string => JSON.stringify(head)
export const streamLine = (streamId: string): string => JSON.stringify({ stream: streamId })
export const blobLine = (blob: BlobEntry): string => JSON.stringify({ blob })
export const pieceLine = (bytes: Uint8Array): string =>
  `{"bytes":"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}"}`
export const absentLine = (absent: AbsentBlob): string => JSON.stringify({ absent })
export const sealLine = (sealed: StreamSeal): string => JSON.stringify({ sealed })
export const endLine = (end: BundleSeal): string => JSON.stringify({ end })

/** The line of an event. Its stream is the one whose line came last. */
export const eventLine = ({ body, row }: RestoredEvent): string => {
  const { actor, at, eventId, recordedAt, streamVersion, type, v } = row
  let line = JSON.stringify({ streamVersion, eventId, type, v, at, recordedAt, actor }).slice(0, -1)
  if (row.seq !== null) line += `,"seq":${row.seq}`
  for (const name of relatedNames) {
    const value = row[name]
    if (value !== null) line += `,"${name}":${JSON.stringify(value)}`
  }
  if (row.native !== null) line += spliced("native", row.native)
  line += spliced("payload", row.payload)
  return `{"event":${line}}${body === null ? "" : `,"body":${JSON.stringify(body)}`}}`
}

const parsed = (text: string): Either.Either<unknown, string> =>
  Either.try({ try: (): unknown => JSON.parse(text), catch: () => "it is no JSON" })

/** Reads the first line. Left: why it is none. */
export const readHead = (text: string): Either.Either<Head, string> =>
  Either.flatMap(parsed(text), (value) => Either.mapLeft(decodeHead(value), wrong))

/** Whether it is the first line of a bundle of any version, and of which one; null: of none. */
export const versionOfHead = (text: string): number | null =>
  Either.match(Either.flatMap(parsed(text), Schema.decodeUnknownEither(AnyHead)), {
    onLeft: () => null,
    onRight: ({ version }) => version,
  })

const has = (value: unknown, name: string): boolean => typeof value === "object" && value !== null && name in value

/** Reads a line after the head. `streamId`: the stream whose line came last. Left: why it is none. */
export const readLine = (text: string, streamId: string): Either.Either<BundleLine, string> =>
  Either.flatMap(parsed(text), (value): Either.Either<BundleLine, string> => {
    if (has(value, "event")) {
      return Either.mapBoth(decodeEvent(value), {
        onLeft: wrong,
        onRight: ({ body = null, event }) => ({ kind: "event", event: { row: rowOf(streamId, event), body } }),
      })
    }
    if (has(value, "bytes")) {
      return Either.mapBoth(decodePiece(value), {
        onLeft: wrong,
        onRight: ({ bytes }) => ({ kind: "piece", bytes: Buffer.from(bytes, "base64") }),
      })
    }
    if (has(value, "blob")) {
      return Either.mapBoth(decodeBlob(value), {
        onLeft: wrong,
        onRight: ({ blob }) => ({ kind: "blob", entry: blob }),
      })
    }
    if (has(value, "absent")) {
      return Either.mapBoth(decodeAbsent(value), {
        onLeft: wrong,
        onRight: ({ absent }) => ({ kind: "absent", absent }),
      })
    }
    if (has(value, "sealed")) {
      return Either.mapBoth(decodeSealed(value), {
        onLeft: wrong,
        onRight: ({ sealed }) => ({ kind: "sealed", seal: sealed }),
      })
    }
    if (has(value, "end")) {
      return Either.mapBoth(decodeEnd(value), { onLeft: wrong, onRight: ({ end }) => ({ kind: "end", seal: end }) })
    }
    return Either.mapBoth(decodeStream(value), {
      onLeft: wrong,
      onRight: ({ stream }) => ({ kind: "stream", streamId: stream }),
    })
  })

const rowOf = (streamId: string, event: (typeof EventLine.Type)["event"]): RestoredEvent["row"] => {
  const { actor, at, eventId, native, nativeText, payload, payloadText, recordedAt, streamVersion, type, v } = event
  return {
    streamId,
    streamVersion,
    eventId,
    type,
    v,
    seq: event.seq ?? null,
    at,
    recordedAt,
    actor,
    ...Record.map(relatedColumns, (_kind, name) => event[name] ?? null),
    native: nativeText ?? (native === undefined ? null : JSON.stringify(native)),
    payload: payloadText ?? JSON.stringify(payload ?? null),
  }
}
