/** Real agents whose model calls go through the gateway, against model servers of ours. Nothing is played but the model. */
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { checkLog } from "@threadfold/core"
import { makeAcpDriver, makeClaudeDriver, makeCodexDriver } from "@threadfold/providers"
import {
  Anthropic,
  claudeHome,
  codexHome,
  type InstalledAgent,
  installedAgent,
  type MissingAgent,
  makeHold,
  OpenAi,
  type Step,
} from "@threadfold/testkit"
import { Effect, Logger, Metric, type Scope } from "effect"
import { refusedWebSockets } from "../../src/gateway/GatewayServer.js"
import { folder, gatewayFixture, logIn, threadId } from "./GatewayFixture.js"

const withAgent =
  (agent: InstalledAgent | MissingAgent) =>
  (name: string, test: () => Effect.Effect<void, unknown, Scope.Scope>): void => {
    const why = agent.installed ? "" : ` (skipped: ${agent.reason})`
    it.scopedLive.skipIf(!agent.installed)(`${name}${why}`, () =>
      test().pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
    )
  }

const codex = installedAgent("codex")
const claude = installedAgent("claude")
const acp = installedAgent("acp")
const secret = "a-key-that-no-log-may-hold"

const codexStory = (...script: readonly Step[]) => codexWith("", ...script)

/** @param provider more lines of the provider in Codex's configuration */
const codexWith = (provider: string, ...script: readonly Step[]) =>
  Effect.gen(function* () {
    if (!codex.installed) return yield* Effect.dieMessage(codex.reason)
    const model = yield* OpenAi.server({ script })
    const { cwd, env } = yield* codexHome({
      baseUrl: model.baseUrl,
      streamRetries: 1,
      more: `experimental_bearer_token = "${secret}"\n${provider}`,
    })
    const driver = makeCodexDriver({ command: codex.command, args: [...codex.args, "app-server"], env })
    return { model, of: yield* gatewayFixture(driver, cwd) }
  })

/** @param file of the database */
const claudeStory = (script: readonly Step[], file?: string) =>
  Effect.gen(function* () {
    if (!claude.installed) return yield* Effect.dieMessage(claude.reason)
    const model = yield* Anthropic.server({ script })
    const { cwd, env } = yield* claudeHome({ baseUrl: model.baseUrl })
    const driver = makeClaudeDriver({
      sdk: claude.module,
      env: { ...env, ANTHROPIC_API_KEY: secret },
      limits: { graceMs: 500 },
    })
    return { model, of: yield* gatewayFixture(driver, cwd, file === undefined ? {} : { file }) }
  })

const acpStory = (...script: readonly Step[]) =>
  Effect.gen(function* () {
    if (!acp.installed) return yield* Effect.dieMessage(acp.reason)
    const model = yield* Anthropic.server({ script })
    const { cwd, env } = yield* claudeHome({ baseUrl: model.baseUrl })
    const { args, command } = acp
    const driver = makeAcpDriver({
      name: "acp",
      command,
      args,
      env: { ...env, ANTHROPIC_API_KEY: secret },
      limits: { graceMs: 500 },
      callsAnthropic: true,
      sharesConnection: false,
    })
    return { model, of: yield* gatewayFixture(driver, cwd) }
  })

describe("the real Codex through the gateway", () => {
  const real = withAgent(codex)

  real("one attempt per call, bound to its turn, with its items and usage", () =>
    Effect.gen(function* () {
      const { model, of } = yield* codexStory(OpenAi.command("echo traced"), OpenAi.plain("done"))
      const { turnId } = yield* of.send("please")
      const { inferences, items } = yield* of.ended()
      expect(inferences).toMatchObject([
        { turnId, status: "completed", model: "mock-model", responseId: "resp_1", outputItems: 1, untraced: false },
        { turnId, status: "completed", responseId: "resp_2", outputItems: 1, usage: { inputTokens: 120 } },
      ])
      expect(inferences.every(({ firstByteMs }) => firstByteMs !== null)).toBe(true)
      // The item of the attempt and the item of the thread have one name.
      const keys = (yield* of.gatewayEvents).flatMap(({ payload, type }) =>
        type === "inference.item" && typeof payload === "object" && payload !== null && "key" in payload
          ? [payload.key]
          : [],
      )
      expect(items.map(({ nativeItemId }) => nativeItemId)).toEqual(expect.arrayContaining(keys))
      expect(model.requests().map(({ headers }) => headers.authorization)).toEqual([
        `Bearer ${secret}`,
        `Bearer ${secret}`,
      ])
      expect(JSON.stringify(yield* of.gatewayEvents)).not.toContain(secret)
      expect(yield* of.violations).toEqual([])
    }),
  )

  real("an interrupt in mid-stream leaves one cancelled attempt with its complete items", () =>
    Effect.gen(function* () {
      const hold = makeHold()
      const { of } = yield* codexStory(OpenAi.hang(hold, { first: "whole" }))
      yield* of.send("please")
      yield* hold.reached
      hold.say("half")
      yield* of.attempts(([first]) => first?.outputItems === 1)
      yield* of.interrupt
      yield* hold.left
      yield* of.ended()
      const inferences = yield* of.attempts(([first]) => first?.status !== "running")
      expect(inferences).toMatchObject([{ status: "cancelled", outputItems: 1 }])
      expect(yield* of.violations).toEqual([])
    }),
  )

  real("an end of the stream before its time is a failure, and the retry a second attempt", () =>
    Effect.gen(function* () {
      const { of } = yield* codexStory(OpenAi.eof("half", "item"), OpenAi.plain("whole"))
      yield* of.send("please")
      const { inferences } = yield* of.ended()
      expect(inferences).toMatchObject([
        { status: "failed", outputItems: 1, error: "The stream ended before its terminal event." },
        { status: "completed", outputItems: 1 },
      ])
    }),
  )
})

describe("the real Codex that prefers a WebSocket", () => {
  withAgent(codex)(
    "is refused it by its model, and goes on with HTTP: one attempt per call, none for the WebSocket",
    () =>
      Effect.gen(function* () {
        const refused = Effect.map(Metric.value(refusedWebSockets), ({ count }) => count)
        const before = yield* refused
        const { model, of } = yield* codexWith("supports_websockets = true", OpenAi.plain("done"))
        const { turnId } = yield* of.send("please")
        const { inferences, turns } = yield* of.ended()
        expect(yield* refused).toBeGreaterThan(before)
        expect(turns).toMatchObject([{ outcome: "completed" }])
        expect(inferences).toMatchObject([{ turnId, status: "completed", outputItems: 1, untraced: false }])
        expect(model.requests()).toHaveLength(1)
        expect(yield* of.violations).toEqual([])
      }),
  )
})

describe("the real Claude through the gateway", () => {
  const real = withAgent(claude)

  real("one attempt per call, bound to its turn, with its items and usage", () =>
    Effect.gen(function* () {
      const { model, of } = yield* claudeStory([Anthropic.thinking("hm", "said")])
      const { turnId } = yield* of.send("please")
      const { inferences } = yield* of.ended()
      expect(inferences).toMatchObject([{ turnId, status: "completed", outputItems: 2, untraced: false }])
      expect(model.requests()[0]?.headers["x-api-key"]).toBe(secret)
      expect(JSON.stringify(yield* of.gatewayEvents)).not.toContain(secret)
      expect(yield* of.violations).toEqual([])
    }),
  )

  real("an interrupt in mid-stream leaves one cancelled attempt, without the unfinished item", () =>
    Effect.gen(function* () {
      const hold = makeHold()
      const { of } = yield* claudeStory([Anthropic.hang(hold)])
      yield* of.send("please")
      yield* hold.reached
      hold.say("half")
      yield* of.attempts(({ length }) => length === 1)
      yield* of.interrupt
      yield* hold.left
      yield* of.ended()
      const inferences = yield* of.attempts(([first]) => first?.status !== "running")
      expect(inferences).toMatchObject([{ status: "cancelled", outputItems: 0 }])
      expect(yield* of.violations).toEqual([])
    }),
  )

  real("a refused call is a failure, and the retry a second attempt", () =>
    Effect.gen(function* () {
      const { of } = yield* claudeStory([Anthropic.status(529), Anthropic.plain("whole")])
      const { turnId } = yield* of.send("please")
      const { inferences } = yield* of.ended()
      expect(inferences).toMatchObject([
        { turnId, status: "failed", outputItems: 0 },
        { turnId, status: "completed", outputItems: 1 },
      ])
      expect(yield* of.violations).toEqual([])
    }),
  )

  real("a server that stops in good order ends the attempt that runs as cancelled", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "threadfold.db")
      const hold = makeHold()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { of } = yield* claudeStory([Anthropic.hang(hold)], file)
          yield* of.send("please")
          yield* hold.reached
          yield* of.attempts(({ length }) => length === 1)
        }),
      )
      const log = yield* logIn(file)
      expect(log.filter(({ channel }) => channel === "gateway").map(({ type }) => type)).toEqual([
        "inference.started",
        "inference.cancelled",
      ])
      expect(checkLog(threadId, log)).toEqual([])
    }),
  )
})

describe("a real ACP agent through the gateway", () => {
  const real = withAgent(acp)

  real("one attempt per call, bound to its turn, with its items", () =>
    Effect.gen(function* () {
      const { model, of } = yield* acpStory(Anthropic.thinking("hm", "said"))
      const { turnId } = yield* of.send("please")
      const { inferences } = yield* of.ended()
      expect(inferences).toMatchObject([{ turnId, status: "completed", outputItems: 2, untraced: false }])
      expect(model.requests()[0]?.headers["x-api-key"]).toBe(secret)
      expect(JSON.stringify(yield* of.gatewayEvents)).not.toContain(secret)
      expect(yield* of.violations).toEqual([])
    }),
  )
})
