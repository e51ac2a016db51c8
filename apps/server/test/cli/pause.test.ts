/** A server that was stopped itself: that its adapters said nothing meanwhile is not their silence. */
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { temporary } from "./program.js"
import { attach, eventsOf, push, type RunningServer, serve } from "./server.js"

const session = (n: number): string => `01990000-0000-7000-8000-00000000000${n}`

const lapsesOf = async (server: RunningServer, n: number) =>
  (await eventsOf(server, "session.lease-lapsed")).filter((event) => event.sessionId === session(n))

/**
 * Stops a server for longer than the lease of a session that has just spoken. When it went on, and when the lease lapsed, by
 * the clock; null where it lapsed before the stop, because the machine did not come to it in time.
 */
const stopped = async (server: RunningServer, n: number, leaseMs: number) => {
  await attach(server, session(n), `native-${n}`, leaseMs)
  const notice = { type: "runtime.warning", channel: "adapter:a", seq: 1, at: 1, payload: { message: "here" } }
  const pushed = await push(server, session(n), [notice]).catch((error: unknown) => error)
  if ((await lapsesOf(server, n)).length > 0) return null
  expect(pushed).toMatchObject([{ status: "appended" }])
  const stop = Date.now()
  server.child.kill("SIGSTOP")
  // The one place that has to wait: time has to pass for a process that stands still.
  await new Promise((resolve) => setTimeout(resolve, leaseMs * 1.5))
  const wentOn = Date.now()
  server.child.kill("SIGCONT")
  for (;;) {
    const lapsed = await lapsesOf(server, n)
    expect(lapsed.length).toBeLessThanOrEqual(1)
    const [only] = lapsed
    if (only !== undefined) return only.recordedAt < stop ? null : { wentOn, lapsedAt: only.recordedAt }
  }
}

describe("a server that was stopped and goes on", () => {
  it("gives every lease its whole window again, and no more than that", async () => {
    const server = await serve(join(temporary(), "data"))
    let leaseMs = 1_000
    let found = await stopped(server, 0, leaseMs)
    for (let n = 1; found === null; n++) {
      leaseMs *= 2
      found = await stopped(server, n, leaseMs)
    }
    expect(found.lapsedAt - found.wentOn).toBeGreaterThanOrEqual(leaseMs)
  })
})
