/**
 * Gives every test a seed for its properties, made of its name: a run of the suite looks at the same cases as the run before, so
 * that none fails by luck, and two properties over the same values look at others. A setup file of Vitest.
 *
 *   THREADFOLD_SEED=random   other cases on every run, as in a soak; fast-check prints the seed of the one that fails
 *   THREADFOLD_SEED=42       the cases of this seed, in every test
 */
import fc from "fast-check"
import { beforeEach, expect } from "vitest"

const asked = process.env.THREADFOLD_SEED ?? ""

/** A hash of 32 bits (FNV-1a). */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}

const isNumber = /^-?\d+$/.test(asked)
if (!isNumber && !["", "random"].includes(asked))
  throw new Error(`THREADFOLD_SEED is neither random nor a number: ${asked}`)

const seedFor = (name: string): void => {
  if (asked !== "random") fc.configureGlobal({ seed: isNumber ? Number(asked) : hashOf(name) })
}

/** Values that a file samples while it loads. */
seedFor("loading")

beforeEach(({ task }) => {
  seedFor(expect.getState().currentTestName ?? task.name)
})
