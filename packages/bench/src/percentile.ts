/** What a share of the values does not exceed; 0 where there are none. @param share from 0 to 1, for example 0.99 */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/** The middle one: a round in which garbage was collected, or other programs ran, says nothing. */
export const median = (values: readonly number[]): number => percentile(values, 0.5)
