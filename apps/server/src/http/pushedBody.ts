/**
 * A pushed body cut into lines, or an array cut into its entries, and the answer to each. Nothing is decoded here, so that no line
 * can cost another one, and what a body holds is counted before anything of it is stored.
 */
import { maxPushLines } from "@threadfold/contracts"
import type { LineResult } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { bytesAtATime, type InPieces, type LineOutcome, type PushedLine } from "@threadfold/orchestrator"
import { Either } from "effect"

export type Found = Either.Either<readonly PushedLine[], Problem>

const tooMany = (): Found =>
  Either.left(new Problem({ slug: "payload-too-large", detail: `The body has more than ${maxPushLines} lines.` }))

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d

/** Whether there is nothing but white space. */
const isBlank = (body: Buffer, start: number, end: number): boolean => {
  let at = start
  while (at < end && isSpace(body[at])) at += 1
  // Beyond ASCII there are spaces, too: decoding says so, for the few lines that begin with such a byte.
  return at === end || ((body[at] ?? 0) >= 0x80 && end - at < 1_024 && body.toString("utf8", at, end).trim() === "")
}

/** The lines of an NDJSON body that are not blank. Fails with `payload-too-large` where there are too many. */
export function* findLines(body: Buffer): InPieces<Found> {
  const found: PushedLine[] = []
  let start = 0
  let pauseAt = bytesAtATime
  for (let line = 1; start < body.length; line++) {
    if (line > maxPushLines) return tooMany()
    const newline = body.indexOf(0x0a, start)
    const end = newline === -1 ? body.length : newline
    if (!isBlank(body, start, end)) found.push({ line, body, start, end })
    start = end + 1
    if (start > pauseAt) {
      yield
      pauseAt = start + bytesAtATime
    }
  }
  return Either.right(found)
}

/** The line of an NDJSON body that has no other one; null for any other body. */
export const onlyLine = (body: Buffer): PushedLine | null => {
  const newline = body.indexOf(0x0a)
  const end = newline === -1 ? body.length : newline
  return end < body.length - 1 || isBlank(body, 0, end) ? null : { line: 1, body, start: 0, end }
}

const noArray = (detail: string): Found => Either.left(new Problem({ slug: "invalid-request", detail }))

/**
 * The entries of a JSON array. Fails with `invalid-request` for anything else, `payload-too-large` where there are too many.
 * Only the array itself must be whole: an entry that is no JSON is a line that is none.
 */
export function* findEntries(body: Buffer): InPieces<Found> {
  const found: PushedLine[] = []
  const broken = noArray("The body is no JSON array: it is not closed, or goes on after its end.")
  const skip = (from: number): number => {
    let at = from
    while (at < body.length && isSpace(body[at])) at += 1
    return at
  }
  let at = skip(body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0)
  if (body[at] !== 0x5b) return noArray("The body must be a JSON array of events, or NDJSON.")
  at = skip(at + 1)
  if (body[at] === 0x5d) return skip(at + 1) === body.length ? Either.right(found) : broken
  let start = at
  let depth = 0
  let isString = false
  let pauseAt = at + bytesAtATime
  for (; at < body.length; at++) {
    if (at > pauseAt) {
      yield
      pauseAt = at + bytesAtATime
    }
    const byte = body[at]
    if (byte === 0x22) isString = !isString
    else if (isString) {
      // What is escaped ends no string.
      if (byte === 0x5c) at += 1
    } else if (depth === 0 && (byte === 0x2c || byte === 0x5d)) {
      if (isBlank(body, start, at)) return broken
      if (found.length === maxPushLines) return tooMany()
      found.push({ line: found.length + 1, body, start, end: at })
      if (byte === 0x5d) return skip(at + 1) === body.length ? Either.right(found) : broken
      start = at + 1
    } else if (byte === 0x5b || byte === 0x7b) depth += 1
    else if (byte === 0x5d || byte === 0x7d) {
      depth -= 1
      if (depth < 0) return broken
    }
  }
  return broken
}

/** Longest place in an answer, characters: an answer to a line has at most 200 bytes. */
const longestPlace = 48

/** A place as the answer names it: one byte a character. */
const shownPlace = (place: string): string => place.replace(/[^\w.:[\]-]/g, "?").slice(0, longestPlace)

/** The answer to a line that came to this. */
export const lineResult = ({ fault, line, result, seq, unknown }: LineOutcome): LineResult => {
  const isStored = result !== null && (result.status === "appended" || result.status === "gap")
  const status = result === null || (isStored && fault !== null) ? "invalid" : result.status
  const found = fault ?? unknown
  const problem = status === "duplicate" ? undefined : (result?.problem ?? found?.problem)
  const place = problem !== found?.problem ? "" : (found?.place ?? "")
  return {
    line,
    seq,
    status,
    ...(result === null || result.sequence === null ? {} : { sequence: result.sequence }),
    ...(problem === undefined ? {} : { problem }),
    ...(place === "" ? {} : { place: shownPlace(place) }),
  }
}
