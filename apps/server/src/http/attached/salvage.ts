/**
 * What a line says of itself where it cannot be decoded: cut, too long or nested too deeply. Only the members of the outermost
 * object count, each only where it stands there once and whole. One pass over the bytes, without recursion.
 */
import { Channel, maxSeq, maxTypeLength } from "@threadfold/contracts"
import { Schema } from "effect"

/** What was found; null: not there, not whole, or not what it must be. */
export interface Salvaged {
  readonly channel: string | null
  readonly seq: number | null
  readonly type: string | null
}

const quote = 0x22
const backslash = 0x5c

/** Index after the closing quote of the string that begins at `from`; -1: it is cut. */
export const afterString = (bytes: Uint8Array, from: number, end: number): number => {
  for (let at = bytes.indexOf(quote, from + 1); at !== -1 && at < end; at = bytes.indexOf(quote, at + 1)) {
    let before = at - 1
    while (bytes[before] === backslash) before -= 1
    if ((at - before) % 2 === 1) return at + 1
  }
  return -1
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d

/** Longest text of a member that is looked at, bytes; an escaped character has up to twelve. */
const longestToken = 12 * maxTypeLength

/** The members of the outermost object that are strings or numbers, as their JSON texts; null for one that is repeated. */
const outerMembers = (bytes: Buffer, start: number, end: number): ReadonlyMap<string, string | null> => {
  const found = new Map<string, string | null>()
  const token = (from: number, to: number) => (to - from > longestToken ? "" : bytes.toString("utf8", from, to))
  let at = start
  while (at < end && isSpace(bytes[at])) at += 1
  if (bytes[at] !== 0x7b) return found
  let depth = 1
  let key: string | null = null
  let isValue = false
  const keep = (text: string) => {
    if (key !== null && isValue) found.set(key, found.has(key) ? null : text)
  }
  for (at += 1; at < end && depth > 0; ) {
    const byte = bytes[at]
    if (byte === quote) {
      const after = afterString(bytes, at, end)
      if (after === -1) break
      if (depth === 1 && isValue) keep(token(at, after))
      else if (depth === 1) key = token(at, after)
      at = after
      continue
    }
    if (depth === 1) {
      if (byte === 0x3a) isValue = true
      else if (byte === 0x2c) {
        key = null
        isValue = false
      } else if (isValue && (byte === 0x2d || (byte !== undefined && byte >= 0x30 && byte <= 0x39))) {
        let after = at + 1
        while (after < end && !isSpace(bytes[after]) && bytes[after] !== 0x2c && bytes[after] !== 0x7d) after += 1
        // A number that the text ends with may have gone on.
        if (after < end) keep(token(at, after))
        at = after
        continue
      }
    }
    if (byte === 0x7b || byte === 0x5b) {
      if (depth === 1) keep("")
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
export const salvage = (bytes: Buffer, start = 0, end = bytes.length): Salvaged => {
  const members = outerMembers(bytes, start, end)
  const [channel, seq, type] = ["channel", "seq", "type"].map((name) => parsed(members.get(JSON.stringify(name))))
  return {
    channel: isChannel(channel) ? channel : null,
    seq: typeof seq === "number" && Number.isSafeInteger(seq) && seq >= 1 && seq <= maxSeq ? seq : null,
    type: typeof type === "string" ? type : null,
  }
}
