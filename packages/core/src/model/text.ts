/// <reference lib="es2024.string" />
/**
 * Text as a database can hold it. A JavaScript string may contain half a surrogate pair (an agent that cut an emoji in
 * two), UTF-8 cannot: every interpreter stores U+FFFD in its place, so that they agree and a second read changes nothing.
 */

/** The text, with U+FFFD for every lone surrogate. Costs next to nothing where there is none. */
export const wellFormed = (text: string): string => (text.isWellFormed() ? text : text.toWellFormed())

/** The same for the values of a look-up. */
export const wellFormedAll = <V extends string | number | null>(values: readonly V[]): readonly (V | string)[] =>
  values.some((value) => typeof value === "string" && !value.isWellFormed())
    ? values.map((value) => (typeof value === "string" ? value.toWellFormed() : value))
    : values
