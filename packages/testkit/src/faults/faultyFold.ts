/** A fold with a planted fault, for tests that show that a fault harms nobody but the stream it is planted in. */

/** What a planted fault throws, so that a test can tell it from a real defect. */
export class PlantedFault extends Error {
  override readonly name = "PlantedFault"
}

/**
 * Wraps a fold of any shape. Where `when` says so it fails: with `broken` it returns what that makes of the right
 * result (a change set that breaks an invariant), without it throws a {@link PlantedFault}.
 */
export const faultyFold =
  <Args extends readonly unknown[], Result>(
    fold: (...args: Args) => Result,
    when: (...args: Args) => boolean,
    broken?: (result: Result, ...args: Args) => Result,
  ) =>
  (...args: Args): Result => {
    if (!when(...args)) return fold(...args)
    if (broken === undefined) throw new PlantedFault("planted by the test")
    return broken(fold(...args), ...args)
  }
