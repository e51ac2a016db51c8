import type { Inbox, InboxEntry } from "@threadfold/contracts"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { InboxList, keyOf } from "./InboxList.js"

const entry = (n: number, fields: Partial<InboxEntry> = {}): InboxEntry => ({
  kind: "request",
  threadId: `t${n}`,
  threadTitle: null,
  agent: null,
  cwd: null,
  since: n,
  requestId: `r${n}`,
  requestKind: "command_approval",
  turnId: null,
  text: null,
  messages: 0,
  ...fields,
})

const inboxOf = (items: readonly InboxEntry[]): Inbox => ({
  sequence: 1,
  counts: {
    request: items.length,
    "stalled-turn": 0,
    "uncertain-message": 0,
    "failed-turn": 0,
    "held-queue": 0,
    total: items.length,
  },
  items,
  more: false,
  partial: false,
})

const send = (list: InboxList, ...items: readonly InboxEntry[]) =>
  list.take({ id: null, event: "inbox", data: JSON.stringify(inboxOf(items)) })

const shown = (list: InboxList) => list.state.get().entries.map(({ gone, key }) => (gone ? `${key}!` : key))

describe("the inbox", () => {
  it("begins at its first entry", () => {
    const list = new InboxList()
    send(list, entry(1), entry(2))
    expect([shown(list), list.state.get().selected]).toEqual([["r1", "r2"], "r1"])
  })

  it("keeps what a person is at until they leave it", () => {
    const list = new InboxList()
    send(list, entry(1), entry(2), entry(3))
    list.move(1)
    send(list, entry(1), entry(3))
    expect([shown(list), list.state.get().selected]).toEqual([["r1", "r2!", "r3"], "r2"])
    list.move(1)
    expect([shown(list), list.state.get().selected]).toEqual([["r1", "r3"], "r3"])
  })

  it("shows one that is asked again as open", () => {
    const list = new InboxList()
    send(list, entry(1))
    send(list)
    expect(shown(list)).toEqual(["r1!"])
    send(list, entry(2), entry(1))
    expect(shown(list)).toEqual(["r2", "r1"])
  })

  it("stays at the ends", () => {
    const list = new InboxList()
    send(list, entry(1), entry(2))
    list.move(-1)
    expect(list.state.get().selected).toBe("r1")
    list.move(1)
    list.move(1)
    expect(list.state.get().selected).toBe("r2")
  })

  it("tells two things of one thread apart", () => {
    const queue = entry(1, { kind: "held-queue", requestId: null, messages: 2 })
    expect(keyOf(queue)).not.toBe(keyOf({ ...queue, kind: "failed-turn" }))
  })

  it("never shows an entry twice, and never leaves the list while it has one", () => {
    const step = fc.oneof(
      fc.record({ items: fc.uniqueArray(fc.integer({ min: 1, max: 6 })) }),
      fc.record({ by: fc.constantFrom(-1, 1) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const list = new InboxList()
        for (const one of steps) {
          if ("items" in one) send(list, ...one.items.map((n) => entry(n)))
          else list.move(one.by)
          const { entries, selected } = list.state.get()
          const keys = entries.map(({ key }) => key)
          expect(new Set(keys).size).toBe(keys.length)
          if (keys.length > 0) expect(keys).toContain(selected)
          expect(entries.filter(({ gone }) => gone).every(({ key }) => key === selected)).toBe(true)
        }
      }),
    )
  })
})
