import { expect, it } from "vitest"
import { canonicalJson } from "./portableAnswers.js"

it("spells equal content alike, whatever the order of its members, and leaves out what says nothing", () => {
  expect(canonicalJson({ a: 1, b: { d: [1, { x: 1, y: 2 }], c: null } })).toBe(
    canonicalJson({ b: { d: [1, { y: 2, x: 1 }] }, a: 1, e: null }),
  )
  expect(canonicalJson({ a: [1, 2] })).not.toBe(canonicalJson({ a: [2, 1] }))
})
