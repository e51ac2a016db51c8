/** A real ACP agent as a subject of the driver suite, with a mock model behind it. */
import { Anthropic, claudeHome, type InstalledAgent } from "@threadfold/testkit"
import { Effect, Predicate } from "effect"
import type { AcpConfig } from "../../src/acp/drive/AcpConfig.js"
import { makeAcpDriver } from "../../src/acp/drive/AcpDriver.js"
import type { DriverContract } from "../../src/testing/DriverContract.js"
import { modelSubject } from "./modelSubject.js"

/** The real agent in a home of its own, and the model that it asks. */
export const realAgent = (agent: InstalledAgent, more: Partial<AcpConfig> = {}) =>
  Effect.gen(function* () {
    const model = yield* Anthropic.server()
    const home = yield* claudeHome({ baseUrl: model.baseUrl })
    const { args, command } = agent
    const driver = makeAcpDriver({ name: "acp", command, args, env: home.env, limits: { graceMs: 500 }, ...more })
    return { driver, home, model }
  })

export const realSubject = (agent: InstalledAgent): DriverContract["make"] =>
  modelSubject(realAgent(agent), Anthropic, {
    chosen: { model: "haiku" },
    isAsked: (body) => Predicate.isRecord(body) && String(body.model).includes("haiku"),
  })
