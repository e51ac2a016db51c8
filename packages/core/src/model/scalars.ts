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

/** The values of a look-up, with U+FFFD for every lone surrogate. */
export const wellFormedAll = <V extends string | number | null>(values: readonly V[]): readonly (V | string)[] =>
  values.some((value) => typeof value === "string" && !value.isWellFormed())
    ? values.map((value) => (typeof value === "string" ? value.toWellFormed() : value))
    : values
