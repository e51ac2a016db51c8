/** A comparison for properties, whose cases are many and large. */
import { isDeepStrictEqual } from "node:util"
import { expect } from "vitest"

/**
 * `expect(actual).toEqual(expected)`. It is a tenth of the price where the two are the same, which is nearly always; where they
 * are not, `toEqual` decides and tells the difference, of what `through` makes of both.
 */
export const expectSame = (
  actual: unknown,
  expected: unknown,
  through: (value: unknown) => unknown = (value) => value,
): void => {
  if (!isDeepStrictEqual(actual, expected)) expect(through(actual)).toEqual(through(expected))
}
