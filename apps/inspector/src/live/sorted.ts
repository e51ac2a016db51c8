/** Where something is in a sorted list, or would be: found by halves, so that a list of any length takes a few steps. */

/**
 * How many entries lead a list for which a condition holds. It holds for the first ones alone: once it does not, it does for no later one.
 * That number is also the index of the first entry for which it does not.
 *
 * @param count entries of the list
 * @param holds asked by index, from 0 on
 */
export const countWhile = (count: number, holds: (index: number) => boolean): number => {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * How many numbers of a sorted list are not above a value.
 *
 * @param sorted numbers, the smallest first
 * @param count how many of the list are looked at; absent: all
 */
export const countUpTo = (sorted: ArrayLike<number>, value: number, count = sorted.length): number =>
  countWhile(count, (index) => (sorted[index] ?? 0) <= value)
