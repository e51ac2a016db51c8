import { cachedDataVersionTag } from "node:v8"
import { expect, it } from "@effect/vitest"

it("this version of V8 knows the flag", async () => {
  // The tag stands for V8's version and its flags: one that it does not know leaves it as it was.
  const before = cachedDataVersionTag()
  await import("./heap.js")
  expect(cachedDataVersionTag()).not.toBe(before)
})
