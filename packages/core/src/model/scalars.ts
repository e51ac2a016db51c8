/// <reference lib="es2024.string" />
/**
 * Keys and texts as a database holds them. SQLite orders text by its UTF-8 bytes (collation BINARY), and numbers before text. A
 * JavaScript string may contain half a surrogate pair, for example where an agent cut an emoji in two, and UTF-8 cannot: every
 * interpreter stores U+FFFD in its place, so that they agree and a second read changes nothing.
 */
import type { Scalar } from "./Layout.js"

/** Moves UTF-16 units so that they compare as the code points do: surrogates stand above the rest of the plane. */
const weight = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

/** Compares two texts by code points, which is the order of their UTF-8 bytes. */
export const compareText = (a: string, b: string): number => {
  if (a === b) return 0
  const shorter = Math.min(a.length, b.length)
  for (let index = 0; index < shorter; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) return weight(left) - weight(right)
  }
  return a.length - b.length
}

/** Compares two keys element by element. */
export const compareKeys = (a: readonly Scalar[], b: readonly Scalar[]): number => {
  for (let index = 0; index < a.length; index++) {
    const left = a[index]
    const right = b[index]
    if (left === undefined || right === undefined || left === right) continue
    if (typeof left === "number" && typeof right === "number") return left - right
    if (typeof left === "string" && typeof right === "string") return compareText(left, right)
    return typeof left === "number" ? -1 : 1
  }
  return 0
}

/** The text, with U+FFFD for every lone surrogate. Costs next to nothing where there is none. */
export const wellFormed = (text: string): string => (text.isWellFormed() ? text : text.toWellFormed())

/**
 * What a backslash of JSON stands before: a pair of surrogates, one alone, or any other character. `JSON.stringify` writes a surrogate so
 * where it is alone; a source may have written a pair so.
 */
const escapes = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|.)/gs

/**
 * JSON with U+FFFD for every lone surrogate that it has as an escape. Such JSON has a form that RFC 8259 allows and many readers refuse.
 * Costs a search where there is none.
 */
export const wellFormedJson = (json: string): string =>
  json.includes("\\ud") || json.includes("\\uD")
    ? json.replace(escapes, (escape: string, lone: string | undefined) => (lone === undefined ? escape : "\\ufffd"))
    : json

/** The values of a look-up, with U+FFFD for every lone surrogate. */
export const wellFormedAll = <V extends string | number | null>(values: readonly V[]): readonly (V | string)[] =>
  values.some((value) => typeof value === "string" && !value.isWellFormed())
    ? values.map((value) => (typeof value === "string" ? value.toWellFormed() : value))
    : values
