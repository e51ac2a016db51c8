import { expect, it, onTestFinished, vi } from "vitest"
import { databases, t0, upkeepOf } from "../../test/support.js"

it.each(databases)(
  "a writer gives free pages back while it is idle, and while it is busy it does not, %s",
  (name, open) => {
    vi.useFakeTimers()
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const bench = open()
    let steps = 0
    let left = 3
    const driver = {
      ...bench.driver,
      shrink: () => {
        steps += 1
        bench.driver.shrink()
        left -= 1
        return left > 0
      },
    }
    let busy = false
    const upkeep = upkeepOf({ ...bench, driver, clock: () => t0 }, () => busy)
    vi.advanceTimersByTime(59_900)
    busy = true
    vi.advanceTimersByTime(300)
    expect([name, steps]).toEqual([name, 0])
    busy = false
    vi.advanceTimersByTime(100)
    expect([name, steps]).toEqual([name, 3])
    // A write-ahead log that a reader held is tried again a minute later, and no sooner.
    vi.advanceTimersByTime(50_000)
    expect([name, steps]).toEqual([name, 3])
    vi.advanceTimersByTime(15_000)
    expect([name, steps]).toEqual([name, 4])
    upkeep.stop()
    vi.advanceTimersByTime(180_000)
    expect([name, steps]).toEqual([name, 4])
    bench.close()
  },
)
