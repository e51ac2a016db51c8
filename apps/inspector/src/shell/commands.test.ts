import { describe, expect, it } from "vitest"
import { commands, KeyMatcher, keyCaps, type PageCommand, pressedKey, registerCommands } from "./commands.js"

const command = (id: string, ...keys: string[]): PageCommand => ({ id, title: id, group: "g", keys, run: () => {} })
const stroke = (key: string, with_: Partial<Record<"altKey" | "ctrlKey" | "metaKey" | "shiftKey", boolean>> = {}) =>
  pressedKey({ altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, key, ...with_ })

describe("the name of a key", () => {
  it("is the sign itself, whatever was held to make it", () => {
    expect([stroke("j"), stroke("?", { shiftKey: true }), stroke("[", { altKey: true })]).toEqual(["j", "?", "["])
  })
  it("has Ctrl and Command as one modifier", () => {
    expect([stroke("k", { ctrlKey: true }), stroke("K", { metaKey: true, shiftKey: true })]).toEqual([
      "mod+k",
      "mod+shift+k",
    ])
  })
  it("tells Shift with an arrow from the arrow", () => {
    expect([stroke("ArrowLeft"), stroke("ArrowLeft", { shiftKey: true })]).toEqual(["ArrowLeft", "shift+ArrowLeft"])
  })
  it("is none for a modifier alone", () => {
    expect(stroke("Shift", { shiftKey: true })).toBeNull()
  })
})

describe("pairs of keys", () => {
  const list = [command("threads", "g t"), command("top", "g g"), command("next", "j")]
  it("run with the second key", () => {
    const matcher = new KeyMatcher()
    expect(matcher.press("g", 0, list)).toEqual({ command: null, taken: true })
    expect(matcher.press("t", 500, list).command?.id).toBe("threads")
    expect(matcher.press("t", 600, list)).toEqual({ command: null, taken: false })
  })
  it("are forgotten after a while, and by another key", () => {
    const matcher = new KeyMatcher()
    matcher.press("g", 0, list)
    expect(matcher.press("t", 2_000, list).command).toBeNull()
    matcher.press("g", 3_000, list)
    expect(matcher.press("j", 3_100, list).command?.id).toBe("next")
    expect(matcher.press("t", 3_200, list).command).toBeNull()
  })
})

it("leaves a command alone that cannot be done now", () => {
  expect(new KeyMatcher().press("x", 0, [{ ...command("x", "x"), enabled: false }])).toEqual({
    command: null,
    taken: false,
  })
})

it("lists commands while they are registered, the newest first", () => {
  const endFirst = registerCommands([command("a", "a")])
  const endSecond = registerCommands([command("b", "b")])
  expect(commands.get().map(({ id }) => id)).toEqual(["b", "a"])
  endSecond()
  endFirst()
  expect(commands.get()).toEqual([])
})

it("writes keys for people", () => {
  expect([keyCaps("g t"), keyCaps("mod+shift+l"), keyCaps("ArrowUp"), keyCaps("mod++")]).toEqual([
    ["g", "t"],
    ["Ctrl", "Shift", "l"],
    ["↑"],
    ["Ctrl", "+"],
  ])
})
