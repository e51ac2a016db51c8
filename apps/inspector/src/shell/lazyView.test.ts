import { expect, it } from "vitest"
import { lazy, loadAhead, patient } from "./lazyView.js"

/** A load that fails so many times, and a server that is there from a time on. */
const setting = (failures: number, upFrom: number) => {
  const pauses: number[] = []
  let loads = 0
  const load = patient(
    async () => {
      loads += 1
      if (loads <= failures) throw new Error(`try ${loads}`)
      return "loaded"
    },
    { pause: async (ms) => void pauses.push(ms), up: async () => loads >= upFrom },
  )
  return { load, pauses, loads: () => loads }
}

it("waits for a server that is away, ever longer", async () => {
  const { load, pauses } = setting(6, 99)
  await expect(load()).resolves.toBe("loaded")
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000])
})

it("gives up where the server is there, and the file is not", async () => {
  const { load, loads } = setting(99, 3)
  await expect(load()).rejects.toThrow("try 4")
  expect(loads()).toBe(4)
})

it("tries once more where the server has just come back", async () => {
  const { load } = setting(1, 1)
  await expect(load()).resolves.toBe("loaded")
})

it("loads ahead what a view loads later, too", async () => {
  const loaded: string[] = []
  const load =
    (name: string, then: () => void = () => undefined) =>
    async () => {
      loaded.push(name)
      then()
      return { default: () => null }
    }
  lazy(load("view", () => void lazy(load("its panel"))))
  lazy(load("other view"))
  await loadAhead()
  expect(loaded).toEqual(["view", "other view", "its panel"])
})
