/** Properties that let the event loop run: a test runner takes a worker for dead that computes for a minute. */
import fc from "fast-check"

/** How long cases are run without a pause, ms. */
const sliceMs = 50

/** Pauses where the last pause is longer ago than a slice. To be awaited between the pieces of a long computation. */
export const makePauses = (): (() => Promise<void>) => {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < sliceMs) return
    await new Promise<void>((resolve) => setImmediate(resolve))
    last = performance.now()
  }
}

/** A property with pauses between its cases. `fc.assert` of it is to be awaited. */
export const paused = <A>(property: fc.IRawProperty<A>): fc.IRawProperty<A, true> => {
  const pauses = makePauses()
  return {
    isAsync: () => true,
    generate: (random, runId) => property.generate(random, runId),
    shrink: (value) => property.shrink(value),
    run: async (value, dontRunHook) => {
      await pauses()
      return property.run(value, dontRunHook)
    },
    runBeforeEach: async () => property.runBeforeEach?.(),
    runAfterEach: async () => property.runAfterEach?.(),
  }
}

/** Like `fc.property` of one arbitrary, {@link paused}. */
export const pausing = <A>(arbitrary: fc.Arbitrary<A>, predicate: (value: A) => void) =>
  paused(fc.property(arbitrary, predicate))
