/** The real Codex that calls its model over a WebSocket, through the gateway, against a model server of ours. */
import { describe, expect, it } from "@effect/vitest"
import { makeCodexDriver } from "@threadfold/providers"
import { codexHome, installedAgent, makeHold, OpenAi, type Step } from "@threadfold/testkit"
import { Effect, Logger, type Scope } from "effect"
import { gatewayFixture } from "./GatewayFixture.js"

const codex = installedAgent("codex")
const secret = "a-key-that-no-log-may-hold"

const real = (name: string, test: () => Effect.Effect<void, unknown, Scope.Scope>): void => {
  const why = codex.installed ? "" : ` (skipped: ${codex.reason})`
  it.scopedLive.skipIf(!codex.installed)(`${name}${why}`, () =>
    test().pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
  )
}

const story = (...script: readonly Step[]) =>
  Effect.gen(function* () {
    if (!codex.installed) return yield* Effect.dieMessage(codex.reason)
    const model = yield* OpenAi.server({ script, webSocket: true })
    const { cwd, env } = yield* codexHome({
      baseUrl: model.baseUrl,
      streamRetries: 1,
      more: `experimental_bearer_token = "${secret}"\nsupports_websockets = true`,
    })
    const driver = makeCodexDriver({ command: codex.command, args: [...codex.args, "app-server"], env })
    const of = yield* gatewayFixture(driver, cwd)
    /** Whether every call came over a WebSocket. */
    const isAllSockets = () => model.requests().every(({ method }) => method === "GET")
    return { model, of, isAllSockets }
  })

describe("the real Codex over a WebSocket", () => {
  real("one attempt per call, also of several on one connection, with items, usage and ids", () =>
    Effect.gen(function* () {
      const { isAllSockets, model, of } = yield* story(
        OpenAi.command("echo traced"),
        OpenAi.plain("done"),
        OpenAi.plain("again"),
      )
      const first = yield* of.send("please")
      yield* of.ended()
      const second = yield* of.send("more")
      const { inferences, turns } = yield* of.ended(2)
      expect(inferences).toMatchObject([
        { turnId: first.turnId, status: "completed", model: "mock-model", responseId: "resp_1", outputItems: 1 },
        { turnId: first.turnId, status: "completed", responseId: "resp_2", usage: { inputTokens: 120 } },
        { turnId: second.turnId, status: "completed", responseId: "resp_3", outputItems: 1, untraced: false },
      ])
      expect(inferences.every(({ firstByteMs }) => firstByteMs !== null)).toBe(true)
      expect(turns.map(({ outcome }) => outcome)).toEqual(["completed", "completed"])
      expect([isAllSockets(), model.requests().length, model.openSockets()]).toEqual([true, 3, 1])
      expect(model.requests()[0]?.headers.authorization).toBe(`Bearer ${secret}`)
      const events = yield* of.gatewayEvents
      expect(JSON.stringify(events)).not.toContain(secret)
      // What the agent calls the turn comes with each request, not with the connection.
      const named = new Set(events.map(({ native }) => native?.turnId))
      expect(named.size).toBe(2)
      expect(named.has(undefined)).toBe(false)
      expect(yield* of.violations).toEqual([])
    }),
  )

  real("an interrupt in mid-stream leaves one cancelled attempt with its complete items", () =>
    Effect.gen(function* () {
      const hold = makeHold()
      const { isAllSockets, of } = yield* story(OpenAi.hang(hold, { first: "whole" }), OpenAi.plain("after"))
      yield* of.send("please")
      yield* hold.reached
      hold.say("half")
      yield* of.attempts(([first]) => first?.outputItems === 1)
      yield* of.interrupt
      yield* hold.left
      yield* of.ended()
      expect(yield* of.attempts(([first]) => first?.status !== "running")).toMatchObject([
        { status: "cancelled", outputItems: 1 },
      ])
      yield* of.send("go on")
      const { inferences } = yield* of.ended(2)
      expect(inferences).toMatchObject([{ status: "cancelled" }, { status: "completed", outputItems: 1 }])
      expect(isAllSockets()).toBe(true)
      expect(yield* of.violations).toEqual([])
    }),
  )

  real("a connection that is cut in mid-stream is a failure, and the retry a second attempt", () =>
    Effect.gen(function* () {
      const { isAllSockets, of } = yield* story(OpenAi.reset("half", "item"), OpenAi.plain("whole"))
      yield* of.send("please")
      const { inferences } = yield* of.ended()
      expect(inferences).toMatchObject([
        { status: "failed", outputItems: 1, error: expect.stringContaining("WebSocket to the model closed") },
        { status: "completed", outputItems: 1 },
      ])
      expect(isAllSockets()).toBe(true)
    }),
  )

  real("an error message fails the attempt; a close before the end of the answer does, too", () =>
    Effect.gen(function* () {
      const { of } = yield* story(OpenAi.eof("half"), OpenAi.failed("server_error", "not now"), OpenAi.plain("whole"))
      yield* of.send("please")
      const { inferences } = yield* of.ended()
      expect(inferences.map(({ status }) => status).slice(0, 2)).toEqual(["failed", "failed"])
      expect(inferences).toMatchObject([
        { outputItems: 0, error: expect.stringContaining("code 1000") },
        { outputItems: 0, error: "server_error: not now" },
        ...(inferences.length > 2 ? [{ status: "completed" }] : []),
      ])
      expect(yield* of.violations).toEqual([])
    }),
  )
})
