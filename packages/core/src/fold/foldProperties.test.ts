/** What holds for all events of sources, in any order. */

import { arbHostile, arbSession, paused } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ManyStreams } from "../../test/ManyStreams.js"
import { arbEvents } from "../../test/randomEvents.js"
import { checkLog, checkRows } from "../index.js"

/** More of them in a soak: `THREADFOLD_SEED=random THREADFOLD_RUNS=5000 npx vitest run`. */
const numRuns = Number(process.env.THREADFOLD_RUNS ?? "40")
const arbWell = arbSession()
/** Small alphabets that go deep where rules meet. */
const arbSmallAlphabets = fc.oneof(
  arbEvents(),
  arbEvents(30, "turn.", "effect.", "session."),
  arbEvents(40, "turn.requested", "turn.accepted", "effect.", "message.queued", "queue.", "session."),
  arbEvents(30, "item.", "content."),
  arbEvents(30, "realtime.", "delegation.", "turn.", "item.started"),
  arbEvents(30, "thread.token", "turn."),
  arbEvents(30, "request.", "inference.", "turn."),
)
const arbAny = fc.oneof(arbWell, arbHostile(arbWell), arbHostile(arbWell, { mutations: 60 }), arbSmallAlphabets)

const findings = (world: ManyStreams): readonly unknown[] =>
  [...world.logs].flatMap(([streamId, log]) => [
    ...checkLog(streamId, log),
    ...checkRows(streamId, world.rows.of(streamId)),
  ])

const defects = (world: ManyStreams) => world.rows.all("anomalies").filter((row) => row.reason === "fold-defect")

describe("the fold on any events of sources", () => {
  it("keeps every invariant of log and rows, and never has to give up a step", async () => {
    await fc.assert(
      paused(
        fc.property(arbAny, (events) => {
          const world = new ManyStreams().takeAll(events)
          expect(defects(world)).toEqual([])
          expect(findings(world)).toEqual([])
        }),
      ),
      { numRuns },
    )
  })

  it("keeps them after every single event", async () => {
    await fc.assert(
      paused(
        fc.property(
          fc.oneof(arbSmallAlphabets, arbHostile(arbSession({ threads: 1, sessions: 2, steps: 2, actions: 3 }))),
          (events) => {
            const world = new ManyStreams()
            for (const one of events) {
              world.take(one)
              expect(findings(world)).toEqual([])
            }
          },
        ),
      ),
      { numRuns: Math.ceil(numRuns / 4) },
    )
  })

  it("does not care where it was stopped and started again", async () => {
    await fc.assert(
      paused(
        fc.property(arbAny, fc.nat({ max: 500 }), (events, at) => {
          const cut = events.length === 0 ? 0 : at % events.length
          const whole = new ManyStreams().takeAll(events)
          const parts = new ManyStreams().takeAll(events.slice(0, cut)).restart().takeAll(events.slice(cut))
          expect(parts.dump()).toEqual(whole.dump())
          expect(parts.states).toEqual(whole.states)
        }),
      ),
      { numRuns },
    )
  })

  it("gives the same rows for the same log, event by event and id by id", async () => {
    await fc.assert(
      paused(
        fc.property(arbAny, (events) => {
          const first = new ManyStreams().takeAll(events)
          const again = new ManyStreams()
          const log = [...first.logs.values()].flat().sort((a, b) => a.sequence - b.sequence)
          for (const event of log) again.append(event)
          expect(again.logs).toEqual(first.logs)
          expect(again.dump()).toEqual(first.dump())
        }),
      ),
      { numRuns },
    )
  })

  it("leaves no open thing in a session that ended, and no well-formed source without its turns", async () => {
    await fc.assert(
      paused(
        fc.property(arbWell, (events) => {
          const world = new ManyStreams().takeAll(events)
          for (const state of world.states.values()) {
            if (state.session === null || state.session.endedAt === null) continue
            expect(state.active).toBeNull()
            expect(state.open).toEqual({ ...state.open, items: 0, requests: 0, unanswered: 0, inferences: 0, tasks: 0 })
          }
          const started = new Set(
            events
              .filter((one) => one.event.type === "turn.started")
              .map((one) => `${one.stream}/${one.session}/${one.event.native?.turnId}`),
          )
          // One that was accepted and never started has a name and no start.
          const stored = world.rows
            .all("turns")
            .filter((turn) => turn.nativeTurnId !== null && turn.origin !== "synthetic" && turn.startedAt !== null)
          expect(stored.length).toBe(started.size)
        }),
      ),
      { numRuns },
    )
  })

  it("leaves no turn unsettled in a recorded session that ended: nothing would settle it later", async () => {
    await fc.assert(
      paused(
        fc.property(arbAny, (drawn) => {
          // The same sources, as recordings of them: what we would say ourselves is not in those.
          const events = drawn
            .filter((one) => one.actor !== "orchestrator" && one.actor !== "reaper")
            .map((one) =>
              one.event.type === "session.started"
                ? { ...one, event: { ...one.event, payload: { provider: "x", mode: "imported" } } }
                : one,
            )
          const world = new ManyStreams().takeAll(events)
          const over = new Set(
            world.rows.all("sessions").flatMap((row) => (row.endedAt === null ? [] : [row.sessionId])),
          )
          const open = world.rows
            .all("turns")
            .filter(
              (turn) =>
                turn.sessionId !== null && over.has(turn.sessionId) && turn.status === "ended" && turn.settled === 0,
            )
          expect(open).toEqual([])
          expect(findings(world)).toEqual([])
        }),
      ),
      { numRuns },
    )
  })
})
