/// <reference lib="es2024.string" />
/**
 * JSON from outside. Its depth is counted on the text, without recursion, before anything walks the value; what JSON
 * allows and a log cannot hold (numbers beyond every double, half a surrogate pair) is found, with its place.
 */
import { maxJsonDepth, maxJsonValues } from "./Limits.js"

/** Why a text is not taken, and where in the value; empty where it is the text as a whole. */
export interface JsonFault {
  readonly problem:
    | "line-not-json"
    | "line-too-deep"
    | "line-too-many-values"
    | "line-not-unicode"
    | "number-out-of-range"
  readonly place: string
}

const quote = 0x22
const backslash = 0x5c

/** Where the string that begins at `from` (its opening quote) ends; -1: it does not. */
const endOfString = (text: string, from: number): number => {
  let at = text.indexOf('"', from + 1)
  if (at === -1) return -1
  let before = at - 1
  while (text.charCodeAt(before) === backslash) before -= 1
  if ((at - before) % 2 === 1) return at
  // An escaped quote: there may be many, and a search for each costs more than a look at every unit.
  for (at += 1; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === quote) return at
    if (unit === backslash) at += 1
  }
  return -1
}

/** The shape of a text that should be JSON. */
interface Shape {
  readonly problem: "line-too-deep" | "line-too-many-values" | null
  /** Values, members and entries that were counted. */
  readonly values: number
}

/** Counts depth and values, linearly, without recursion, on any text. */
const shapeOf = (text: string, mostValues: number): Shape => {
  let depth = 0
  let values = 1
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === quote) {
      at = endOfString(text, at)
      if (at === -1) break
    } else if (unit === 0x5b || unit === 0x7b) {
      depth += 1
      values += 1
      if (depth > maxJsonDepth) return { problem: "line-too-deep", values }
    } else if (unit === 0x5d || unit === 0x7d) depth -= 1
    else if (unit === 0x2c) values += 1
    if (values > mostValues) return { problem: "line-too-many-values", values }
  }
  return { problem: null, values }
}

/** Whether arrays and objects are nested deeper than {@link maxJsonDepth}. */
export const isTooDeep = (text: string): boolean =>
  text.length > maxJsonDepth && shapeOf(text, Number.POSITIVE_INFINITY).problem === "line-too-deep"

/** An escape that may be half of a pair: only escapes can, because bytes that are no character are replaced before. */
const surrogateEscape = /\\u[dD][89a-fA-F]/
/**
 * A number that may be larger than every double, where a value may begin. Digits elsewhere are of texts: two ids of five look like
 * `4e40` somewhere, and what looks so is parsed ten times slower.
 */
const largeNumber = /(?:^|[[,:])\s*-?(?:\d[\d.]*[eE]\+?\d\d|\d{300})/

/** The text without the halves that a cut may have left at its ends. */
const withoutCutEnds = (text: string): string => text.replace(/^[\udc00-\udfff]/, "").replace(/[\ud800-\udbff]$/, "")

/** The first string or number of a value that cannot be kept. `cut`: places of streamed text, cut anywhere. */
const faultIn = (whole: unknown, cut: ReadonlySet<string>): JsonFault | null => {
  const waiting: { readonly value: unknown; readonly place: string }[] = [{ value: whole, place: "" }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { place, value } = next
    if (typeof value === "number" && !Number.isFinite(value)) return { problem: "number-out-of-range", place }
    if (typeof value === "string" && !value.isWellFormed()) {
      if (!cut.has(place) || !withoutCutEnds(value).isWellFormed()) return { problem: "line-not-unicode", place }
    }
    if (typeof value !== "object" || value === null) continue
    for (const [name, member] of Object.entries(value).reverse()) {
      const path = place === "" ? name : `${place}.${name}`
      if (!name.isWellFormed()) return { problem: "line-not-unicode", place: path }
      waiting.push({ value: member, place: path })
    }
  }
  return null
}

const nowhere: ReadonlySet<string> = new Set()

/** The value of a text, and how many values are in it. */
export interface ReadJson {
  readonly value: unknown
  readonly values: number
}

/**
 * The value of a text, or why it is not taken. `cut`: places whose text is a piece of a stream and may begin or end with
 * half a surrogate pair.
 */
export const readJson = (text: string, cut: ReadonlySet<string> = nowhere): ReadJson | JsonFault => {
  const { problem, values } = shapeOf(text, maxJsonValues)
  if (problem !== null) return { problem, place: "" }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: "line-not-json", place: "" }
  }
  const isSuspect = surrogateEscape.test(text) || largeNumber.test(text)
  return (isSuspect ? faultIn(value, cut) : null) ?? { value, values }
}

/**
 * The value of an agent's line; undefined where it is no JSON or too deep: such a line is kept and not understood. A
 * number beyond every double is null, which means "not known" everywhere: stored as JSON it would be null as well.
 */
export const readWireJson = (text: string): unknown => {
  if (isTooDeep(text)) return undefined
  try {
    return largeNumber.test(text)
      ? JSON.parse(text, (_, member: unknown) =>
          typeof member === "number" && !Number.isFinite(member) ? null : member,
        )
      : JSON.parse(text)
  } catch {
    return undefined
  }
}
