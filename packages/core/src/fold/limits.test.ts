/** What a state holds of a kind is bounded: beyond, a command is refused and an event is kept and noted. */

import { channelLimit, queueLimit, requestedTurnLimit, voiceStartLimit } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { CommandScenario } from "../../test/CommandScenario.js"
import { id, Scenario } from "../../test/Scenario.js"

const client = (callId: string) => ({ channel: "client", native: { callId } })

describe("limits", () => {
  it.each([
    [
      "channels",
      channelLimit,
      (s: Scenario, n: number) => s.send("runtime.warning", { message: "x" }, { channel: `c${n}` }),
      (s: Scenario) => Object.keys(s.state.channels).length,
    ],
    [
      "requested turns",
      requestedTurnLimit,
      (s: Scenario, n: number) => s.send("turn.requested", { handedOver: true }, client(`${n}`)),
      (s: Scenario) => s.state.requested.length,
    ],
    [
      "voice starts",
      voiceStartLimit,
      (s: Scenario, n: number) => s.send("realtime.start-requested", {}, client(`${n}`)),
      (s: Scenario) => s.state.pendingRealtime.length,
    ],
    [
      "queued messages",
      queueLimit,
      (s: Scenario, n: number) => s.send("message.queued", { messageId: id(`m${n}`), text: "x" }, { session: null }),
      (s: Scenario) => s.state.queue.length,
    ],
  ])("%s: no more are held, the rest is noted", (_, limit, add, held) => {
    const s = new Scenario().start()
    for (let n = 0; n < limit + 5; n++) add(s, n)
    expect(held(s)).toBeLessThanOrEqual(limit)
    expect(held(s)).toBeGreaterThanOrEqual(limit - 2)
    expect(new Set(s.reasons())).toEqual(new Set(["limit-reached"]))
  })

  it("a note says which limit it was", () => {
    const s = new Scenario().start()
    for (let n = 0; n <= Math.max(requestedTurnLimit, voiceStartLimit); n++) {
      s.send("turn.requested", { handedOver: true }, client(`${n}`))
      s.send("realtime.start-requested", {}, client(`${n}`))
    }
    expect(new Set(s.anomalies())).toEqual(
      new Set([
        `limit-reached requested-turns (${requestedTurnLimit} have not started)`,
        `limit-reached voice-starts (${voiceStartLimit} have not started)`,
      ]),
    )
  })

  it("a message beyond a full queue is refused", () => {
    const c = new CommandScenario()
    c.run({ type: "thread.create", provider: "codex", agent: "codex" })
    for (let n = 0; n < queueLimit; n++)
      c.s.send("message.queued", { messageId: id(`m${n}`), text: "x" }, { session: null })
    expect(c.decide({ type: "message.send", text: "one more" })).toMatchObject({
      refused: { reason: "queue-conflict" },
    })
  })
})
