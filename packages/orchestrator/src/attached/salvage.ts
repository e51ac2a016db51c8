/**
 * What a line says of itself where it cannot be decoded: cut, too long or nested too deeply. Only the members of the outermost
 * object count, each only where it stands there once and whole. One pass over the bytes, without recursion.
 */
import { Channel, maxSeq, maxTypeLength } from "@threadfold/contracts"
import { Schema } from "effect"
import { bytesAtATime, type InPieces } from "./pieces.js"

/** What was found; null: not there, not whole, or not what it must be. */
export interface Salvaged {
  readonly channel: string | null
  readonly seq: number | null
  readonly type: string | null
}

const quote = 0x22
const backslash = 0x5c

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d

/** Longest text of a member that is looked at, bytes; an escaped character has up to twelve. */
const longestToken = 12 * maxTypeLength

/** Names of the members that are looked for, in quotes, and how long these are: no other text is read. */
const wanted: ReadonlySet<string> = new Set(['"channel"', '"seq"', '"type"'])
const wantedLengths: ReadonlySet<number> = new Set([...wanted].map((name) => name.length))

/** The wanted members of the outermost object that are strings or numbers, as their JSON texts; null for one that is repeated. */
function* outerMembers(bytes: Buffer, start: number, end: number): InPieces<ReadonlyMap<string, string | null>> {
  const found = new Map<string, string | null>()
  const name = (from: number, to: number): string | null => {
    if (!wantedLengths.has(to - from)) return null
    const text = bytes.toString("latin1", from, to)
    return wanted.has(text) ? text : null
  }
  let at = start
  while (at < end && isSpace(bytes[at])) at += 1
  if (bytes[at] !== 0x7b) return found
  let depth = 1
  let key: string | null = null
  let isValue = false
  const keep = (from: number, to: number) => {
    if (key === null || !isValue) return
    if (found.has(key)) found.set(key, null)
    else found.set(key, to - from > longestToken ? "" : bytes.toString("utf8", from, to))
  }
  /** Where the string begins that we are in; -1: in none. */
  let string = -1
  let pauseAt = at + bytesAtATime
  for (at += 1; at < end && depth > 0; ) {
    if (at > pauseAt) {
      yield
      pauseAt = at + bytesAtATime
    }
    const byte = bytes[at]
    if (string !== -1 && byte !== quote) {
      at += byte === backslash ? 2 : 1
      continue
    }
    if (byte === quote) {
      at += 1
      if (string === -1) string = at - 1
      else {
        if (depth === 1 && isValue) keep(string, at)
        else if (depth === 1) key = name(string, at)
        string = -1
      }
      continue
    }
    if (depth === 1) {
      if (byte === 0x3a) isValue = true
      else if (byte === 0x2c) {
        key = null
        isValue = false
      } else if (isValue && (byte === 0x2d || (byte !== undefined && byte >= 0x30 && byte <= 0x39))) {
        let after = at + 1
        // One that is longer than any that is kept goes on as the next, which makes two of it, and so none.
        const last = Math.min(end, at + longestToken + 1)
        while (after < last && !isSpace(bytes[after]) && bytes[after] !== 0x2c && bytes[after] !== 0x7d) after += 1
        // A number that the text ends with may have gone on.
        if (after < end) keep(at, after)
        at = after
        continue
      }
    }
    if (byte === 0x7b || byte === 0x5b) {
      if (depth === 1) keep(at, at)
      depth += 1
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1
    at += 1
  }
  return found
}

const parsed = (text: string | null | undefined): unknown => {
  try {
    return JSON.parse(text ?? "")
  } catch {
    return null
  }
}

const isChannel = Schema.is(Channel)

/** Looks a line over; it need not be JSON. */
export function* salvage(bytes: Buffer, start: number, end: number): InPieces<Salvaged> {
  const members = yield* outerMembers(bytes, start, end)
  const [channel, seq, type] = ['"channel"', '"seq"', '"type"'].map((name) => parsed(members.get(name)))
  return {
    channel: isChannel(channel) ? channel : null,
    seq: typeof seq === "number" && Number.isSafeInteger(seq) && seq >= 1 && seq <= maxSeq ? seq : null,
    type: typeof type === "string" ? type : null,
  }
}
