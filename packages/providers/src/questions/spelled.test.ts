import { expect, it } from "vitest"
import { spelled } from "./spelled.js"

it("spells equal content alike, whatever the order of its members, and leaves out what says nothing", () => {
  expect(spelled({ a: 1, b: { d: [1, { x: 1, y: 2 }], c: null } })).toBe(
    spelled({ b: { d: [1, { y: 2, x: 1 }] }, a: 1, e: null }),
  )
  expect(spelled({ a: [1, 2] })).not.toBe(spelled({ a: [2, 1] }))
})
