/** Properties that let the event loop go on: a worker that computes for a minute is taken for dead by its runner. */
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

/** Like `fc.property` of one arbitrary, with a pause between cases. `fc.assert` of it is to be awaited. */
export const pausing = <A>(arbitrary: fc.Arbitrary<A>, predicate: (value: A) => void) => {
  const pauses = makePauses()
  return fc.asyncProperty(arbitrary, async (value) => {
    await pauses()
    predicate(value)
  })
}
