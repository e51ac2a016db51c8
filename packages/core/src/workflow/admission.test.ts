import { channelLimit } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { sessionRow } from "../../test/workflowRows.js"
import { type EventOrigin, isBeyondChannels, sessionBesideImport } from "./admission.js"

describe("an import into a thread", () => {
  it.each(["managed", "attached"] as const)("is refused beside a living session that is %s", (mode) => {
    const session = sessionRow({ mode })
    expect(sessionBesideImport({ session }, "imported")).toBe(session)
    expect(sessionBesideImport({ session }, null)).toBe(session)
  })

  it("goes on after a recording, in its own session, after one that ended, and in a new thread", () => {
    expect(sessionBesideImport({ session: sessionRow({ mode: "imported" }) }, "another")).toBeNull()
    expect(sessionBesideImport({ session: sessionRow({ mode: "managed" }) }, "session")).toBeNull()
    expect(sessionBesideImport({ session: sessionRow({ mode: "managed", endedAt: 0 }) }, "imported")).toBeNull()
    expect(sessionBesideImport({ session: null }, "imported")).toBeNull()
  })
})

/** The open state of a session that has so many channels. */
const having = (count: number, mode: "attached" | "managed" | "imported" = "attached") => ({
  session: sessionRow({ mode }),
  channels: Object.fromEntries(Array.from({ length: count }, (_, index) => [`adapter:${index}`, 1])),
})
const further: EventOrigin = { actor: "provider", sessionId: "session", channel: "adapter:further" }

describe("a channel more than a session may have", () => {
  it("is the one after the last that it may have", () => {
    expect(isBeyondChannels(having(channelLimit - 1), further)).toBe(false)
    expect(isBeyondChannels(having(channelLimit), further)).toBe(true)
    expect(isBeyondChannels(having(channelLimit + 1), further)).toBe(true)
  })

  it.each<readonly [string, ReturnType<typeof having>, EventOrigin]>([
    ["on a channel that it has", having(channelLimit), { ...further, channel: "adapter:0" }],
    ["of a session that we run", having(channelLimit, "managed"), further],
    ["of a recording", having(channelLimit, "imported"), further],
    ["of another session", having(channelLimit), { ...further, sessionId: "another" }],
    ["that is ours", having(channelLimit), { ...further, actor: "orchestrator" }],
  ])("is not an event %s", (_, state, event) => expect(isBeyondChannels(state, event)).toBe(false))

  it("is none in a stream without a session", () => {
    const { channels } = having(channelLimit)
    expect(isBeyondChannels({ session: null, channels }, { ...further, sessionId: null })).toBe(false)
  })
})
