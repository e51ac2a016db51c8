import { describe, expect, it } from "vitest"
import { type RefusalReason, refusalReasons } from "../decide/Refusal.js"
import { receiptSpan, remembersRefusal, saysAccepted } from "./receipts.js"

const reasons = Object.keys(refusalReasons) as readonly RefusalReason[]

describe("a refusal", () => {
  it.each(reasons)(
    "for %s is remembered under the caller's key as the table says, never under the command's id",
    (reason) => {
      expect(remembersRefusal({ reason }, { commandId: "command", key: "key" })).toBe(refusalReasons[reason].remembered)
      expect(remembersRefusal({ reason }, { commandId: "command", key: "command" })).toBe(false)
    },
  )

  it("is remembered unless the fault was ours, or what was missing may come", () => {
    expect(reasons.filter((reason) => !refusalReasons[reason].remembered)).toEqual([
      "thread-purged",
      "blob-not-found",
      "message-lost",
    ])
  })
})

describe("when a command's receipt was given", () => {
  it("is around the time in its id: from 5 seconds before it to a minute after", () => {
    expect(receiptSpan("0192f0e4-6f00-7abc-8def-0123456789ab")).toEqual({
      from: 0x0192f0e46f00 - 5_000,
      until: 0x0192f0e46f00 + 60_000,
    })
    expect(receiptSpan("00000000-0000-7000-8000-000000000000")).toEqual({ from: -5_000, until: 60_000 })
  })

  it.each(["", "command", "0192f0e4-6f00-4abc-8def-0123456789ab", "0192f0e4-6f00-7abc-8def-0123456789ab "])(
    "is never for %o, which is no id of ours",
    (commandId) => expect(receiptSpan(commandId)).toBeNull(),
  )
})

describe("a receipt says that a command was accepted", () => {
  const accepted = { commandId: "command", threadId: "thread", turnId: null, messageId: null, sequence: 1 }
  const refused = { reason: "turn-active", detail: "It runs." } as const

  it("if it is an acceptance of that command", () => {
    expect(saysAccepted({ accepted }, "command")).toBe(true)
    expect(saysAccepted({ accepted }, "another")).toBe(false)
    expect(saysAccepted({ refused }, "command")).toBe(false)
  })
})
