/**
 * The real Codex under the orchestrator, against a model server of ours on loopback. Nothing is played here but the model:
 * the process, its protocol, its questions and its failures are Codex's own.
 */
import { describe, expect } from "@effect/vitest"
import { makeCodexDriver } from "@threadfold/providers"
import { type CodexHomeOptions, codexHome, installedAgent, makeHold, OpenAi, refusedPort } from "@threadfold/testkit"
import { Effect, type Scope } from "effect"
import { id, OrchestratorFixture } from "../test/OrchestratorFixture.js"
import {
  checked,
  ended,
  itemSaying,
  kill,
  openRequest,
  running,
  saysHalf,
  textsOf,
  withAgent,
} from "../test/RealAgent.js"
import type { AgentLimits } from "./Agents.js"

const codex = installedAgent("codex")
const real = withAgent(codex)

const fixture = (
  home: Partial<CodexHomeOptions> & { readonly baseUrl: string },
  options: { readonly limits?: Partial<AgentLimits>; readonly settings?: Readonly<Record<string, unknown>> } = {},
): Effect.Effect<OrchestratorFixture, never, Scope.Scope> =>
  Effect.gen(function* () {
    if (!codex.installed) return yield* Effect.dieMessage(codex.reason)
    const { cwd, env } = yield* codexHome(home)
    const driver = makeCodexDriver({ command: codex.command, args: [...codex.args, "app-server"], env })
    const made = new OrchestratorFixture({ ...options, driver, reaper: { watchMs: 200 } })
    yield* Effect.orDie(made.open())
    yield* Effect.orDie(made.createThread(id("thread"), cwd))
    return made
  })

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

  for (const [decision, outcome, status] of [
    ["accept", "completed", "completed"],
    ["decline", "completed", "declined"],
    ["cancel", "interrupted", "declined"],
  ] as const) {
    real(`asks before a command and is told to ${decision}`, () =>
      Effect.gen(function* () {
        const model = yield* OpenAi.server({ script: [OpenAi.command("echo asked"), OpenAi.plain("done")] })
        const of = yield* fixture(
          { baseUrl: model.baseUrl },
          { settings: { approvalPolicy: "untrusted", sandbox: "read-only" } },
        )
        yield* of.send("please")
        yield* of.dispatch({ type: "request.respond", requestId: yield* openRequest(of), decision })
        const { items, requests, turns } = yield* ended(of)
        expect(turns).toMatchObject([{ outcome, evidence: "observed" }])
        expect(requests).toMatchObject([{ status: "answered", decision }])
        expect(items.find(({ kind }) => kind === "command")).toMatchObject({ status })
        yield* checked(of)
      }),
    )
  }

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

  for (const decision of ["acceptForSession", "decline"] as const) {
    real(`shows the files of a patch that it asks for, refuses what is no answer, and is told to ${decision}`, () =>
      Effect.gen(function* () {
        const patch = "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch"
        const model = yield* OpenAi.server({ script: [OpenAi.patch(patch), OpenAi.plain("done")] })
        const settings = { approvalPolicy: "untrusted", sandbox: "read-only" }
        const of = yield* fixture({ baseUrl: model.baseUrl }, { settings })
        yield* of.send("please")
        const requestId = yield* openRequest(of)
        const { snapshot } = yield* of.snapshot()
        expect(snapshot.requests).toMatchObject([
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
        const { items, requests } = yield* ended(of)
        expect(requests).toMatchObject([{ status: "answered", decision }])
        const status = decision === "decline" ? "declined" : "completed"
        expect(items.find(({ kind }) => kind === "file_change")).toMatchObject({ status })
        yield* checked(of)
      }),
    )
  }

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

  real("reads on after a stream broke off", () =>
    Effect.gen(function* () {
      const model = yield* OpenAi.server({ script: [OpenAi.eof("lost", "text"), OpenAi.plain("whole")] })
      const of = yield* fixture({ baseUrl: model.baseUrl, streamRetries: 2 })
      yield* of.send("one")
      const { items, turns } = yield* ended(of)
      expect(turns).toMatchObject([{ outcome: "completed" }])
      expect(textsOf(items).at(-1)).toBe("whole")
      yield* checked(of)
    }),
  )

  for (const status of [429, 500]) {
    real(`fails a turn when the model says ${status}, and works on`, () =>
      Effect.gen(function* () {
        const refused = OpenAi.status(status)
        const model = yield* OpenAi.server({ script: [refused, OpenAi.plain("better")] })
        const of = yield* fixture({ baseUrl: model.baseUrl, requestRetries: 0, streamRetries: 0 })
        yield* of.send("one")
        const { turns } = yield* ended(of)
        expect(turns).toMatchObject([{ outcome: "failed", evidence: "observed" }])
        yield* of.send("two")
        expect((yield* ended(of, 2)).turns.at(-1)).toMatchObject({ outcome: "completed" })
        yield* checked(of)
      }),
    )
  }

  real("whose model hangs is ended by its own limit or by a person", () =>
    Effect.gen(function* () {
      const hold = makeHold()
      const model = yield* OpenAi.server({ script: [OpenAi.hang(hold)] })
      const of = yield* fixture({ baseUrl: model.baseUrl, streamIdleMs: 300, streamRetries: 0, requestRetries: 0 })
      yield* of.send("one")
      expect((yield* ended(of)).turns).toMatchObject([{ outcome: "failed" }])
      yield* checked(of)
    }),
  )

  real("serves two threads with one process", () =>
    Effect.gen(function* () {
      const holds = [makeHold(), makeHold()] as const
      const model = yield* OpenAi.server({ script: [OpenAi.hang(holds[0]), OpenAi.hang(holds[1])] })
      const of = yield* fixture({ baseUrl: model.baseUrl })
      const other = id("other thread")
      yield* of.createThread(other, "/")
      yield* of.send("one")
      yield* holds[0].reached
      yield* of.dispatch({ type: "message.send", threadId: other, text: "two" })
      yield* holds[1].reached
      const sessions = [(yield* of.work()).session, (yield* of.work(other)).session]
      expect(sessions[0]?.connectionId).toBe(sessions[1]?.connectionId)
      holds[1].say("other")
      holds[1].end("completed")
      yield* ended(of, 1, other)
      expect((yield* of.work()).session).toMatchObject({ status: "running" })
      yield* of.dispatch({ type: "session.stop", threadId: other })
      yield* of.eventually(of.work(other), ({ session }) => session === null)
      holds[0].say("one")
      holds[0].end("completed")
      expect((yield* ended(of)).turns).toMatchObject([{ outcome: "completed" }])
      yield* checked(of)
    }),
  )

  real("killed in mid-turn ends its turn; the next message resumes the thread in a new process", () =>
    Effect.gen(function* () {
      const hold = makeHold()
      const model = yield* OpenAi.server({ script: [OpenAi.plain("kept"), OpenAi.hang(hold), OpenAi.plain("back")] })
      const of = yield* fixture({ baseUrl: model.baseUrl })
      yield* saysHalf(of, hold)
      yield* kill(of)
      yield* of.eventually(of.work(), ({ session }) => session === null)
      const { turns } = yield* ended(of, 2)
      expect(turns.at(-1)).toMatchObject({ outcome: "interrupted", evidence: "inferred" })
      yield* of.send("three")
      const after = yield* ended(of, 3)
      expect(after.turns.at(-1)).toMatchObject({ outcome: "completed" })
      expect(after.session).toMatchObject({ epoch: 2 })
      expect(textsOf(after.items)).toEqual(["kept", "half", "back"])
      expect(new Set(after.turns.map(({ turnId }) => turnId)).size).toBe(3)
      // Codex tells the total of the thread, and once more when it opens it again.
      const perTurn = after.turns.map(({ usage }) => usage?.totalTokens ?? null)
      expect(perTurn).toEqual([150, null, 150])
      expect(after.usage?.totalTokens).toBe(300)
      yield* checked(of)
    }),
  )

  real("that cannot reach its model is interrupted by our deadline, for it tries for ever", () =>
    Effect.gen(function* () {
      const port = yield* refusedPort
      const of = yield* fixture({ baseUrl: `http://127.0.0.1:${port}/v1` }, { limits: { retryMs: 1_000 } })
      yield* of.send("one")
      const { turns } = yield* ended(of)
      expect(turns).toMatchObject([{ outcome: "interrupted" }])
      yield* checked(of)
    }),
  )
})
