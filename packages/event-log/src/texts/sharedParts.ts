/**
 * What two JSON texts share: the strings of a payload, and the stretches of a native body that are the same text. Both are compared as
 * they are written, so that nothing is decoded.
 */
import type { LongJson } from "./LongJson.js"
import type { Part } from "./storedParts.js"

/** A string of a JSON text: what stands between its quotes. */
export type Stretch = readonly [from: number, until: number]

/** Whether the quote at a place ends its string: an even number of backslashes stands before it. */
const isEnd = (json: string, at: number, from: number): boolean => {
  let before = at - 1
  while (before >= from && json.charCodeAt(before) === 0x5c) before -= 1
  return (at - 1 - before) % 2 === 0
}

/** The strings of a JSON text that have at least so many UTF-16 units. @param start where to begin, outside of a string */
export const stringsIn = (json: string, least: number, start = 0): readonly Stretch[] => {
  const found: Stretch[] = []
  for (let open = json.indexOf('"', start); open !== -1; ) {
    const from = open + 1
    let end = json.indexOf('"', from)
    while (end !== -1 && !isEnd(json, end, from)) end = json.indexOf('"', end + 1)
    if (end === -1) return found
    if (end - from >= least) found.push([from, end])
    open = json.indexOf('"', end + 1)
  }
  return found
}

/** A string of a payload that is shorter is not looked for in a body, UTF-16 units. */
export const leastShared = 1024
/** Begins a stretch that both texts share, UTF-16 units: shorter stretches are found anywhere. */
const probeUnits = 48

/** How much of `body` from `at` on is the same as `payload` from `from` on, up to `until`. Compared in halves: the engine is fast at that. */
const commonUnits = (body: string, at: number, payload: string, [from, until]: Stretch): number => {
  let length = 0
  for (let step = until - from; step > 0; ) {
    const end = from + length + step
    if (end <= until && body.startsWith(payload.slice(from + length, end), at + length)) length += step
    else step = Math.floor(step / 2)
  }
  return length
}

/** What a body shares with a payload, or a part of the one with a part of the other. */
interface Shared {
  readonly parts: Part[]
  /** Where the body goes on behind the last part. */
  readonly end: number
  /** Units that are shared. */
  readonly units: number
}

/** @param start where the payload's strings begin @param offset of the payload's part in the payload */
const stretchesOf = (body: string, payload: string, start = 0, offset = 0): Shared => {
  const parts: Part[] = []
  let at = 0
  let units = 0
  for (const [from, until] of stringsIn(payload, leastShared, start)) {
    for (let place = from; until - place >= probeUnits; ) {
      const found = body.indexOf(payload.slice(place, place + probeUnits), at)
      if (found === -1) break
      const length = commonUnits(body, found, payload, [place, until])
      parts.push(body.slice(at, found), [offset + place, length])
      at = found + length
      place += length
      units += length
    }
  }
  return { parts, end: at, units }
}

/**
 * A native body as parts, of which some are stretches of the payload; null where that spares less than half of it. A body of several
 * lines, whose texts the payload has joined, shares a stretch with each.
 */
export const sharedParts = (body: string, payload: string): readonly Part[] | null => {
  const { end, parts, units } = stretchesOf(body, payload)
  return units * 2 < body.length || units === 0 ? null : [...parts, body.slice(end)]
}

/** The same for a body that has the very long texts of its payload: they are most of it. */
export const sharedAround = (body: LongJson, payload: LongJson): readonly Part[] => {
  const found: Part[] = []
  let offset = 0
  for (const [index, gap] of payload.gaps.entries()) {
    const own = body.gaps[index] ?? ""
    // The gap behind a text begins with its closing quote.
    const { end, parts } = stretchesOf(own, gap, index === 0 ? 0 : 1, offset)
    found.push(...parts, own.slice(end))
    offset += gap.length
    const text = payload.texts[index]
    if (text === undefined) continue
    const { writtenUnits } = text.measured()
    found.push([offset, writtenUnits])
    offset += writtenUnits
  }
  return found
}
