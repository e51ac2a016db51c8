/** A real ACP agent as a subject of the driver suite, with a mock model behind it. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Anthropic, claudeHome, type InstalledAgent, makeHold, type Step } from "@threadfold/testkit"
import { Effect } from "effect"
import type { AcpConfig } from "../../src/acp/drive/AcpConfig.js"
import { makeAcpDriver } from "../../src/acp/drive/AcpDriver.js"
import type { DriverContract, DriverSubject, ModelTurn } from "../../src/testing/DriverContract.js"

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
  Effect.map(realAgent(agent), ({ driver, home, model }): DriverSubject => {
    const file = join(home.cwd, "made")
    const steps = (turn: ModelTurn): readonly Step[] => {
      switch (turn.does) {
        case "say":
          return [Anthropic.plain(turn.text)]
        case "hang": {
          const hold = makeHold()
          hold.say(turn.text)
          return [Anthropic.hang(hold)]
        }
        case "ask":
          return [Anthropic.command(`touch ${JSON.stringify(file)}`), Anthropic.plain(turn.text)]
      }
    }
    return {
      driver: (turns) =>
        Effect.sync(() => {
          model.enqueue(...turns.flatMap(steps))
          return driver
        }),
      cwd: home.cwd,
      performed: Effect.sync(() => existsSync(file)),
    }
  })
