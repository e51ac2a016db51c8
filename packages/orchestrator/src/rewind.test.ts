/** Turns that are taken back: by the agent as it runs, or when its conversation is opened again. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  completes,
  nativeOf,
  type OrchestratorFixture,
  openFixture,
  runningTurn,
  snapshotOf,
  textsTaken,
  turnsOf,
  until,
} from "../test/OrchestratorFixture.js"

/** A thread whose turns have these texts, and have ended. */
const after = (texts: readonly string[]) =>
  Effect.gen(function* () {
    const fixture = yield* openFixture()
    for (const [index, text] of texts.entries()) {
      yield* fixture.send(text)
      yield* textsTaken(fixture, index + 1)
      yield* runningTurn(fixture)
      completes(fixture, `turn-${index + 1}`)
      yield* until(turnsOf(fixture), (turns) => turns.filter(({ status }) => status === "ended").length === index + 1)
    }
    return fixture
  })

/** Waits for what becomes of a command's call. */
const outcome = (fixture: OrchestratorFixture, commandId: string) =>
  Effect.map(
    until(fixture.orchestrator.effectsOf(commandId), ([one]) => one !== undefined && one.endedAt !== null),
    ([one]) => one,
  )

const rewoundOf = (fixture: OrchestratorFixture) =>
  Effect.map(snapshotOf(fixture), ({ turns }) => turns.map(({ rewound }) => rewound))

describe("a rewind", () => {
  it.scoped("takes the newest turns back, and the rows stay, marked", () =>
    Effect.gen(function* () {
      const fixture = yield* after(["one", "two", "three"])
      const { commandId, turnId } = yield* fixture.dispatch({ type: "thread.rewind", turns: 2 })
      expect(yield* outcome(fixture, commandId)).toMatchObject({ kind: "thread.rewind", status: "delivered", turnId })
      yield* until(rewoundOf(fixture), (all) => all.filter(Boolean).length === 2)
      const { turns } = yield* snapshotOf(fixture)
      expect(turns.map(({ rewound }) => rewound)).toEqual([false, true, true])
      expect(turns[1]?.turnId).toBe(turnId)
      expect(fixture.agent.rewinds).toMatchObject([{ turnId, nativeTurnId: "turn-2", turns: 2, files: false }])
      const again = yield* fixture.send("two, otherwise")
      yield* textsTaken(fixture, 4)
      completes(fixture, "turn-4")
      yield* until(turnsOf(fixture), (all) => all.some((one) => one.turnId === again.turnId && one.status === "ended"))
      const second = yield* fixture.dispatch({ type: "thread.rewind" })
      expect(second.turnId).toBe(again.turnId)
      yield* outcome(fixture, second.commandId)
      yield* until(rewoundOf(fixture), (all) => all.filter(Boolean).length === 3)
      expect(yield* fixture.violations()).toEqual([])
      expect(yield* fixture.verified).toMatchObject({ ok: true, differences: [] })
    }),
  )

  it.scoped("by opening the conversation again: told once, and held to by every start until a turn runs", () =>
    Effect.gen(function* () {
      const fixture = yield* after(["one", "two"])
      fixture.agent.behaviour.rewind = "reopen"
      const { commandId, turnId } = yield* fixture.dispatch({ type: "thread.rewind", files: true })
      expect(yield* outcome(fixture, commandId)).toMatchObject({
        status: "delivered",
        message: "1 files were changed back.",
      })
      yield* until(rewoundOf(fixture), ([, second]) => second === true)
      const stop = yield* fixture.dispatch({ type: "session.stop" })
      yield* outcome(fixture, stop.commandId)
      const start = yield* fixture.dispatch({ type: "session.start" })
      yield* outcome(fixture, start.commandId)
      yield* fixture.send("two, otherwise")
      yield* textsTaken(fixture, 3)
      yield* until(turnsOf(fixture), (all) => all.some(({ status }) => status === "running"))
      completes(fixture, "turn-1")
      yield* until(turnsOf(fixture), (all) => all.every(({ status }) => status === "ended"))
      const last = yield* fixture.dispatch({ type: "session.stop" })
      yield* outcome(fixture, last.commandId)
      yield* outcome(fixture, (yield* fixture.dispatch({ type: "session.start" })).commandId)
      expect(fixture.agent.resumes.map(({ rewind }) => rewind ?? null)).toEqual([
        { turnId, isRecorded: false },
        { turnId, isRecorded: true },
        null,
      ])
      expect(yield* rewoundOf(fixture)).toEqual([false, true, false])
      expect(yield* fixture.violations()).toEqual([])
      expect(yield* fixture.verified).toMatchObject({ ok: true, differences: [] })
    }),
  )

  it.scoped("that the agent refuses changes nothing", () =>
    Effect.gen(function* () {
      const fixture = yield* after(["one"])
      fixture.agent.behaviour.rewind = "refuse"
      const { commandId } = yield* fixture.dispatch({ type: "thread.rewind" })
      expect(yield* outcome(fixture, commandId)).toMatchObject({ status: "failed", message: "These turns stay." })
      expect(yield* rewoundOf(fixture)).toEqual([false])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("that the server did not see answered is in doubt, and that is no late event of its turns", () =>
    Effect.gen(function* () {
      const fixture = yield* after(["one", "two"])
      fixture.agent.behaviour.rewind = "silence"
      const { commandId } = yield* fixture.dispatch({ type: "thread.rewind" })
      yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => one?.status === "attempting")
      fixture.agent.last.say(nativeOf(fixture), "thread.rewound", {}, { turnId: "turn-2" })
      yield* until(rewoundOf(fixture), ([, second]) => second === true)
      fixture.crash()
      yield* fixture.start()
      expect(yield* outcome(fixture, commandId)).toMatchObject({ status: "uncertain" })
      expect((yield* snapshotOf(fixture)).anomalies).toEqual([])
      expect(yield* rewoundOf(fixture)).toEqual([false, true])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )
})
