import { expect, it } from "@effect/vitest"
import { Spent } from "./cpuTime.js"

it("a command costs what a server takes beyond what the same streaming takes it", () => {
  const spent = new Spent()
  // Streaming alone takes 200 ms of each second; 100 commands in two seconds take 150 ms more.
  spent.add(true, 2_000, 550_000)
  spent.add(false, 1_000, 200_000)
  spent.add(true, 2_000, 550_000)
  spent.add(false, 500, 100_000)
  expect(spent.perSecond).toBeCloseTo(200_000)
  expect(spent.perCommand(200)).toBe(1_500)
})
