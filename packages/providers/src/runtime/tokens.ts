/** Counts of tokens, as agents tell them and as events take them: whole, from 0 to 2^43. Another number is no count. */
import { maxTokenCount } from "@threadfold/contracts"
import { type Fields, hintNumber } from "./readFields.js"

/** The number where it is a count; else not known, so that one strange number does not cost the others of its message. */
export const asTokens = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isInteger(value) && value >= 0 && value <= maxTokenCount ? value : undefined

/** A count, where there is one. */
export const hintTokens = (fields: Fields, key: string): number | undefined => asTokens(hintNumber(fields, key))

/** The sum of the counts that are known; not known where none is. */
export const sumTokens = (counts: readonly (number | undefined)[]): number | undefined => {
  const told = counts.filter((count) => count !== undefined)
  return told.length === 0 ? undefined : asTokens(told.reduce((total, count) => total + count, 0))
}
