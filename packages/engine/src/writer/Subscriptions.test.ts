/** Steps of subscriptions: what each leaves, what is refused, and that nothing of a refused submission stays. */
import { subscriptionLimit } from "@threadfold/contracts"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { databases, FakeSource, id, inMemory, submit, t0 } from "../../test/support.js"
import type { Outcome, Submission } from "../Submission.js"
import type { SubscriptionFilter, SubscriptionStep } from "../work/index.js"

const all: SubscriptionFilter = { streamId: null, types: null, except: null }
const put = (name: string, filter: Partial<SubscriptionFilter> = {}, after: number | null = null): Submission => ({
  drafts: [],
  subscription: { kind: "put", name, filter: { ...all, ...filter }, after },
})
const step = (subscription: SubscriptionStep): Submission => ({ drafts: [], subscription })
const ack = (name: string, sequence: number) => step({ kind: "acknowledge", name, sequence })
const reasonOf = (outcome: Outcome | undefined): string | null =>
  outcome === undefined || outcome.ok || outcome.error._tag !== "SubscriptionRefused" ? null : outcome.error.reason

describe.each(databases)("subscriptions of %s", (_name, open) => {
  const filled = () => {
    const b = open()
    const source = new FakeSource("thread")
    b.writer.process([submit(source.start(), source.turn("t1"), source.complete("t1"))])
    return { b, source }
  }

  it("begin at the end of the log or where they are told, and keep their checkpoint with another filter", () => {
    const { b } = filled()
    const { head } = b.writer
    b.writer.process([put("now"), put("old", { types: ["turn.started"] }, 0)])
    expect(b.work.subscriptions.find("now")).toEqual({
      name: "now",
      ...all,
      checkpoint: head,
      createdAt: t0 + 60_000,
      changedAt: t0 + 60_000,
    })
    b.writer.process([ack("old", 2), put("old", { except: ["content.delta"], streamId: id("thread") }, 0)])
    expect(b.work.subscriptions.find("old")).toMatchObject({
      checkpoint: 2,
      types: null,
      except: ["content.delta"],
      streamId: id("thread"),
    })
    expect(b.restart().process([step({ kind: "delete", name: "now" })])).toMatchObject([{ ok: true }])
    expect([b.work.subscriptions.find("now"), b.work.subscriptions.count()]).toEqual([null, 1])
    b.close()
  })

  it("refuse a name that there is not, a place beyond the end, and one too many; what comes with it is not kept", () => {
    const { b, source } = filled()
    const { head } = b.writer
    const refused = b.writer.process([
      { ...ack("none", 1), drafts: [source.turn("t2")] },
      step({ kind: "delete", name: "none" }),
      put("later", {}, head + 1),
      put("here"),
      ack("here", head + 1),
    ])
    expect(refused.map(reasonOf)).toEqual(["not-found", "not-found", "beyond-end", null, "beyond-end"])
    expect(b.writer.head).toBe(head)
    for (let n = 1; n < subscriptionLimit; n++) b.writer.process([put(`name-${n}`)])
    expect(b.writer.process([put("one too many"), put("here", { types: ["turn.started"] })]).map(reasonOf)).toEqual([
      "full",
      null,
    ])
    b.close()
  })
})

it("a checkpoint is the highest that was acknowledged, in whatever order that was said", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1 }), (said) => {
      const b = inMemory()
      const source = new FakeSource("thread")
      b.writer.process([submit(source.start(), source.turn("t1"), source.complete("t1")), put("a", {}, 0)])
      for (const sequence of said) b.writer.process([ack("a", sequence)])
      expect(b.work.subscriptions.find("a")?.checkpoint).toBe(Math.max(...said))
      b.close()
    }),
    { numRuns: 20 },
  )
})
