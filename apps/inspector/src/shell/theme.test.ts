import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { nextTheme, themes } from "./theme.js"

const css = readFileSync(new URL("./theme.css", import.meta.url), "utf8")

const colours = new Map(
  [...css.matchAll(/--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name = "", light = "", dark = ""]) => [name, { light, dark }],
  ),
)

type Rgb = readonly [number, number, number]

const rgb = (hex: string): Rgb => [
  Number.parseInt(hex.slice(1, 3), 16),
  Number.parseInt(hex.slice(3, 5), 16),
  Number.parseInt(hex.slice(5, 7), 16),
]

const luminance = (colour: Rgb): number => {
  const [r, g, b] = colour.map((part) => {
    const of = part / 255
    return of <= 0.04045 ? of / 12.92 : ((of + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0)
}

const contrast = (one: Rgb, other: Rgb): number => {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (high + 0.05) / (low + 0.05)
}

/** A colour over another one, so much of it. */
const mixed = (over: Rgb, part: number, under: Rgb): Rgb => [
  over[0] * part + under[0] * (1 - part),
  over[1] * part + under[1] * (1 - part),
  over[2] * part + under[2] * (1 - part),
]

const texts = ["text", "text-soft", "text-faint", "accent"]
const tones = ["working", "waiting", "stalled", "failed", "done", "starting", "quiet"]
const grounds = ["ground", "surface", "raised", "hover", "selected"]

describe.each(["light", "dark"] as const)("the %s theme", (theme) => {
  const of = (name: string): Rgb => {
    const found = colours.get(name)
    if (found === undefined) throw new Error(`There is no colour ${name}.`)
    return rgb(found[theme])
  }

  it.each([...texts, ...tones])("can be read: %s on every ground", (text) => {
    for (const ground of grounds) expect(contrast(of(text), of(ground)), ground).toBeGreaterThanOrEqual(4.5)
  })

  it.each(tones)("can be read: %s on its own tint, as in a chip", (tone) => {
    for (const ground of ["surface", "hover"]) {
      expect(contrast(of(tone), mixed(of(tone), 0.14, of(ground))), ground).toBeGreaterThanOrEqual(4.5)
    }
  })

  it("has white texts on its accent", () => {
    expect(contrast([255, 255, 255], of("accent-ground"))).toBeGreaterThanOrEqual(4.5)
  })
})

it("goes through all themes and begins again", () => {
  expect(themes.map(nextTheme)).toEqual(["light", "dark", "system"])
})
