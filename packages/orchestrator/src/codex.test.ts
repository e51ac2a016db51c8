/**
 * The real Codex under the orchestrator, against a model server of ours on loopback. Nothing is played here but the model:
 * the process, its protocol, its questions and its failures are Codex's own.
 */
import { describe, expect } from "@effect/vitest"
import { makeHold, OpenAi } from "@threadfold/testkit"
import { Effect, Predicate, Schedule } from "effect"
import { snapshotOf } from "../test/OrchestratorFixture.js"
import {
  carriedOut,
  checked,
  ended,
  itemSaying,
  kill,
  noProcess,
  openRequest,
  rowsOf,
  running,
  stopped,
  textsOf,
} from "../test/RealAgent.js"
import { codexFixture as fixture, withCodex as real } from "../test/RealCodex.js"

describe("the real Codex", () => {
  real("runs a turn, then another one", () =>
    Effect.gen(function* () {
      const model = yield* OpenAi.server({ script: [OpenAi.plain("first", { deltas: 3 }), OpenAi.plain("second")] })
      const of = yield* fixture({ baseUrl: model.baseUrl })
      const one = yield* of.send("one")
      yield* ended(of)
      const two = yield* of.send("two")
      const { items, turns } = yield* ended(of, 2)
      expect(turns).toMatchObject([
        { turnId: one.turnId, outcome: "completed", evidence: "observed" },
        { turnId: two.turnId, outcome: "completed", evidence: "observed" },
      ])
      expect(textsOf(items)).toEqual(["first", "second"])
      yield* checked(of)
    }),
  )

  real(
    "is stopped at whatever moment of its start: no session of it lives on, and the next message starts it again",
    () =>
      Effect.gen(function* () {
        const model = yield* OpenAi.server({ script: [OpenAi.plain("there")] })
        const of = yield* fixture({ baseUrl: model.baseUrl })
        for (const afterMs of [0, 100, 400]) {
          const { commandId } = yield* of.dispatch({ type: "session.start" })
          yield* Effect.sleep(afterMs)
          const stop = yield* of.dispatch({ type: "session.stop" })
          for (const id of [commandId, stop.commandId]) {
            yield* Effect.repeat(of.orchestrator.effectsOf(id), {
              until: (all) => all.every(({ endedAt }) => endedAt !== null),
              schedule: Schedule.spaced("20 millis"),
            })
          }
          yield* noProcess(of)
          expect((yield* of.work()).session).toBeNull()
          const { session } = yield* snapshotOf(of)
          expect([undefined, "stopped"]).toContain(session?.status)
        }
        yield* of.send("one")
        const { items } = yield* ended(of)
        expect(textsOf(items)).toEqual(["there"])
        yield* stopped(of)
        yield* checked(of)
      }),
  )

  real("asks before each command and is told to accept, decline and cancel, turn after turn", () =>
    Effect.gen(function* () {
      const decisions = [
        ["accept", "completed", "completed"],
        ["decline", "completed", "declined"],
        ["cancel", "interrupted", "declined"],
      ] as const
      const script = decisions.flatMap(([decision]) => [OpenAi.command(`echo ${decision}`), OpenAi.plain("done")])
      const model = yield* OpenAi.server({ script })
      const of = yield* fixture(
        { baseUrl: model.baseUrl },
        { settings: { approvalPolicy: "untrusted", sandbox: "read-only" } },
      )
      for (const [index, [decision, outcome, status]] of decisions.entries()) {
        const { turnId } = yield* of.send("please")
        yield* of.dispatch({ type: "request.respond", requestId: yield* openRequest(of), decision })
        const after = yield* ended(of, index + 1)
        const inTurn = rowsOf(turnId)
        expect(inTurn(after.turns)).toMatchObject([{ outcome, evidence: "observed" }])
        expect(inTurn(after.requests)).toMatchObject([{ status: "answered", decision }])
        expect(inTurn(after.items).find(({ kind }) => kind === "command")).toMatchObject({ status })
      }
      yield* checked(of)
    }),
  )

  real("is answered by the rules of its thread, without a person", () =>
    Effect.gen(function* () {
      const script = ["one", "two"].flatMap((word) => [OpenAi.command(`echo ${word}`), OpenAi.plain("done")])
      const model = yield* OpenAi.server({ script })
      const of = yield* fixture(
        { baseUrl: model.baseUrl },
        { settings: { approvalPolicy: "untrusted", sandbox: "read-only" } },
      )
      for (const [index, [action, status]] of (
        [
          ["accept", "completed"],
          ["decline", "declined"],
        ] as const
      ).entries()) {
        const rules = [
          { kind: "user_input", action: "wait" },
          { action, afterMs: 100 },
        ]
        yield* of.dispatch({ type: "thread.unattended", rules })
        const { turnId } = yield* of.send("please")
        const after = yield* ended(of, index + 1)
        const inTurn = rowsOf(turnId)
        expect(inTurn(after.turns)).toMatchObject([{ outcome: "completed", evidence: "observed" }])
        expect(inTurn(after.requests)).toMatchObject([
          { kind: "command_approval", status: "answered", decision: action, decidedBy: "policy" },
        ])
        expect(inTurn(after.items).find(({ kind }) => kind === "command")).toMatchObject({ status })
      }
      yield* checked(of)
    }),
  )

  real("works with another model, effort and sandbox from the next turn on, and in the next session", () =>
    Effect.gen(function* () {
      const model = yield* OpenAi.server({ script: ["one", "two", "three"].map((text) => OpenAi.plain(text)) })
      const of = yield* fixture({ baseUrl: model.baseUrl })
      yield* of.send("one")
      yield* ended(of)
      const settings = { effort: "high", sandbox: "read-only" }
      yield* carriedOut(of, { type: "session.configure", model: "other-model", ...settings, settings })
      yield* of.send("two")
      yield* ended(of, 2)
      yield* stopped(of)
      yield* of.send("three")
      const { session, thread } = yield* ended(of, 3)
      const asked = model.requests().map(({ body }) => (Predicate.isRecord(body) ? body.model : null))
      expect(asked).toEqual(["mock-model", "other-model", "other-model"])
      expect(thread).toMatchObject({ model: "other-model", settings })
      const chosen = { model: "other-model", ...settings }
      expect(session).toMatchObject({ model: "other-model", epoch: 2, config: { chosen } })
      yield* checked(of)
    }),
  )

  real("takes turns back, and goes on from before them, also after its process ended", () =>
    Effect.gen(function* () {
      const script = ["said-1", "said-2", "said-3", "said-4"].map((said) => OpenAi.plain(said))
      const model = yield* OpenAi.server({ script })
      const of = yield* fixture({ baseUrl: model.baseUrl })
      for (const [index, text] of ["asked-1", "asked-2", "asked-3"].entries()) {
        yield* of.send(text)
        yield* ended(of, index + 1)
      }
      const { commandId, turnId } = yield* of.dispatch({ type: "thread.rewind", turns: 2 })
      yield* of.eventually(of.orchestrator.effectsOf(commandId), ([one]) => one?.status === "delivered")
      yield* of.eventually(snapshotOf(of), ({ turns }) => turns.filter(({ rewound }) => rewound).length === 2)
      yield* kill(of)
      yield* of.eventually(of.work(), ({ session }) => session === null)
      yield* of.send("asked-4")
      const { thread, turns } = yield* ended(of, 4)
      expect(turns.map(({ rewound }) => rewound)).toEqual([false, true, true, false])
      expect(turns[1]?.turnId).toBe(turnId)
      const asks = JSON.stringify(model.requests().at(-1)?.body)
      const told = [1, 2, 3, 4].flatMap((n) => [`asked-${n}`, `said-${n}`]).filter((words) => asks.includes(words))
      expect(told).toEqual(["asked-1", "said-1", "asked-4"])
      // Each turn used the same: none is lost, and none is counted twice.
      expect(new Set(turns.map(({ usage }) => usage?.totalTokens)).size).toBe(1)
      expect(thread.turns).toBe(4)
      yield* checked(of)
    }),
  )

  real("compacts its conversation and reviews a text, each in the turn that was asked for", () =>
    Effect.gen(function* () {
      const model = yield* OpenAi.server({ script: ["said", "summary", "fine"].map((said) => OpenAi.plain(said)) })
      const of = yield* fixture({ baseUrl: model.baseUrl })
      yield* of.send("asked")
      yield* ended(of)
      const compacted = yield* of.dispatch({ type: "thread.compact" })
      yield* ended(of, 2)
      const review = yield* of.dispatch({ type: "review.start", target: { type: "text", text: "Is it fine?" } })
      const { items, turns } = yield* ended(of, 3)
      expect(turns.slice(1)).toMatchObject([
        { turnId: compacted.turnId, outcome: "completed", evidence: "observed" },
        { turnId: review.turnId, outcome: "completed", evidence: "observed" },
      ])
      expect(rowsOf(compacted.turnId)(items).map(({ kind }) => kind)).toContain("compaction")
      yield* checked(of)
    }),
  )

  real("applies a patch", () =>
    Effect.gen(function* () {
      const patch = "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch"
      const model = yield* OpenAi.server({ script: [OpenAi.patch(patch), OpenAi.plain("patched")] })
      const of = yield* fixture({ baseUrl: model.baseUrl })
      yield* of.send("please")
      const { items } = yield* ended(of)
      expect(items.find(({ kind }) => kind === "file_change")).toMatchObject({ status: "completed" })
      yield* checked(of)
    }),
  )

  real(
    "shows the files of a patch that it asks for, refuses what is no answer, and is told to decline and accept",
    () =>
      Effect.gen(function* () {
        const patch = "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch"
        const script = [OpenAi.patch(patch), OpenAi.plain("done"), OpenAi.patch(patch), OpenAi.plain("done")]
        const model = yield* OpenAi.server({ script })
        const settings = { approvalPolicy: "untrusted", sandbox: "read-only" }
        const of = yield* fixture({ baseUrl: model.baseUrl }, { settings })
        for (const [index, decision] of (["decline", "acceptForSession"] as const).entries()) {
          const { turnId } = yield* of.send("please")
          const requestId = yield* openRequest(of)
          const inTurn = rowsOf(turnId)
          const { snapshot } = yield* of.snapshot()
          expect(inTurn(snapshot.requests)).toMatchObject([
            {
              kind: "file_change_approval",
              data: {
                changes: [
                  { path: expect.stringContaining("new.txt"), kind: "add", diff: expect.stringContaining("hello") },
                ],
                choices: expect.arrayContaining([{ decision: "acceptForSession", means: "acceptForSession" }]),
              },
            },
          ])
          const wrong = yield* Effect.flip(of.dispatch({ type: "request.respond", requestId, decision: "perhaps" }))
          expect(wrong).toMatchObject({
            _tag: "CommandRefused",
            reason: "answer-not-taken",
            message: expect.stringContaining("acceptForSession"),
          })
          yield* of.dispatch({ type: "request.respond", requestId, decision })
          const { items, requests } = yield* ended(of, index + 1)
          expect(inTurn(requests)).toMatchObject([{ status: "answered", decision }])
          const status = decision === "decline" ? "declined" : "completed"
          expect(inTurn(items).find(({ kind }) => kind === "file_change")).toMatchObject({ status })
        }
        yield* checked(of)
      }),
  )

  real("is steered in the middle of a turn", () =>
    Effect.gen(function* () {
      const hold = makeHold()
      const model = yield* OpenAi.server({ script: [OpenAi.hang(hold), OpenAi.plain("steered")] })
      const of = yield* fixture({ baseUrl: model.baseUrl })
      const first = yield* of.send("one")
      yield* hold.reached
      yield* running(of)
      const steered = yield* of.send("and this", { mode: "steer" })
      yield* of.eventually(of.work(), ({ thread }) => thread.queued === 0)
      hold.say("so far")
      hold.end("completed")
      const { items, turns } = yield* ended(of)
      expect(steered.turnId).toBe(first.turnId)
      expect(turns).toMatchObject([{ outcome: "completed" }])
      expect(textsOf(items, "user_message")).toEqual(["one", "and this"])
      yield* checked(of)
    }),
  )

  real("is interrupted in mid-stream, and works on", () =>
    Effect.gen(function* () {
      const hold = makeHold()
      const model = yield* OpenAi.server({ script: [OpenAi.hang(hold), OpenAi.plain("again")] })
      const of = yield* fixture({ baseUrl: model.baseUrl })
      yield* of.send("one")
      yield* hold.reached
      hold.say("half an ans")
      yield* itemSaying(of, "half an ans")
      yield* of.dispatch({ type: "turn.interrupt" })
      const { items, turns } = yield* ended(of)
      expect(turns).toMatchObject([{ outcome: "interrupted", evidence: "observed" }])
      expect(items.at(-1)).toMatchObject({ status: "interrupted", text: "half an ans" })
      yield* of.send("two")
      yield* ended(of, 2)
      yield* checked(of)
    }),
  )

  real("is interrupted while it asks; an answer afterwards is refused", () =>
    Effect.gen(function* () {
      const model = yield* OpenAi.server({ script: [OpenAi.command("echo asked")] })
      const of = yield* fixture(
        { baseUrl: model.baseUrl },
        { settings: { approvalPolicy: "untrusted", sandbox: "read-only" } },
      )
      yield* of.send("please")
      const requestId = yield* openRequest(of)
      yield* of.dispatch({ type: "turn.interrupt" })
      const { requests, turns } = yield* ended(of)
      expect(turns).toMatchObject([{ outcome: "interrupted" }])
      expect(requests).toMatchObject([{ status: "cancelled" }])
      const late = yield* Effect.flip(of.dispatch({ type: "request.respond", requestId, decision: "accept" }))
      expect(late).toMatchObject({ _tag: "CommandRefused", reason: "request-ended" })
      yield* checked(of)
    }),
  )
})
