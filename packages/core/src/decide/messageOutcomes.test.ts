/**
 * The outcome of messages, whatever happens between their acceptance and the agent's first event: each is delivered once, or a
 * person has cancelled it, or it is shown as uncertain; it is never delivered twice and never lost.
 */

import { paused } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type CallOutcome, FakeAgent } from "../../test/FakeAgent.js"
import { checkLog, checkRows } from "../index.js"

const numRuns = Number(process.env.THREADFOLD_RUNS ?? "50")

type Step = (a: FakeAgent, pick: number) => void
const lucks: { readonly [K in "start" | "steer"]: readonly CallOutcome[] } = {
  start: ["taken", "taken", "taken", "taken", "taken", "taken", "taken", "refused", "taken-unheard", "lost-unheard"],
  steer: ["taken", "taken-later", "taken-later", "refused", "taken-unheard", "lost-unheard"],
}
const modes = ["queue", "queue", "steer", "steer", "start", "interrupt"]

interface Sent {
  readonly text: string
  readonly turnId: string | null
  readonly messageId: string | null
}

const tell = (steps: readonly (readonly [string, number])[]) => {
  const a = new FakeAgent()
  const sent: Sent[] = []
  const consented = new Set<string>()
  const { c } = a
  const does: Readonly<Record<string, Step>> = {
    send: (_, pick) => {
      const text = `message ${sent.length}`
      const { messageId, refused, turnId } = a.give({ type: "message.send", text, mode: modes[pick % modes.length] })
      if (refused === null) sent.push({ text, messageId, turnId: messageId === null ? turnId : null })
    },
    cancel: (_, pick) => {
      const { queue } = c.s.state
      if (queue.length > 0) a.give({ type: "queue.cancel", messageId: queue[pick % queue.length] })
    },
    resume: () => {
      for (const messageId of c.s.state.queue) if (a.mayHave(messageId)) consented.add(a.textOf(messageId))
      a.give({ type: "queue.resume" })
    },
    interrupt: () => a.give({ type: "turn.interrupt" }),
    stop: () => a.give({ type: "session.stop" }),
    start: () => a.give({ type: "session.start" }),
    work: (_, pick) => {
      const all = lucks[a.next === "turn.steer" ? "steer" : "start"]
      a.doWork(all[pick % all.length] ?? "taken")
    },
    control: () => a.doControl(),
    answer: () => a.answer(),
    agent: (_, pick) => a.live(pick),
    follow: () => a.followUp(),
  }
  for (const [name, pick] of steps) does[name]?.(a, pick)
  a.finish()
  return { a, c, sent, consented }
}

/** How often each step is chosen. */
const often = { send: 4, work: 9, agent: 6, control: 4, follow: 9, answer: 2 }
const arbSteps = (...seldom: readonly string[]) => {
  const names = [...Object.entries(often).flatMap(([name, times]) => Array<string>(times).fill(name)), ...seldom]
  return fc.array(fc.tuple(fc.constantFrom(...names), fc.nat({ max: 1000 })), { minLength: 60, maxLength: 160 })
}
const arbAny = arbSteps("cancel", "resume", "resume", "interrupt", "stop", "start")

describe("the outcome of a message", () => {
  it("is one: said, taken back, refused by the agent, or in doubt", async () => {
    await fc.assert(
      paused(
        fc.property(arbAny, (steps) => {
          const { a, c, consented, sent } = tell(steps)
          const log = c.s.log
          const has = (type: string, messageId: string | null) =>
            log.some((event) => event.type === type && Reflect.get(Object(event.payload), "messageId") === messageId)
          for (const { messageId, text, turnId } of sent) {
            const times = a.received.filter((one) => one.text === text).length
            // A person who resumes a queue with an uncertain message accepts that it may be delivered twice.
            expect(times, text).toBeLessThanOrEqual(consented.has(text) ? 2 : 1)
            if (times > 0) continue
            const row = c.s.rows.all("turns").find((turn) => turn.text === text)
            const cancelled = messageId !== null && has("message.cancelled", messageId)
            const why = row === undefined ? (cancelled ? "taken back" : "lost") : `${row.outcome} (${row.cause})`
            expect(why, text).toMatch(/taken back|cancelled \((interrupt|stop)-requested\)|failed \(start-failed\)/)
            if (turnId !== null) expect(row?.turnId).toBe(turnId)
          }
        }),
      ),
      { numRuns },
    )
  })

  it("is decided in the end: nothing waits, nothing runs, nothing is in doubt, and every invariant holds", async () => {
    await fc.assert(
      paused(
        fc.property(arbAny, (steps) => {
          const { c } = tell(steps)
          expect(c.s.state).toMatchObject({ active: null, requested: [], queue: [], open: { requests: 0 } })
          expect(c.s.state.thread).toMatchObject({ queueHeld: 0, queued: 0 })
          expect(checkLog(c.s.threadId, c.s.log)).toEqual([])
          expect(checkRows(c.s.threadId, c.s.rows.of(c.s.threadId))).toEqual([])
          expect(c.s.reasons()).toEqual([])
        }),
      ),
      { numRuns },
    )
  })

  it("waits for a person's consent where the agent was stopped or died while it waited", async () => {
    await fc.assert(
      paused(
        fc.property(arbAny, (steps) => {
          const waiting = new Set<unknown>()
          const held = new Set<unknown>()
          for (const { payload, type } of tell(steps).c.s.log) {
            const messageId: unknown = Reflect.get(Object(payload), "messageId")
            if (type === "message.queued") waiting.add(messageId)
            else if (type.startsWith("message.")) waiting.delete(messageId)
            if (type === "session.stop-requested" || type === "session.exited") for (const one of waiting) held.add(one)
            if (type === "queue.resumed") held.clear()
            if (type === "message.dequeued") expect(held).not.toContain(messageId)
          }
        }),
      ),
      { numRuns },
    )
  })

  it("comes in the order of the queue", async () => {
    await fc.assert(
      paused(
        fc.property(arbSteps("resume", "resume", "cancel"), (steps) => {
          const { c } = tell(steps)
          const queued = c.s.log.flatMap((event) =>
            event.type === "message.dequeued" ? [Reflect.get(Object(event.payload), "messageId")] : [],
          )
          const order = c.s.log.flatMap((event) =>
            event.type === "message.queued" ? [Reflect.get(Object(event.payload), "messageId")] : [],
          )
          expect(queued).toEqual(order.filter((messageId) => queued.includes(messageId)))
        }),
      ),
      { numRuns },
    )
  })
})
