/** A server that was stopped itself: that its adapters said nothing meanwhile is not their silence. */
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { temporary } from "./program.js"
import { attach, eventsOf, push, serve } from "./server.js"

const session = "01990000-0000-7000-8000-000000000001"
const leaseMs = 1_000
/** Longer than the lease. The one place that has to wait: time has to pass for a process that stands still. */
const stopMs = 1_800

describe("a server that was stopped and goes on", () => {
  it("gives every lease its whole window again, and no more than that", { timeout: 120_000 }, async () => {
    const server = await serve(join(temporary(), "data"))
    await attach(server, session, "native-1", leaseMs)
    const notice = { type: "runtime.warning", channel: "adapter:a", seq: 1, at: 1, payload: { message: "here" } }
    expect(await push(server, session, [notice])).toMatchObject([{ status: "appended" }])
    server.child.kill("SIGSTOP")
    await new Promise((resolve) => setTimeout(resolve, stopMs))
    const wentOn = Date.now()
    server.child.kill("SIGCONT")
    let lapsed = await eventsOf(server, "session.lease-lapsed")
    while (lapsed.length === 0) lapsed = await eventsOf(server, "session.lease-lapsed")
    expect(lapsed).toHaveLength(1)
    expect((lapsed[0]?.recordedAt ?? 0) - wentOn).toBeGreaterThanOrEqual(leaseMs)
  })
})
