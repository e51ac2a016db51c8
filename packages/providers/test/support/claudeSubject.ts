/** Claude as a subject of the driver suite: the real SDK with its program, and a mock model behind them. */
import { Anthropic, claudeHome, type InstalledAgent } from "@threadfold/testkit"
import { Effect, Predicate } from "effect"
import { type ClaudeConfig, makeClaudeDriver } from "../../src/claude/drive/ClaudeDriver.js"
import type { DriverContract } from "../../src/testing/DriverContract.js"
import { modelSubject } from "./modelSubject.js"

const limits = { graceMs: 500 }

/** The real agent in a home of its own, and the model that it asks. */
export const realClaude = (claude: InstalledAgent, config: ClaudeConfig = {}) =>
  Effect.gen(function* () {
    const model = yield* Anthropic.server()
    const home = yield* claudeHome({ baseUrl: model.baseUrl })
    const driver = makeClaudeDriver({ sdk: claude.module, limits, ...config, env: { ...home.env, ...config.env } })
    return { driver, home, model }
  })

export const realSubject = (claude: InstalledAgent): DriverContract["make"] =>
  modelSubject(realClaude(claude), Anthropic, {
    chosen: { model: "haiku", mode: "acceptEdits" },
    isAsked: (body) => Predicate.isRecord(body) && String(body.model).includes("haiku"),
    refused: "bypassPermissions",
  })
