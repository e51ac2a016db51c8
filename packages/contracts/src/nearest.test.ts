import { describe, expect, it } from "vitest"
import { nearest } from "./nearest.js"

const commands = ["serve", "send", "thread", "threads", "doctor", "verify", "import"]

describe("the nearest name", () => {
  it.each([
    ["serv", "serve"],
    ["sevre", "serve"],
    ["SERVE", "serve"],
    ["docter", "doctor"],
    ["thread-s", "threads"],
    ["imp", "import"],
    ["verifiy", "verify"],
    ["xyz", null],
    ["qqqqqq", null],
    ["", null],
  ])("of %s is %s", (typed, near) => {
    expect(nearest(typed, commands)).toBe(near)
  })
})
