import { expect, it } from "vitest"
import { partDone } from "./useJob.js"

it("says how much of the work is done, as soon as that is known", () => {
  const of = (events: number, totalEvents: number | null) => partDone({ events, totalEvents })
  expect([of(0, null), of(0, 0), of(25, 100), of(100, 100), of(120, 100)]).toEqual([null, null, 0.25, 1, 1])
})
